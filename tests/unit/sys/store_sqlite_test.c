#include "../store/store_suite.h"
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include "sys/store_sqlite.h"

static char folder[] = "/tmp/fl-store-XXXXXX";
static char path[64];

static struct store *open_it(void)
{
    struct text why = {0};
    struct store *s = store_sqlite_open(path, &why);
    if (why.n) print_message("%s\n", text_get(&why));
    text_drop(&why);
    return s;
}

static void remove_it(void)
{
    char wal[80];
    snprintf(wal, sizeof wal, "%s-wal", path);
    unlink(path);
    unlink(wal);
}

static struct store *fresh(void)
{
    remove_it();
    return open_it();
}

static void what_was_accepted_is_there_when_the_file_is_opened_again(void **state)
{
    (void)state;
    struct arena a;
    struct store_item item;
    struct store_items items;
    struct store *s = fresh();
    arena_init(&a, 1 << 20);
    suite_puts(s, "/a", "1");
    suite_puts(s, "/b", "2");
    assert_int_equal(store_delete(s, "/a", STORE_ANY), STORE_OK);
    int64_t revision = store_revision(s);
    store_drop(s);
    s = open_it();
    assert_int_equal(store_revision(s), revision);
    assert_int_equal(store_get(s, "/b", &a, &item), STORE_OK);
    assert_string_equal(item.value, "2");
    assert_int_equal(store_changes(s, "/", 1, 10, &a, &items), STORE_OK);
    assert_int_equal(items.n, 2);
    assert_null(items.items[1].value);
    store_drop(s);
    arena_drop(&a);
}

static void the_file_is_private_and_belongs_to_one_process(void **state)
{
    (void)state;
    struct stat is;
    struct text why = {0};
    struct store *s = fresh();
    assert_int_equal(stat(path, &is), 0);
    assert_int_equal(is.st_mode & 0777, 0600);
    suite_puts(s, "/a", "1");
    assert_null(store_sqlite_open(path, &why));
    assert_non_null(strstr(text_get(&why), "locked"));
    text_drop(&why);
    store_drop(s);
}

/* Finds the value in the file and changes one byte of it. */
static void damage(const char *value)
{
    static char bytes[1 << 20];
    int fd = open(path, O_RDWR);
    ssize_t n = pread(fd, bytes, sizeof bytes, 0);
    char *at = memmem(bytes, (size_t)n, value, strlen(value));
    assert_non_null(at);
    assert_int_equal(pwrite(fd, "X", 1, at - bytes), 1);
    close(fd);
}

static void a_value_that_decayed_is_never_handed_out(void **state)
{
    (void)state;
    struct arena a;
    struct store_item item;
    struct store *s = fresh();
    arena_init(&a, 1 << 20);
    suite_puts(s, "/a", "a value to be damaged");
    suite_puts(s, "/b", "another");
    store_drop(s);
    damage("a value to be damaged");
    s = open_it();
    assert_int_equal(store_get(s, "/a", &a, &item), STORE_UNAVAILABLE);
    assert_int_equal(store_get(s, "/b", &a, &item), STORE_OK);
    store_drop(s);
    arena_drop(&a);
}

static void rubbish_and_newer_formats_are_refused_with_the_reason(void **state)
{
    (void)state;
    struct text why = {0};
    store_drop(fresh());
    int fd = open(path, O_RDWR);
    assert_int_equal(pwrite(fd, "\0\0\0\x63", 4, 60), 4); /* user_version of SQLite's header */
    close(fd);
    assert_null(store_sqlite_open(path, &why));
    assert_non_null(strstr(text_get(&why), "newer version (format 99"));
    text_clear(&why);
    remove_it();
    fd = open(path, O_RDWR | O_CREAT, 0600);
    assert_int_equal(write(fd, "this is no database, whatever its name says", 43), 43);
    close(fd);
    assert_null(store_sqlite_open(path, &why));
    assert_non_null(strstr(text_get(&why), "not a database"));
    text_drop(&why);
}

static void limit_files_to(rlim_t bytes)
{
    const struct rlimit limit = {bytes, RLIM_INFINITY};
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

/* A limit on the size of files stands for the full disk: writes fail in the same place. */
static void a_full_disk_refuses_whole_batches_and_reads_go_on(void **state)
{
    (void)state;
    struct arena a;
    struct store_item item;
    static char big[2000001];
    struct store *s = fresh();
    arena_init(&a, 8 << 20);
    memset(big, 'x', sizeof big - 1);
    suite_puts(s, "/a", "1");
    const struct store_write batch[] = {{"/a", "2", STORE_ANY}, {"/b", big, STORE_ANY}};
    signal(SIGXFSZ, SIG_IGN);
    limit_files_to(1 << 20);
    int64_t before = store_revision(s);
    assert_int_equal(store_batch(s, batch, 2, NULL), STORE_UNAVAILABLE);
    assert_int_equal(store_get(s, "/a", &a, &item), STORE_OK);
    assert_string_equal(item.value, "1");
    limit_files_to(RLIM_INFINITY);
    assert_int_equal(store_batch(s, batch, 2, NULL), STORE_OK);
    assert_int_equal(store_revision(s), before + 1);
    store_drop(s);
    arena_drop(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORE_SUITE,
        cmocka_unit_test(what_was_accepted_is_there_when_the_file_is_opened_again),
        cmocka_unit_test(the_file_is_private_and_belongs_to_one_process),
        cmocka_unit_test(a_value_that_decayed_is_never_handed_out),
        cmocka_unit_test(rubbish_and_newer_formats_are_refused_with_the_reason),
        cmocka_unit_test(a_full_disk_refuses_whole_batches_and_reads_go_on),
    };
    if (!mkdtemp(folder)) return 1;
    snprintf(path, sizeof path, "%s/store.db", folder);
    suite_fresh = fresh;
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    remove_it();
    rmdir(folder);
    return failed;
}
