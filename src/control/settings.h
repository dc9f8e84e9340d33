/* control/settings.h - what fairleadd was started with: its options, and the file of --config. */
#pragma once
#include "base/arena.h"
#include "sys/http_server.h"

enum { SETTINGS_NAMES_MAX = 16 };

struct party { /* somebody with a subscription and an account of their own */
    const char *name;
    const char *provider; /* whose circuits they provision; NULL: a customer */
};

struct settings {
    const char *state_dir, *listen;
    const char *etcd;        /* where the store is shared: as etcd_open takes it; NULL: SQLite */
    unsigned token_key_days; /* a token key signs for so long */
    double pace;             /* 0: operations end at once; 1: they take as long as in life */
    bool same_subscription;  /* one subscription plays customer and provider */
    const char *
        *public_names; /* "host" or "host:port" by which clients may call us, besides ours */
    size_t public_names_n;
    const char *issuer_url, *issuer_audience, *issuer_ca_file; /* of OpenID Connect; NULL: none */
    struct party *parties;
    size_t parties_n;
    const char *mirror_dir, *mirror_proxy; /* copies of the Office 365 feed; NULL: none */
    struct http_limits limits;
    unsigned requests_per_second, writes_per_second; /* of one principal; 0: as many as they like */
    unsigned wrong_keys_per_minute; /* service keys, of one principal; 0: not counted */
    bool no_m365; /* nobody is authorised to get Office 365's routes over a circuit */
    unsigned circuits, circuits_per_region; /* quotas of one subscription; 0: as many as they like */
};

/* Texts land in the arena or are borrowed from argv. 0, or an exit status after messages on stderr.
 */
MUST_USE int settings_read(int argc, char **argv, struct arena *a, struct settings *out);
