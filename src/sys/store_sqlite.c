/* sys/store_sqlite.c - two tables, `item` and `gone` (the newest deletions, for watchers), and one
 * row of counters. A failed write is rolled back; after a failure of the medium the file is closed
 * and opened anew before anything more is acknowledged, which makes SQLite re-verify its log
 * (RB-180). */
#include "sys/store_sqlite.h"
#include <assert.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/hash.h"

enum { FORMAT = 1, KEPT_AT_MOST = 2 * STORE_DELETIONS_KEPT };

/* clang-format off */
static const char schema[] =
    "BEGIN IMMEDIATE;"
    "CREATE TABLE counter(id INTEGER PRIMARY KEY CHECK(id = 1), revision INTEGER, compacted INTEGER) STRICT;"
    "CREATE TABLE item(key TEXT PRIMARY KEY, revision INTEGER, sum INTEGER, value TEXT) STRICT, WITHOUT ROWID;"
    "CREATE INDEX item_by_revision ON item(revision);"
    "CREATE TABLE gone(key TEXT PRIMARY KEY, revision INTEGER) STRICT, WITHOUT ROWID;"
    "CREATE INDEX gone_by_revision ON gone(revision);"
    "INSERT INTO counter VALUES(1, 0, 0);"
    "PRAGMA user_version = 1;"
    "COMMIT;";

static const char settings[] =
    "PRAGMA locking_mode = EXCLUSIVE;"
    "PRAGMA journal_mode = WAL;"
    "PRAGMA synchronous = FULL;"
    "PRAGMA trusted_schema = OFF;"
    "PRAGMA cell_size_check = ON;";

enum statement {
    SQL_BEGIN, SQL_COMMIT, SQL_ROLLBACK, SQL_GET, SQL_LIST, SQL_CHANGES, SQL_REVISION_OF, SQL_PUT,
    SQL_DELETE, SQL_FORGET, SQL_REMEMBER, SQL_COUNTERS, SQL_COUNT, SQL_GONE_COUNT, SQL_OLDEST,
    SQL_COMPACT, SQL_COMPACTED, STATEMENTS
};

static const char *const texts[STATEMENTS] = {
    [SQL_BEGIN] = "BEGIN IMMEDIATE",
    [SQL_COMMIT] = "COMMIT",
    [SQL_ROLLBACK] = "ROLLBACK",
    [SQL_GET] = "SELECT key, revision, sum, value FROM item WHERE key = ?1",
    [SQL_LIST] = "SELECT key, revision, sum, value FROM item WHERE key >= ?1 AND key > ?2 ORDER BY key",
    [SQL_CHANGES] = ("SELECT key, revision, sum, value FROM item WHERE revision > ?1 "
                     "UNION ALL SELECT key, revision, 0, NULL FROM gone WHERE revision > ?1 "
                     "ORDER BY revision, key"),
    [SQL_REVISION_OF] = "SELECT revision FROM item WHERE key = ?1",
    [SQL_PUT] = ("INSERT INTO item(key, revision, sum, value) VALUES(?1, ?2, ?3, ?4) "
                 "ON CONFLICT(key) DO UPDATE SET revision = ?2, sum = ?3, value = ?4"),
    [SQL_DELETE] = "DELETE FROM item WHERE key = ?1",
    [SQL_FORGET] = "DELETE FROM gone WHERE key = ?1",
    [SQL_REMEMBER] = "INSERT OR REPLACE INTO gone(key, revision) VALUES(?1, ?2)",
    [SQL_COUNTERS] = "SELECT revision, compacted FROM counter",
    [SQL_COUNT] = "UPDATE counter SET revision = ?1",
    [SQL_GONE_COUNT] = "SELECT count(*) FROM gone",
    [SQL_OLDEST] = "SELECT revision FROM gone ORDER BY revision LIMIT 1 OFFSET ?1",
    [SQL_COMPACT] = "DELETE FROM gone WHERE revision <= ?1",
    [SQL_COMPACTED] = "UPDATE counter SET compacted = ?1",
};
/* clang-format on */

