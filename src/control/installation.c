/* control/installation.c - see the header. The account files are written before the store knows the
 * principals: a first start that is cut short is done again from there. */
#include "control/installation.h"
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "sys/entropy.h"
#include "sys/whole_file.h"

enum {
    ROUNDS = 50000,
    PRIVATE = 0600,
    PRIVATE_DIRECTORY = 0700,
    PEM_MAX = 65536,
    RECORD_MAX = 1 << 20
};

#define RECORD_KEY "system/installation"

/* --- files --- */

static bool path_in(const struct installation *i, const char *name, char out[static PATH_MAX],
                    struct text *why)
{
    if (snprintf(out, PATH_MAX, "%s/%s", i->dir, name) < PATH_MAX) return true;
    text_addf(why, "the path of %s is too long", name);
    return false;
}

static bool read_in(const struct installation *i, const char *name, struct text *out,
                    struct text *why)
{
    char path[PATH_MAX];
    return path_in(i, name, path, why) && file_read(path, PEM_MAX, out, why);
}

static bool write_in(const struct installation *i, const char *name, const struct text *t,
                     struct text *why)
{
    char path[PATH_MAX];
    return path_in(i, name, path, why) && file_write(path, t->s, t->n, PRIVATE, why);
}

bool installation_open(struct installation *i, const struct settings *s, struct text *why)
{
    *i = (struct installation){0};
    random_bytes(i->proof_key, sizeof i->proof_key);
    i->principals = calloc(PRINCIPALS_MAX, sizeof *i->principals);
    if (!i->principals) abort();
    if (!file_directory(s->state_dir, PRIVATE_DIRECTORY, why)) return false;
    if (!realpath(s->state_dir, i->dir)) {
        text_addf(why, "the path of %s cannot be found", s->state_dir);
        return false;
    }
    return true;
}

void installation_drop(struct installation *i)
{
    secrets_drop(&i->secrets);
    for (size_t k = 0; k < i->principals_n; k++)
        for (size_t g = 0; g < i->principals[k].caller.grants_n; g++)
            free(i->principals[k].scopes[g]);
    free(i->principals);
}

/* --- who there is --- */

enum where { CUSTOMER, PROVIDER, EVERYWHERE };

static const struct {
    const char *name;
    enum where at;
    struct {
        enum api_role role;
        enum where scope;
    } grant;
} people[PEOPLE] = {
    {"admin", CUSTOMER, {API_OWNER, CUSTOMER}},
    {"provider", PROVIDER, {API_PROVIDER, PROVIDER}},
    {"reader", CUSTOMER, {API_READER, CUSTOMER}},
    {"operator", CUSTOMER, {API_OPERATOR, EVERYWHERE}},
};

static const struct {
    enum api_role role;
    const char *name;
} role_names[] = {
    {API_READER, "reader"},     {API_CONTRIBUTOR, "contributor"}, {API_OWNER, "owner"},
    {API_PROVIDER, "provider"}, {API_OPERATOR, "operator"},
};

static const char *subscription_at(const struct installation *i, enum where w)
{
    return i->subscription_ids[w == PROVIDER && i->own_subscriptions == 2];
}

void principal_grant(struct principal *p, enum api_role role, const char *scope)
{
    size_t n = p->caller.grants_n;
    if (n == GRANTS_MAX) return;
    p->scopes[n] = strdup(scope);
    if (!p->scopes[n]) abort();
    p->grants[n] = (struct api_grant){role, p->scopes[n]};
    p->caller.grants_n++;
}

void installation_grants_reset(struct installation *i)
{
    for (size_t k = 0; k < i->principals_n; k++) {
        struct principal *p = &i->principals[k];
        while (p->caller.grants_n > p->own_grants) free(p->scopes[--p->caller.grants_n]);
    }
}

static void settle(struct principal *p)
{
    p->caller.object_id = p->object_id;
    p->caller.grants = p->grants;
    p->own_grants = p->caller.grants_n;
}

static void settle_subscriptions(struct installation *i)
{
    bool one = i->own_subscriptions == 1;
    i->subscriptions[0] = (struct api_subscription){i->subscription_ids[0], "Fairlead",
                                                    one ? API_BOTH : API_CUSTOMER, NULL};
    if (one) return;
    i->subscriptions[1] = (struct api_subscription){i->subscription_ids[1], "Fairlead provider",
                                                    API_PROVIDER_SIDE, NULL};
}

/* --- the record in the store --- */

static void hex(const unsigned char *b, size_t n, char *out)
{
    for (size_t k = 0; k < n; k++) snprintf(out + 2 * k, 3, "%02x", b[k]);
}

