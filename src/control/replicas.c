/* control/replicas.c - see the header. The store calls its hooks whenever it hears of others, also
 * in the middle of our own calls, so what they do there is small: a note to act on in the next
 * turn. */
#include "control/replicas.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "control/edges.h"
#include "control/roles.h"
#include "control/secrets.h"
#include "sys/entropy.h"
#include "sys/log.h"
#include "sys/store_etcd.h"

enum {
    EVIDENCE_TTL_S = 30,     /* an edge that is silent for so long is not live */
    EVIDENCE_MOST = 1 << 20, /* bytes; etcd takes 1.5 MiB in one request */
    KEY_CHECK_S = 60,
    DAY_S = 86400,
    ADDRESSES_BYTES = 1 << 20,
};

#define REPLICA_KEY "replica/"
#define EVIDENCE_KEY "evidence/"

static bool alone(const struct control *c) { return !c->settings->etcd; }

/* --- what is heard --- */

static void on_changed(void *ctx, const char *key)
{
    struct control *c = ctx;
    if (c->api) api_noticed(c->api, key, c->now_ms);
    if (!key || strcmp(key, SECRETS_KEY) == 0) c->secrets_stale = true;
    if (!key || strncmp(key, "role/", 5) == 0) c->roles_stale = true;
    edges_noticed(c->edges, key);
}

static void on_live(void *ctx, const char *key, const char *value)
{
    struct control *c = ctx;
    size_t n = strlen(EVIDENCE_KEY);
    json_t *v = value && strncmp(key, EVIDENCE_KEY, n) == 0 ? json_loads(value, 0, NULL) : NULL;
    const char *from = json_string_value(json_object_get(v, "replica"));
    if (from && strcmp(from, c->replica) != 0)
        edges_take_evidence(c, key + n, json_object_get(v, "evidence"),
                            json_integer_value(json_object_get(v, "received_ms")));
    json_decref(v);
}

/* --- joining --- */

bool replicas_open_store(struct control *c, struct text *why)
{
    random_guid(c->replica);
    c->store = store_etcd_open(c->settings->etcd, c->replica, why);
    if (!c->store) return false;
    store_etcd_hear(c->store, &(struct store_etcd_hooks){c, on_changed, on_live});
    return true;
}

static void hear_what_is_live(struct control *c)
{
    struct arena a;
    struct store_items items;
    arena_init(&a, 256u << 20);
    if (store_etcd_live(c->store, EVIDENCE_KEY, &a, &items) == STORE_OK)
        for (size_t i = 0; i < items.n; i++) on_live(c, items.items[i].key, items.items[i].value);
    arena_drop(&a);
}

bool replicas_join(struct control *c, struct text *why)
{
    char key[200];
    if (alone(c)) return true;
    snprintf(key, sizeof key, REPLICA_KEY "%s", http_server_address(c->http));
    if (store_put(c->store, key, "{}", STORE_ANY, NULL) != STORE_OK) {
        text_add(why, "the store does not take our address");
        return false;
    }
    hear_what_is_live(c);
    store_etcd_seek_lead(c->store);
    return true;
}

bool replicas_leads(const struct control *c)
{
    return alone(c) || store_etcd_leads(c->store, clock_now());
}

bool replicas_know(const struct control *c, const char *host)
{
    char key[300];
    struct arena a;
    struct store_item item;
    if (alone(c)) return false;
    if (snprintf(key, sizeof key, REPLICA_KEY "%s", host) >= (int)sizeof key) return false;
    arena_init(&a, ADDRESSES_BYTES);
    bool known = store_get(c->store, key, &a, &item) == STORE_OK;
    arena_drop(&a);
    return known;
}

void replicas_tell_evidence(struct control *c, const char *edge, const json_t *evidence)
{
    char key[200];
    if (alone(c)) return;
    json_t *v = json_pack("{s:s, s:I, s:O}", "replica", c->replica, "received_ms",
                          (json_int_t)c->now_ms, "evidence", (json_t *)(uintptr_t)evidence);
    char *s = json_dumps(v, JSON_COMPACT);
    snprintf(key, sizeof key, EVIDENCE_KEY "%s", edge);
    if (s && strlen(s) > EVIDENCE_MOST)
        log_line(LOG_LINE_WARN, "evidence", edge, "is too long for the other replicas");
    else if (s && !store_etcd_live_put(c->store, key, s, EVIDENCE_TTL_S, c->now))
        log_line(LOG_LINE_WARN, "evidence", edge, "did not reach the other replicas");
    free(s);
    json_decref(v);
}

/* --- the keys of tokens --- */

static void renew_keys(struct control *c)
{
    struct secrets *s = &c->installation.secrets;
    int64_t now_s = c->now_ms / 1000;
    struct text why = {0};
    if (!instant_reached(c->keys_due, c->now)) return;
    c->keys_due = instant_after(c->now, duration_s(KEY_CHECK_S));
    if (!replicas_leads(c) || now_s - s->made_s[0] < c->settings->token_key_days * (int64_t)DAY_S)
        return;
    if (secrets_rotate(s, now_s, &why))
        log_line(LOG_LINE_INFO, "tokens", "", "a new key signs from now on");
    else
        log_line(LOG_LINE_ERROR, "tokens", "", "no new key: %s", text_get(&why));
    text_drop(&why);
}

/* --- the loop --- */

void replicas_turn(struct control *c)
{
    if (!alone(c)) store_etcd_turn(c->store, c->now);
    if (c->secrets_stale) secrets_again(&c->installation.secrets);
    c->secrets_stale = false;
    if (c->roles_stale && roles_load(c)) c->roles_stale = false;
    renew_keys(c);
}

instant replicas_next(const struct control *c)
{
    return alone(c) ? c->keys_due : instant_first(c->keys_due, store_etcd_next(c->store, c->now));
}

/* A descriptor that was closed has left the set by itself, and its number may be a new one's. */
void replicas_watch(struct control *c, struct loop *l, struct watch *w)
{
    int fd = alone(c) ? -1 : store_etcd_fd(c->store);
    loop_forget(l, w);
    if (fd >= 0) loop_watch(l, w, fd, LOOP_READ);
}