struct sqlite_store {
    struct store store;
    sqlite3 *db; /* NULL: the medium failed; opened anew with the next call */
    sqlite3_stmt *statements[STATEMENTS];
    char *path;
    int64_t revision, compacted;
    size_t gone; /* rows in `gone` */
};

static struct sqlite_store *sqlite_of(struct store *s) { return (struct sqlite_store *)s; }

/* --- opening and closing --- */

static void shut(struct sqlite_store *s)
{
    for (int i = 0; i < STATEMENTS; i++) {
        sqlite3_finalize(s->statements[i]);
        s->statements[i] = NULL;
    }
    sqlite3_close(s->db);
    s->db = NULL;
}

static bool failed(struct sqlite_store *s, const char *what, struct text *why)
{
    text_addf(why, "%s: %s: %s", s->path, what, s->db ? sqlite3_errmsg(s->db) : "out of memory");
    return false;
}

static int text_of_first(void *out, int n, char **values, char **names)
{
    (void)n, (void)names;
    text_clear(out);
    text_add(out, values[0] ? values[0] : "");
    return 0;
}

static bool ask(struct sqlite_store *s, const char *sql, struct text *answer)
{
    return sqlite3_exec(s->db, sql, text_of_first, answer, NULL) == SQLITE_OK;
}

static bool check_format(struct sqlite_store *s, struct text *why)
{
    struct text answer = {0};
    bool fine = ask(s, "PRAGMA user_version", &answer);
    long version = strtol(text_get(&answer), NULL, 10);
    if (fine && version == 0) fine = sqlite3_exec(s->db, schema, NULL, NULL, NULL) == SQLITE_OK;
    if (!fine) failed(s, "cannot be read", why);
    if (version > FORMAT) {
        text_addf(why, "%s: written by a newer version (format %ld, this one reads %d)", s->path,
                  version, FORMAT);
        fine = false;
    }
    if (fine && version > 0 &&
        (!ask(s, "PRAGMA quick_check(1)", &answer) || strcmp(text_get(&answer), "ok") != 0)) {
        text_addf(why, "%s: is damaged: %s", s->path, text_get(&answer));
        fine = false;
    }
    text_drop(&answer);
    return fine;
}

static bool prepare(struct sqlite_store *s, struct text *why)
{
    for (int i = 0; i < STATEMENTS; i++)
        if (sqlite3_prepare_v3(s->db, texts[i], -1, SQLITE_PREPARE_PERSISTENT, &s->statements[i],
                               NULL) != SQLITE_OK)
            return failed(s, "cannot be used", why);
    return true;
}

static sqlite3_stmt *statement(struct sqlite_store *s, enum statement which)
{
    sqlite3_reset(s->statements[which]);
    return s->statements[which];
}

static bool read_counters(struct sqlite_store *s, struct text *why)
{
    sqlite3_stmt *q = statement(s, SQL_COUNTERS);
    bool fine = sqlite3_step(q) == SQLITE_ROW;
    if (fine) {
        s->revision = sqlite3_column_int64(q, 0);
        s->compacted = sqlite3_column_int64(q, 1);
    }
    sqlite3_reset(q);
    q = statement(s, SQL_GONE_COUNT);
    fine = fine && sqlite3_step(q) == SQLITE_ROW;
    if (fine) s->gone = (size_t)sqlite3_column_int64(q, 0);
    sqlite3_reset(q);
    return fine || failed(s, "has no counters", why);
}

/* A new file is private before anything is in it, and its name is on stable storage. */
static bool make_file(const char *path)
{
    char dir[4096];
    const char *slash = strrchr(path, '/');
    size_t n = slash ? (size_t)(slash - path) + 1 : 1;
    if (n >= sizeof dir) return false;
    memcpy(dir, slash ? path : ".", n);
    dir[n] = '\0';
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    int folder = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool fine = fd >= 0 && folder >= 0 && fsync(folder) == 0;
    if (fd >= 0) close(fd);
    if (folder >= 0) close(folder);
    return fine;
}

