/* control/installation.h - what the first start makes and every later start finds: the authority,
 * the key of tokens, a tenant, its subscriptions, and the principals with their account files.
 *
 * In the state directory, readable by its owner only: what secrets.h names, store.db,
 * audit.log, and admin.json, provider.json, reader.json, operator.json. A client's secret is in its
 * account file and nowhere else; the store has a salted slow hash of it (RB-158, RB-190). */
#pragma once
#include "api/api.h"
#include "base/instant.h"
#include "control/settings.h"
#include "control/secrets.h"

enum {
    SALT_BYTES = 16,
    PEOPLE = 4,        /* principals of every installation */
    PARTIES_MAX = 60,  /* of the settings: each a principal with a subscription of its own */
    FOREIGN_MAX = 256, /* principals that another issuer vouches for */
    PRINCIPALS_MAX = PEOPLE + PARTIES_MAX + FOREIGN_MAX,
    SUBSCRIPTIONS_MAX = 2 + PARTIES_MAX,
    OWN_GRANTS = 2,  /* that a principal is made with */
    GRANTS_MAX = 64, /* with those that were assigned */
    PRINCIPAL_ID_TEXT = 64,
};

struct bucket { /* a rate that may be exceeded for a while */
    double level;
    instant at;
};

struct principal {
    char client_id[API_GUID_TEXT], object_id[PRINCIPAL_ID_TEXT];
    const char *name; /* "admin"; of a foreign one its object id */
    bool foreign;     /* has no secret here */
    unsigned char salt[SALT_BYTES], hash[TLS_DIGEST];
    unsigned rounds;
    struct api_grant grants[GRANTS_MAX];
    char *scopes[GRANTS_MAX]; /* owned */
    size_t own_grants;
    struct api_caller caller;
    bool
        proven; /* the right secret was shown to this process: it need not be hashed slowly again */
    unsigned char proof[TLS_DIGEST];
    struct bucket requests, writes, wrong_keys;
    unsigned failures; /* wrong secrets in the minute that began at: */
    instant failures_since;
};

struct installation {
    char dir[4096];
    struct secrets secrets;
    char tenant[API_GUID_TEXT];
    struct api_subscription subscriptions[SUBSCRIPTIONS_MAX];
    char subscription_ids[SUBSCRIPTIONS_MAX][API_GUID_TEXT];
    size_t subscriptions_n;
    struct principal *principals; /* of PRINCIPALS_MAX; they stay where they are */
    size_t principals_n, own_subscriptions;
    unsigned char proof_key[TLS_DIGEST]; /* of this process */
};

/* The state directory. False with `why`. */
MUST_USE bool installation_open(struct installation *i, const struct settings *s, struct text *why);
/* Tenant, subscriptions and principals, from the store or made now; and the account files with the
 * endpoint we have today. */
MUST_USE bool installation_people(struct installation *i, struct store *store,
                                  const struct settings *s, const char *endpoint, struct text *why);
void installation_drop(struct installation *i);

/* NULL: there is none. */
struct principal *principal_by_client(struct installation *i, const char *client_id);
struct principal *principal_by_object(struct installation *i, const char *object_id);
/* A principal that only role assignments know; NULL: there are too many. */
struct principal *principal_foreign(struct installation *i, const char *object_id);
void principal_grant(struct principal *p, enum api_role role, const char *scope);
/* Back to the grants that everybody was made with. */
void installation_grants_reset(struct installation *i);
/* Takes the same time for a wrong secret and for nobody's (p NULL). */
MUST_USE bool principal_secret_fine(struct installation *i, struct principal *p,
                                    const char *secret);
