/* The shared store against a real etcd, which this program starts with a directory of its own. */
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "../store/store_suite.h"
#include "sys/loop.h"
#include "sys/store_etcd.h"

enum { SKIP = 77, START_S = 20, WAIT_S = 15 };

static char folder[64], where[128];
static unsigned ports[2], spaces;
static pid_t etcd = -1;

/* --- the cluster of one --- */

static unsigned free_port(void)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof at;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof at), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &n), 0);
    close(fd);
    return ntohs(at.sin_port);
}

static void run_etcd(void)
{
    char data[80], client[64], peer[64], cluster[80], log[80];
    snprintf(data, sizeof data, "%s/data", folder);
    snprintf(log, sizeof log, "%s/log", folder);
    snprintf(client, sizeof client, "http://127.0.0.1:%u", ports[0]);
    snprintf(peer, sizeof peer, "http://127.0.0.1:%u", ports[1]);
    snprintf(cluster, sizeof cluster, "default=%s", peer);
    int fd = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    dup2(fd, 1), dup2(fd, 2);
    execlp("etcd", "etcd", "--data-dir", data, "--listen-client-urls", client,
           "--advertise-client-urls", client, "--listen-peer-urls", peer,
           "--initial-advertise-peer-urls", peer, "--initial-cluster", cluster, (char *)NULL);
    _exit(127);
}

static void start_etcd(void)
{
    etcd = fork();
    if (etcd == 0) run_etcd();
}

static void end_etcd(int how)
{
    if (etcd < 0) return;
    kill(etcd, how);
    waitpid(etcd, NULL, 0);
    etcd = -1;
}

/* The store of a name space; NULL when none could be had in time. */
static struct store *open_space(const char *self)
{
    instant over = instant_after(clock_now(), duration_s(START_S));
    struct store *s = NULL;
    struct text why = {0};
    while (!(s = store_etcd_open(where, self, &why)) && !instant_reached(over, clock_now())) {
        text_clear(&why);
        usleep(20000);
    }
    if (!s) print_message("%s\n", text_get(&why));
    text_drop(&why);
    return s;
}

static struct store *fresh(void)
{
    snprintf(where, sizeof where, "http://127.0.0.1:%u/test-%u", ports[0], ++spaces);
    return open_space("one");
}

/* Turns both until the condition holds. */
static void turn(struct store *a, struct store *b)
{
    instant now = clock_now();
    store_etcd_turn(a, now);
    if (b) store_etcd_turn(b, now);
    usleep(2000);
}

#define UNTIL(condition, a, b)                                                                     \
    do {                                                                                           \
        instant over_ = instant_after(clock_now(), duration_s(WAIT_S));                            \
        while (!(condition) && !instant_reached(over_, clock_now())) turn(a, b);                   \
        assert_true(condition);                                                                    \
    } while (0)

/* --- what only a shared store has --- */

static void two_processes_write_one_sequence(void **state)
{
    (void)state;
    struct arena a;
    struct store_item item;
    struct store *one = fresh(), *two = open_space("two");
    arena_init(&a, 1 << 20);
    suite_puts(one, "/a", "1");
    const struct store_write w = {"/b", "2", STORE_ABSENT};
    assert_int_equal(store_batch(two, &w, 1, NULL), STORE_CONFLICT); /* it had not seen /a */
    assert_int_equal(store_sync(two), STORE_OK);
    assert_int_equal(store_get(two, "/a", &a, &item), STORE_OK);
    assert_string_equal(item.value, "1");
    assert_int_equal(store_batch(two, &w, 1, NULL), STORE_OK);
    assert_int_equal(store_sync(one), STORE_OK);
    assert_int_equal(store_get(one, "/b", &a, &item), STORE_OK);
    assert_int_equal(store_revision(one), store_revision(two));
    assert_int_equal(store_delete(one, "/b", STORE_ANY), STORE_OK);
    suite_puts(two, "/c", "one key without expectations finds its way by itself");
    assert_int_equal(store_get(two, "/b", &a, &item), STORE_MISSING);
    store_drop(one), store_drop(two);
    arena_drop(&a);
}

struct heard {
    struct text keys, live;
};

static void hear_key(void *ctx, const char *key)
{
    text_addf(&((struct heard *)ctx)->keys, "%s ", key ? key : "all");
}

static void hear_live(void *ctx, const char *key, const char *value)
{
    text_addf(&((struct heard *)ctx)->live, "%s=%s ", key, value ? value : "gone");
}

static void the_watch_brings_what_others_write(void **state)
{
    (void)state;
    struct heard heard = {0};
    struct store *one = fresh(), *two = open_space("two");
    store_etcd_hear(two, &(struct store_etcd_hooks){&heard, hear_key, hear_live});
    const struct store_write batch[] = {{"/a", "1", STORE_ANY}, {"/b", "1", STORE_ANY}};
    assert_int_equal(store_batch(one, batch, 2, NULL), STORE_OK);
    UNTIL(store_revision(two) == store_revision(one), one, two);
    assert_string_equal(text_get(&heard.keys), "/a /b ");
    suite_puts(two, "/own", "is no news");
    assert_int_equal(store_delete(one, "/a", STORE_ANY), STORE_OK);
    UNTIL(store_revision(two) == store_revision(one), one, two);
    assert_string_equal(text_get(&heard.keys), "/a /b /a ");
    text_drop(&heard.keys), text_drop(&heard.live);
    store_drop(one), store_drop(two);
}