static bool open_file(struct sqlite_store *s, struct text *why)
{
    if (!make_file(s->path)) {
        text_addf(why, "%s: cannot be made", s->path);
        return false;
    }
    bool fine = sqlite3_open_v2(s->path, &s->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOFOLLOW,
                                NULL) == SQLITE_OK &&
                sqlite3_exec(s->db, settings, NULL, NULL, NULL) == SQLITE_OK;
    if (!fine) failed(s, "cannot be opened", why);
    fine = fine && check_format(s, why) && prepare(s, why) && read_counters(s, why);
    if (!fine) shut(s);
    return fine;
}

/* After a failure of the medium: is it back? */
static bool usable(struct sqlite_store *s)
{
    struct text why = {0};
    bool fine = s->db || open_file(s, &why);
    text_drop(&why);
    return fine;
}

/* --- rows --- */

/* Not a secret: against decay, not against people. */
static const struct hash_key sum_key = {0x466169726c656164ULL, 0x73746f7265207631ULL};

static int64_t checksum(const char *key, int64_t revision, const char *value)
{
    uint64_t parts[3] = {hash_bytes(&sum_key, key, strlen(key)), (uint64_t)revision,
                         hash_bytes(&sum_key, value, strlen(value))};
    return (int64_t)hash_bytes(&sum_key, parts, sizeof parts);
}

static void bind_text(sqlite3_stmt *q, int at, const char *s)
{
    sqlite3_bind_text(q, at, s, (int)strlen(s), SQLITE_STATIC);
}

static const char *column(sqlite3_stmt *q, int at)
{
    const char *s = (const char *)sqlite3_column_text(q, at);
    return s ? s : "";
}

/* Copies the row; a checksum that does not hold is as bad as a full arena. */
static bool take_row(sqlite3_stmt *q, bool values, struct arena *a, struct store_item *out)
{
    enum { KEY, REVISION, SUM, VALUE };
    bool deleted = sqlite3_column_type(q, VALUE) == SQLITE_NULL;
    const char *key = column(q, KEY), *value = column(q, VALUE);
    int64_t revision = sqlite3_column_int64(q, REVISION);
    if (!deleted && checksum(key, revision, value) != sqlite3_column_int64(q, SUM)) return false;
    *out = (struct store_item){arena_text(a, key), NULL, revision};
    if (values && !deleted) out->value = arena_text(a, value);
    return out->key && (out->value || !values || deleted);
}

static enum store_result sqlite_get(struct store *store, const char *key, struct arena *a,
                                    struct store_item *out)
{
    struct sqlite_store *s = sqlite_of(store);
    if (!usable(s)) return STORE_UNAVAILABLE;
    sqlite3_stmt *q = statement(s, SQL_GET);
    bind_text(q, 1, key);
    int step = sqlite3_step(q);
    enum store_result r = step == SQLITE_DONE         ? STORE_MISSING
                          : step != SQLITE_ROW        ? STORE_UNAVAILABLE
                          : take_row(q, true, a, out) ? STORE_OK
                                                      : STORE_UNAVAILABLE;
    sqlite3_reset(q);
    return r;
}

struct found { /* items in the making: `limit` may be much more than there is */
    struct store_item *items;
    size_t n, room;
};

static struct store_item *found_next(struct found *f)
{
    if (f->n == f->room) {
        f->room = f->room ? 2 * f->room : 64;
        f->items = realloc(f->items, f->room * sizeof *f->items);
        if (!f->items) abort();
    }
    return &f->items[f->n++];
}