static bool unhex(const char *s, unsigned char *out, size_t n)
{
    unsigned byte;
    if (!s || strlen(s) != 2 * n) return false;
    for (size_t k = 0; k < n; k++) {
        if (sscanf(s + 2 * k, "%2x", &byte) != 1) return false;
        out[k] = (unsigned char)byte;
    }
    return true;
}

static json_t *principal_write(const struct principal *p)
{
    char salt[2 * SALT_BYTES + 1], hash[2 * TLS_DIGEST + 1];
    json_t *grants = json_array();
    hex(p->salt, sizeof p->salt, salt);
    hex(p->hash, sizeof p->hash, hash);
    for (size_t g = 0; g < p->caller.grants_n; g++)
        for (size_t r = 0; r < ARRAY_LEN(role_names); r++)
            if (role_names[r].role == p->grants[g].role)
                json_array_append_new(grants, json_pack("{s:s, s:s}", "role", role_names[r].name,
                                                        "scope", p->grants[g].scope));
    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:i, s:o}", "name", p->name, "clientId",
                     p->client_id, "objectId", p->object_id, "salt", salt, "hash", hash, "rounds",
                     (int)p->rounds, "grants", grants);
}

static const char *text_of(const json_t *o, const char *key)
{
    const char *s = json_string_value(json_object_get(o, key));
    return s ? s : "";
}

static bool take_guid(const json_t *o, const char *key, char out[static API_GUID_TEXT])
{
    return snprintf(out, API_GUID_TEXT, "%s", text_of(o, key)) == API_GUID_TEXT - 1;
}

static bool principal_read(const json_t *o, const char *name, struct principal *p)
{
    size_t k;
    json_t *row;
    p->name = name;
    p->rounds = (unsigned)json_integer_value(json_object_get(o, "rounds"));
    json_array_foreach(json_object_get(o, "grants"), k, row)
    {
        for (size_t r = 0; r < ARRAY_LEN(role_names); r++)
            if (strcmp(text_of(row, "role"), role_names[r].name) == 0 &&
                p->caller.grants_n < OWN_GRANTS)
                principal_grant(p, role_names[r].role, text_of(row, "scope"));
    }
    settle(p);
    return strcmp(text_of(o, "name"), name) == 0 && take_guid(o, "clientId", p->client_id) &&
           take_guid(o, "objectId", p->object_id) && p->rounds > 0 && p->caller.grants_n > 0 &&
           unhex(text_of(o, "salt"), p->salt, sizeof p->salt) &&
           unhex(text_of(o, "hash"), p->hash, sizeof p->hash);
}

static json_t *record_write(const struct installation *i)
{
    json_t *list = json_array(), *ids = json_array();
    for (size_t k = 0; k < PEOPLE; k++)
        json_array_append_new(list, principal_write(&i->principals[k]));
    for (size_t k = 0; k < i->subscriptions_n; k++)
        json_array_append_new(ids, json_string(i->subscription_ids[k]));
    return json_pack("{s:s, s:o, s:o}", "tenantId", i->tenant, "subscriptions", ids, "principals",
                     list);
}

static bool record_read(struct installation *i, const json_t *o)
{
    const json_t *ids = json_object_get(o, "subscriptions");
    const json_t *list = json_object_get(o, "principals");
    i->subscriptions_n = i->own_subscriptions = json_array_size(ids);
    i->principals_n = PEOPLE;
    bool fine = take_guid(o, "tenantId", i->tenant) && i->subscriptions_n >= 1 &&
                i->subscriptions_n <= 2 && json_array_size(list) == PEOPLE;
    for (size_t k = 0; fine && k < i->subscriptions_n; k++) {
        const char *id = json_string_value(json_array_get(ids, k));
        fine = id && snprintf(i->subscription_ids[k], API_GUID_TEXT, "%s", id) == API_GUID_TEXT - 1;
    }
    for (size_t k = 0; fine && k < PEOPLE; k++)
        fine = principal_read(json_array_get(list, k), people[k].name, &i->principals[k]);
    return fine;
}

/* --- account files --- */

static bool account_write(const struct installation *i, const char *name, const json_t *account,
                          struct text *why)
{
    char file[80];
    char *s = json_dumps(account, JSON_INDENT(2));
    struct text t = {0};
    snprintf(file, sizeof file, "%s.json", name);
    text_addf(&t, "%s\n", s);
    bool written = write_in(i, file, &t, why);
    tls_wipe(&t);
    free(s);
    return written;
}

static bool account_make(const struct installation *i, const struct principal *p,
                         const char *subscription, const char *secret, const char *endpoint,
                         struct text *why)
{
    char ca[PATH_MAX];
    if (!path_in(i, "ca.pem", ca, why)) return false;
    json_t *account = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "endpoint", endpoint, "caFile",
                                ca, "tenantId", i->tenant, "subscriptionId", subscription,
                                "clientId", p->client_id, "clientSecret", secret);
    bool written = account_write(i, p->name, account, why);
    json_decref(account);
    return written;
}