static void a_batch_may_have_as_many_writes_as_the_contract_says(void **state)
{
    (void)state;
    static char keys[STORE_BATCH_MAX][16];
    static struct store_write writes[STORE_BATCH_MAX];
    struct arena a;
    struct store_items items;
    struct store *one = fresh();
    for (size_t i = 0; i < STORE_BATCH_MAX; i++) {
        snprintf(keys[i], sizeof keys[i], "/k%05zu", i);
        writes[i] = (struct store_write){keys[i], "{}", STORE_ABSENT};
    }
    assert_int_equal(store_batch(one, writes, STORE_BATCH_MAX, NULL), STORE_OK);
    struct store *two = open_space("two");
    arena_init(&a, 16 << 20);
    assert_int_equal(store_keys(two, "/k", "", SIZE_MAX, &a, &items), STORE_OK);
    assert_int_equal(items.n, STORE_BATCH_MAX);
    assert_int_equal(items.items[0].revision, items.items[STORE_BATCH_MAX - 1].revision);
    store_drop(one), store_drop(two);
    arena_drop(&a);
}

static void one_leads_and_the_next_follows_when_it_is_gone(void **state)
{
    (void)state;
    struct store *one = fresh(), *two = open_space("two");
    store_etcd_seek_lead(one);
    assert_true(store_etcd_leads(one, clock_now()));
    assert_int_equal(store_sync(two), STORE_OK);
    store_etcd_seek_lead(two);
    for (int i = 0; i < 20; i++) turn(one, two);
    assert_true(store_etcd_leads(one, clock_now()));
    assert_false(store_etcd_leads(two, clock_now()));
    store_drop(one); /* in order: the lease is given back */
    UNTIL(store_etcd_leads(two, clock_now()), two, NULL);
    store_drop(two);
}

static void live_keys_go_when_nobody_keeps_them(void **state)
{
    (void)state;
    struct heard heard = {0};
    struct store *one = fresh(), *two = open_space("two");
    store_etcd_hear(two, &(struct store_etcd_hooks){&heard, hear_key, hear_live});
    assert_true(store_etcd_live_put(one, "edge/a", "1", 1, clock_now()));
    assert_int_equal(store_revision(one), 0);
    UNTIL(heard.live.n > 0, one, two);
    assert_string_equal(text_get(&heard.live), "edge/a=1 ");
    UNTIL(strstr(text_get(&heard.live), "edge/a=gone "), one, two);
    assert_true(store_etcd_live_put(one, "edge/a", "2", 60, clock_now()));
    UNTIL(strstr(text_get(&heard.live), "edge/a=2 "), one, two);
    text_drop(&heard.keys), text_drop(&heard.live);
    store_drop(one), store_drop(two);
}

static void without_etcd_nothing_is_written_and_afterwards_all_goes_on(void **state)
{
    (void)state;
    struct arena a;
    struct store_item item;
    struct store *one = fresh(), *two = open_space("two");
    arena_init(&a, 1 << 20);
    suite_puts(one, "/a", "1");
    end_etcd(SIGKILL);
    assert_int_equal(store_put(one, "/a", "2", STORE_ANY, NULL), STORE_UNAVAILABLE);
    assert_int_equal(store_sync(one), STORE_UNAVAILABLE);
    assert_int_equal(store_get(one, "/a", &a, &item), STORE_OK); /* as it was known last */
    for (int i = 0; i < 20; i++) turn(one, two);
    start_etcd();
    UNTIL(store_sync(one) == STORE_OK, one, two);
    suite_puts(one, "/b", "2");
    UNTIL(store_revision(two) == store_revision(one), one, two);
    assert_int_equal(store_get(two, "/a", &a, &item), STORE_OK);
    assert_string_equal(item.value, "1");
    store_drop(one), store_drop(two);
    arena_drop(&a);
}

static void addresses_that_are_none_are_refused(void **state)
{
    (void)state;
    static const char *const rows[] = {"",
                                       "etcd",
                                       "127.0.0.1:2379",
                                       "http://",
                                       "http://a",
                                       "ftp://a:1",
                                       "http://a:1,b:2",
                                       "http://a:1/x/y",
                                       "http://a:1/x,http://b:2"};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct text why = {0};
        assert_null(store_etcd_open(rows[i], "one", &why));
        assert_non_null(strstr(text_get(&why), "http://HOST:PORT"));
        text_drop(&why);
    }
    struct text why = {0};
    assert_null(store_etcd_open("http://127.0.0.1:1,http://127.0.0.1:2/x", "one", &why));
    assert_non_null(strstr(text_get(&why), "no etcd answers"));
    text_drop(&why);
}

/* --- */

static bool installed(void) { return system("command -v etcd >/dev/null") == 0; }

static void remove_folder(void)
{
    char command[100];
    snprintf(command, sizeof command, "rm -rf %s", folder);
    if (system(command) != 0) print_message("%s stays\n", folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORE_SUITE,
        cmocka_unit_test(two_processes_write_one_sequence),
        cmocka_unit_test(the_watch_brings_what_others_write),
        cmocka_unit_test(a_batch_may_have_as_many_writes_as_the_contract_says),
        cmocka_unit_test(one_leads_and_the_next_follows_when_it_is_gone),
        cmocka_unit_test(live_keys_go_when_nobody_keeps_them),
        cmocka_unit_test(without_etcd_nothing_is_written_and_afterwards_all_goes_on),
        cmocka_unit_test(addresses_that_are_none_are_refused),
    };
    if (!installed()) {
        printf("skipped: etcd is not installed\n");
        return SKIP;
    }
    /* In memory where that is possible: what is tested is not the disk. */
    snprintf(folder, sizeof folder, "%s/fl-etcd-XXXXXX",
             access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
    if (!mkdtemp(folder)) return 1;
    ports[0] = free_port(), ports[1] = free_port();
    start_etcd();
    suite_fresh = fresh;
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    end_etcd(SIGTERM);
    remove_folder();
    return failed;
}