static enum store_result found_give(struct found *f, bool fine, bool more, struct arena *a,
                                    struct store_items *out)
{
    struct store_item *items =
        fine ? arena_copy(a, f->n ? f->items : (void *)"", f->n * sizeof *items) : NULL;
    if (items) *out = (struct store_items){items, f->n, more};
    free(f->items);
    return items ? STORE_OK : STORE_UNAVAILABLE;
}

static bool begins_with(const char *s, const char *prefix)
{
    return strncmp(s, prefix, strlen(prefix)) == 0;
}

static enum store_result sqlite_list(struct store *store, const char *prefix, const char *after,
                                     size_t limit, bool values, struct arena *a,
                                     struct store_items *out)
{
    struct sqlite_store *s = sqlite_of(store);
    struct found f = {0};
    bool fine = true, more = false;
    if (!usable(s)) return STORE_UNAVAILABLE;
    sqlite3_stmt *q = statement(s, SQL_LIST);
    bind_text(q, 1, prefix);
    bind_text(q, 2, after);
    int step;
    while (fine && (step = sqlite3_step(q)) == SQLITE_ROW && begins_with(column(q, 0), prefix)) {
        if ((more = f.n == limit)) break;
        fine = take_row(q, values, a, found_next(&f));
    }
    fine = fine && (step == SQLITE_ROW || step == SQLITE_DONE);
    sqlite3_reset(q);
    return found_give(&f, fine, more, a, out);
}

static enum store_result sqlite_changes(struct store *store, const char *prefix, int64_t since,
                                        size_t limit, struct arena *a, struct store_items *out)
{
    struct sqlite_store *s = sqlite_of(store);
    struct found f = {0};
    bool fine = true, more = false;
    int step;
    if (!usable(s)) return STORE_UNAVAILABLE;
    if (since < s->compacted) return STORE_COMPACTED;
    sqlite3_stmt *q = statement(s, SQL_CHANGES);
    sqlite3_bind_int64(q, 1, since);
    while (fine && (step = sqlite3_step(q)) == SQLITE_ROW) {
        if (!begins_with(column(q, 0), prefix)) continue;
        bool same_batch = f.n > 0 && f.items[f.n - 1].revision == sqlite3_column_int64(q, 1);
        if ((more = f.n >= limit && !same_batch)) break;
        fine = take_row(q, true, a, found_next(&f));
    }
    fine = fine && (step == SQLITE_ROW || step == SQLITE_DONE);
    sqlite3_reset(q);
    return found_give(&f, fine, more, a, out);
}

/* --- writing --- */

static bool run(sqlite3_stmt *q)
{
    bool done = sqlite3_step(q) == SQLITE_DONE;
    sqlite3_reset(q);
    return done;
}

static enum store_result revision_of(struct sqlite_store *s, const char *key, int64_t *out)
{
    sqlite3_stmt *q = statement(s, SQL_REVISION_OF);
    bind_text(q, 1, key);
    int step = sqlite3_step(q);
    *out = step == SQLITE_ROW ? sqlite3_column_int64(q, 0) : STORE_ABSENT;
    sqlite3_reset(q);
    return step == SQLITE_ROW || step == SQLITE_DONE ? STORE_OK : STORE_UNAVAILABLE;
}

static bool put(struct sqlite_store *s, const struct store_write *w, int64_t revision)
{
    sqlite3_stmt *q = statement(s, SQL_PUT), *forget = statement(s, SQL_FORGET);
    bind_text(q, 1, w->key);
    sqlite3_bind_int64(q, 2, revision);
    sqlite3_bind_int64(q, 3, checksum(w->key, revision, w->value));
    bind_text(q, 4, w->value);
    bind_text(forget, 1, w->key);
    bool fine = run(q) && run(forget);
    s->gone -= fine && sqlite3_changes(s->db) > 0;
    return fine;
}