/* Port and place may be new today; the secret is only known to the file itself. */
static void account_renew(const struct installation *i, const char *name, const char *endpoint)
{
    char file[80], ca[PATH_MAX];
    struct text old = {0}, why = {0};
    snprintf(file, sizeof file, "%s.json", name);
    json_t *account = read_in(i, file, &old, &why) ? json_loads(text_get(&old), 0, NULL) : NULL;
    bool stale = account &&
                 (strcmp(text_of(account, "endpoint"), endpoint) != 0 ||
                  (path_in(i, "ca.pem", ca, &why) && strcmp(text_of(account, "caFile"), ca) != 0));
    if (stale) {
        json_object_set_new(account, "endpoint", json_string(endpoint));
        json_object_set_new(account, "caFile", json_string(ca));
        if (!account_write(i, name, account, &why))
            fprintf(stderr, "fairleadd: %s\n", text_get(&why));
    }
    json_decref(account);
    tls_wipe(&old), text_drop(&why);
}

/* --- the first start --- */

static bool make_principal(struct installation *i, size_t k, const char *endpoint, bool same,
                           struct text *why)
{
    char secret[RANDOM_SECRET_TEXT], scope[64] = "/";
    struct principal *p = &i->principals[k];
    p->name = people[k].name;
    random_guid(p->client_id), random_guid(p->object_id);
    random_secret(secret);
    random_bytes(p->salt, sizeof p->salt);
    p->rounds = ROUNDS;
    tls_slow_hash(secret, p->salt, sizeof p->salt, p->rounds, p->hash);
    if (people[k].grant.scope != EVERYWHERE)
        snprintf(scope, sizeof scope, "/subscriptions/%s",
                 subscription_at(i, people[k].grant.scope));
    principal_grant(p, people[k].grant.role, scope);
    if (same && people[k].grant.role == API_OWNER) principal_grant(p, API_PROVIDER, scope);
    settle(p);
    bool made = account_make(i, p, subscription_at(i, people[k].at), secret, endpoint, why);
    explicit_bzero(secret, sizeof secret);
    return made;
}

static bool install(struct installation *i, struct store *store, const struct settings *s,
                    const char *endpoint, struct text *why)
{
    random_guid(i->tenant);
    i->subscriptions_n = i->own_subscriptions = s->same_subscription ? 1 : 2;
    i->principals_n = PEOPLE;
    for (size_t k = 0; k < i->subscriptions_n; k++) random_guid(i->subscription_ids[k]);
    for (size_t k = 0; k < PEOPLE; k++)
        if (!make_principal(i, k, endpoint, s->same_subscription, why)) return false;
    json_t *record = record_write(i);
    char *text = json_dumps(record, JSON_COMPACT);
    bool kept = store_put(store, RECORD_KEY, text, STORE_ABSENT, NULL) == STORE_OK;
    if (!kept) text_add(why, "the store does not take the installation");
    free(text);
    json_decref(record);
    return kept;
}

static bool remember(struct installation *i, const char *text, struct text *why)
{
    json_t *record = json_loads(text, 0, NULL);
    bool fine = record && record_read(i, record);
    if (!fine) text_add(why, "the installation in the store cannot be read");
    json_decref(record);
    return fine;
}

/* --- the parties of the settings --- */

#define PARTY_KEY "party/"

static const char *party_record(const struct principal *p, const char *subscription,
                                struct text *out)
{
    json_t *v =
        json_pack("{s:s, s:o}", "subscriptionId", subscription, "principal", principal_write(p));
    char *s = json_dumps(v, JSON_COMPACT);
    text_add(out, s ? s : "");
    free(s);
    json_decref(v);
    return text_get(out);
}

static void party_secret(struct principal *p, char secret[static RANDOM_SECRET_TEXT])
{
    random_guid(p->client_id), random_guid(p->object_id);
    random_secret(secret);
    random_bytes(p->salt, sizeof p->salt);
    p->rounds = ROUNDS;
    tls_slow_hash(secret, p->salt, sizeof p->salt, p->rounds, p->hash);
}

/* Seen for the first time: a subscription, a principal, an account file. */
static bool party_make(struct installation *i, struct store *store, const struct party *party,
                       struct principal *p, char *subscription, const char *endpoint,
                       struct text *why)
{
    char secret[RANDOM_SECRET_TEXT], scope[64], key[128];
    struct text record = {0};
    random_guid(subscription);
    party_secret(p, secret);
    snprintf(scope, sizeof scope, "/subscriptions/%s", subscription);
    principal_grant(p, party->provider ? API_PROVIDER : API_OWNER, scope);
    snprintf(key, sizeof key, PARTY_KEY "%s", party->name);
    bool made = account_make(i, p, subscription, secret, endpoint, why);
    explicit_bzero(secret, sizeof secret);
    if (made && store_put(store, key, party_record(p, subscription, &record), STORE_ABSENT, NULL) !=
                    STORE_OK) {
        text_addf(why, "the store does not take the party %s", party->name);
        made = false;
    }
    text_drop(&record);
    return made;
}