static bool remove_key(struct sqlite_store *s, const char *key, int64_t revision)
{
    sqlite3_stmt *q = statement(s, SQL_DELETE);
    bind_text(q, 1, key);
    if (!run(q)) return false;
    if (sqlite3_changes(s->db) == 0) return true;
    q = statement(s, SQL_REMEMBER);
    bind_text(q, 1, key);
    sqlite3_bind_int64(q, 2, revision);
    s->gone++;
    return run(q);
}

/* Forgets the older half of the deletions when there are too many; whole batches only. */
static bool compact(struct sqlite_store *s)
{
    if (s->gone <= KEPT_AT_MOST) return true;
    sqlite3_stmt *q = statement(s, SQL_OLDEST);
    sqlite3_bind_int64(q, 1, (int64_t)(s->gone - STORE_DELETIONS_KEPT - 1));
    bool fine = sqlite3_step(q) == SQLITE_ROW;
    int64_t oldest = fine ? sqlite3_column_int64(q, 0) - 1 : 0;
    sqlite3_reset(q);
    if (!fine) return false;
    q = statement(s, SQL_COMPACT);
    sqlite3_bind_int64(q, 1, oldest);
    if (!run(q)) return false;
    s->gone -= (size_t)sqlite3_changes(s->db);
    q = statement(s, SQL_COMPACTED);
    sqlite3_bind_int64(q, 1, oldest);
    s->compacted = oldest;
    return run(q);
}

static enum store_result check_expected(struct sqlite_store *s, const struct store_write *writes,
                                        size_t n)
{
    for (size_t i = 0; i < n; i++) {
        int64_t is;
        if (writes[i].expected == STORE_ANY) continue;
        if (revision_of(s, writes[i].key, &is) != STORE_OK) return STORE_UNAVAILABLE;
        if (is != writes[i].expected) return STORE_CONFLICT;
    }
    return STORE_OK;
}

static bool write_all(struct sqlite_store *s, const struct store_write *writes, size_t n,
                      int64_t revision)
{
    for (size_t i = 0; i < n; i++)
        if (!(writes[i].value ? put(s, &writes[i], revision)
                              : remove_key(s, writes[i].key, revision)))
            return false;
    sqlite3_stmt *q = statement(s, SQL_COUNT);
    sqlite3_bind_int64(q, 1, revision);
    return run(q) && compact(s) && run(statement(s, SQL_COMMIT));
}

static enum store_result sqlite_batch(struct store *store, const struct store_write *writes,
                                      size_t n, int64_t *out_revision)
{
    struct sqlite_store *s = sqlite_of(store);
    if (!usable(s) || !run(statement(s, SQL_BEGIN))) return STORE_UNAVAILABLE;
    struct sqlite_store before = *s;
    enum store_result r = check_expected(s, writes, n);
    if (r == STORE_OK && !write_all(s, writes, n, s->revision + 1)) r = STORE_UNAVAILABLE;
    if (r == STORE_OK) {
        *out_revision = ++s->revision;
        return STORE_OK;
    }
    s->gone = before.gone;
    s->compacted = before.compacted;
    bool undone = sqlite3_get_autocommit(s->db) || run(statement(s, SQL_ROLLBACK));
    if (r == STORE_UNAVAILABLE || !undone) shut(s);
    return r;
}

static int64_t sqlite_revision(struct store *store) { return sqlite_of(store)->revision; }

static void sqlite_drop(struct store *store)
{
    struct sqlite_store *s = sqlite_of(store);
    shut(s);
    free(s->path);
    free(s);
}

static const struct store_ops sqlite_ops = {
    .get = sqlite_get,
    .list = sqlite_list,
    .changes = sqlite_changes,
    .batch = sqlite_batch,
    .revision = sqlite_revision,
    .drop = sqlite_drop,
};

struct store *store_sqlite_open(const char *path, struct text *why)
{
    struct sqlite_store *s = calloc(1, sizeof *s);
    if (!s || !(s->path = strdup(path))) abort();
    s->store.ops = &sqlite_ops;
    if (open_file(s, why)) return &s->store;
    sqlite_drop(&s->store);
    return NULL;
}