static bool party_read(const char *record, const struct party *party, struct principal *p,
                       char *subscription, struct text *why)
{
    json_t *v = json_loads(record, 0, NULL);
    bool fine = v && take_guid(v, "subscriptionId", subscription) &&
                principal_read(json_object_get(v, "principal"), party->name, p);
    if (!fine) text_addf(why, "the party %s in the store cannot be read", party->name);
    json_decref(v);
    return fine;
}

static bool party_open(struct installation *i, struct store *store, const struct party *party,
                       const char *endpoint, struct text *why)
{
    struct arena a;
    struct store_item item;
    char key[128], *subscription = i->subscription_ids[i->subscriptions_n];
    struct principal *p = &i->principals[i->principals_n];
    p->name = party->name;
    snprintf(key, sizeof key, PARTY_KEY "%s", party->name);
    arena_init(&a, RECORD_MAX);
    enum store_result r = store_get(store, key, &a, &item);
    bool fine = r == STORE_OK ? party_read(item.value, party, p, subscription, why)
                              : r == STORE_MISSING &&
                                    party_make(i, store, party, p, subscription, endpoint, why);
    arena_drop(&a);
    if (!fine) return false;
    i->subscriptions[i->subscriptions_n++] = (struct api_subscription){
        subscription, party->name, party->provider ? API_PROVIDER_SIDE : API_CUSTOMER,
        party->provider};
    i->principals_n++;
    settle(p);
    if (r == STORE_OK) account_renew(i, party->name, endpoint);
    return true;
}

bool installation_people(struct installation *i, struct store *store, const struct settings *s,
                         const char *endpoint, struct text *why)
{
    struct arena a;
    struct store_item item;
    bool fine = false;
    arena_init(&a, RECORD_MAX);
    enum store_result found = store_get(store, RECORD_KEY, &a, &item);
    if (found == STORE_MISSING)
        fine = install(i, store, s, endpoint, why);
    else if (found == STORE_OK)
        fine = remember(i, item.value, why);
    else
        text_add(why, "the store cannot be read");
    arena_drop(&a);
    if (!fine) return false;
    settle_subscriptions(i);
    for (size_t k = 0; k < PEOPLE && found == STORE_OK; k++)
        account_renew(i, people[k].name, endpoint);
    for (size_t k = 0; k < s->parties_n; k++)
        if (!party_open(i, store, &s->parties[k], endpoint, why)) return false;
    return true;
}

/* --- questions --- */

struct principal *principal_by_client(struct installation *i, const char *client_id)
{
    for (size_t k = 0; k < i->principals_n; k++)
        if (!i->principals[k].foreign && text_same_nocase(i->principals[k].client_id, client_id))
            return &i->principals[k];
    return NULL;
}

struct principal *principal_by_object(struct installation *i, const char *object_id)
{
    for (size_t k = 0; k < i->principals_n; k++)
        if (strcmp(i->principals[k].object_id, object_id) == 0) return &i->principals[k];
    return NULL;
}

struct principal *principal_foreign(struct installation *i, const char *object_id)
{
    if (i->principals_n == PRINCIPALS_MAX) return NULL;
    struct principal *p = &i->principals[i->principals_n++];
    *p = (struct principal){.foreign = true};
    snprintf(p->object_id, sizeof p->object_id, "%s", object_id);
    p->name = p->object_id;
    settle(p);
    return p;
}

/* A quick keyed digest that means something to this process only. */
static void proof_of(const struct installation *i, const char *secret,
                     unsigned char out[static TLS_DIGEST])
{
    tls_slow_hash(secret, i->proof_key, sizeof i->proof_key, 1, out);
}

bool principal_secret_fine(struct installation *i, struct principal *p, const char *secret)
{
    static const unsigned char nobodys_salt[SALT_BYTES];
    unsigned char proof[TLS_DIGEST], hash[TLS_DIGEST];
    proof_of(i, secret, proof);
    if (p && p->proven && secret_same(proof, p->proof, sizeof proof)) return true;
    tls_slow_hash(secret, p ? p->salt : nobodys_salt, SALT_BYTES, p ? p->rounds : ROUNDS, hash);
    if (!p || !secret_same(hash, p->hash, sizeof hash)) return false;
    memcpy(p->proof, proof, sizeof proof);
    return p->proven = true;
}
