/* control/settings.c - options by rows, the file by a table of fields. */
#include "control/settings.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/text.h"
#include "m365/pac.h"
#include "net/fields_json.h"
#include "sys/yaml.h"

enum {
    USAGE = 2,
    REQUESTS_PER_SECOND = 200,
    WRITES_PER_SECOND = 20,
    WRONG_KEYS_PER_MINUTE = 10,
    TOKEN_KEY_DAYS = 30,
};

static const char usage[] =
    "usage: fairleadd --state-dir DIR --listen ADDRESS:PORT [--store sqlite|etcd:URL,..]\n"
    "                 [--pace instant|realistic|FACTOR] [--provider-subscription same|own]\n"
    "                 [--config FILE]\n";

/* --- the file --- */

struct file {
    const char **public_names;
    size_t public_names_n;
    uint32_t body_kib, connections, connections_per_address, head_s, body_s, idle_s;
    uint32_t requests_per_second, writes_per_second, wrong_keys_per_minute;
    uint32_t circuits, circuits_per_region;
    bool m365_authorised;
    const char *mirror_dir, *mirror_proxy;
    struct party *parties;
    size_t parties_n;
    uint32_t token_key_days;
    const char *issuer_url, *issuer_audience, *issuer_ca_file;
};

static const struct field limit_rows[] = {
    {"body_kib", FIELD_U32, offsetof(struct file, body_kib), .min = 16, .max = 1 << 20},
    {"connections", FIELD_U32, offsetof(struct file, connections), .min = 16, .max = 65536},
    {"connections_per_address", FIELD_U32, offsetof(struct file, connections_per_address), .min = 4,
     .max = 65536},
    {"head_s", FIELD_U32, offsetof(struct file, head_s), .max = 3600,
     .help = "how long the head of a request may take; 30"},
    {"body_s", FIELD_U32, offsetof(struct file, body_s), .max = 3600,
     .help = "how long its body may take; 120"},
    {"idle_s", FIELD_U32, offsetof(struct file, idle_s), .max = 3600,
     .help = "how long a connection waits for the next; 75"},
    {"requests_per_second", FIELD_U32, offsetof(struct file, requests_per_second)},
    {"writes_per_second", FIELD_U32, offsetof(struct file, writes_per_second)},
    {"wrong_keys_per_minute", FIELD_U32, offsetof(struct file, wrong_keys_per_minute), .max = 1000,
     .help = "service keys that open nothing, before a client waits; 10; 0: no matter"},
    {"circuits", FIELD_U32, offsetof(struct file, circuits), .help = "of a subscription"},
    {"circuits_per_region", FIELD_U32, offsetof(struct file, circuits_per_region),
     .help = "of a subscription"},
    {0},
};

static const struct field mirror_rows[] = {
    {"directory", FIELD_TEXT, offsetof(struct file, mirror_dir), FIELD_REQUIRED, .max = 4000,
     .help = "the cache of `fairlead m365 sync`"},
    {"proxy", FIELD_TEXT, offsetof(struct file, mirror_proxy), .max = 200,
     .help = "what PAC files send the rest to"},
    {0},
};

static const struct field party_rows[] = {
    {"name", FIELD_TEXT, offsetof(struct party, name), FIELD_REQUIRED, .max = 40,
     .help = "of the account file, NAME.json"},
    {"provider", FIELD_TEXT, offsetof(struct party, provider), .max = 80,
     .help = "the service provider whose circuits it provisions; without it a customer"},
    {0},
};

static const struct field issuer_rows[] = {
    {"url", FIELD_TEXT, offsetof(struct file, issuer_url), FIELD_REQUIRED, .max = 400,
     .help = "of an OpenID Connect issuer, as its tokens have it in iss"},
    {"audience", FIELD_TEXT, offsetof(struct file, issuer_audience), FIELD_REQUIRED, .max = 400,
     .help = "what its tokens for us have in aud"},
    {"ca_file", FIELD_TEXT, offsetof(struct file, issuer_ca_file), .max = 4000,
     .help = "who vouches for its certificate; the system's authorities by default"},
    {0},
};

static const struct field file_rows[] = {
    {"public_names", FIELD_TEXTS, offsetof(struct file, public_names), .max = 200,
     .count_at = offsetof(struct file, public_names_n)},
    {"limits", FIELD_OBJECT, 0, .sub = limit_rows},
    {"m365_authorised", FIELD_BOOL, offsetof(struct file, m365_authorised),
     .help = "may route filters with communities of Office 365 be attached"},
    {"issuer", FIELD_OBJECT, 0, .sub = issuer_rows},
    {"parties", FIELD_LIST, offsetof(struct file, parties), .max = 60, .sub = party_rows,
     .size = sizeof(struct party), .count_at = offsetof(struct file, parties_n)},
    {"token_key_days", FIELD_U32, offsetof(struct file, token_key_days), .min = 1, .max = 3650,
     .help = "how long a key signs tokens before the next does"},
    {"m365_mirror", FIELD_OBJECT, 0, .sub = mirror_rows},
    {0},
};

static bool name_sane(const char *s)
{
    static const char *const taken[] = {"admin", "provider", "reader", "operator"};
    for (size_t i = 0; i < ARRAY_LEN(taken); i++)
        if (strcmp(s, taken[i]) == 0) return false;
    return *s && strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789-") == strlen(s);
}

static void judge_parties(struct file *f, struct problems *ps, struct arena *a)
{
    for (size_t i = 0; i < f->parties_n; i++) {
        struct party *p = &f->parties[i];
        if (p->provider && !*p->provider) p->provider = NULL;
        bool fine = name_sane(p->name ? p->name : "");
        for (size_t k = 0; fine && k < i; k++) fine = strcmp(f->parties[k].name, p->name) != 0;
        if (!fine)
            problem_add(ps, fields_pointer_at(a, "/parties", i),
                        "a name of its own: small letters, digits, '-'", "",
                        "this name is taken, or is none");
    }
}

static bool read_file(const char *path, struct arena *a, struct settings *s)
{
    struct problems ps;
    struct file f = {.token_key_days = TOKEN_KEY_DAYS,
                     .requests_per_second = REQUESTS_PER_SECOND,
                     .writes_per_second = WRITES_PER_SECOND,
                     .wrong_keys_per_minute = WRONG_KEYS_PER_MINUTE,
                     .m365_authorised = true};
    problems_init(&ps, a);
    struct yaml_doc *doc = yaml_read_file(path, &ps);
    if (yaml_root(doc)) fields_read(file_rows, yaml_root(doc), &f, a, &ps, "");
    if (f.public_names_n > SETTINGS_NAMES_MAX)
        problem_add(&ps, "/public_names", "at most 16 names", "", "too many names");
    if (f.mirror_proxy && *f.mirror_proxy && !pac_proxy_is_sane(f.mirror_proxy))
        problem_add(&ps, "/m365_mirror/proxy", "letters, digits and . : ; - _ [ ]", "",
                    "is nothing a PAC file may name");
    if (f.issuer_url && strncmp(f.issuer_url, "https://", 8) != 0 && *f.issuer_url)
        problem_add(&ps, "/issuer/url", "begins with https://", "", "is no such address");
    judge_parties(&f, &ps, a);
    yaml_print_problems(doc, &ps, stderr);
    yaml_drop(doc);
    s->public_names = f.public_names;
    s->issuer_url = f.issuer_url && *f.issuer_url ? f.issuer_url : NULL;
    s->issuer_audience = f.issuer_audience;
    s->issuer_ca_file = f.issuer_ca_file;
    s->parties = f.parties;
    s->parties_n = f.parties_n;
    s->token_key_days = f.token_key_days;
    s->mirror_dir = f.mirror_dir && *f.mirror_dir ? f.mirror_dir : NULL;
    s->mirror_proxy = f.mirror_proxy && *f.mirror_proxy ? f.mirror_proxy : NULL;
    s->public_names_n = f.public_names_n;
    s->limits = (struct http_limits){.body = (size_t)f.body_kib << 10,
                                     .connections = f.connections,
                                     .connections_per_address = f.connections_per_address,
                                     .head_s = f.head_s,
                                     .body_s = f.body_s,
                                     .idle_s = f.idle_s};
    s->requests_per_second = f.requests_per_second;
    s->writes_per_second = f.writes_per_second;
    s->wrong_keys_per_minute = f.wrong_keys_per_minute;
    s->circuits = f.circuits;
    s->no_m365 = !f.m365_authorised;
    s->circuits_per_region = f.circuits_per_region;
    return ps.count == 0;
}

/* --- the options --- */

struct words {
    const char *state_dir, *listen, *store, *pace, *subscription, *config;
};

static bool fail(const char *what, const char *word)
{
    struct text shown = {0};
    text_add_escaped(&shown, word, strlen(word), 80);
    fprintf(stderr, "fairleadd: %s '%s'\n%s", what, text_get(&shown), usage);
    text_drop(&shown);
    return false;
}

static bool take_words(int argc, char **argv, struct words *w)
{
    const struct {
        const char *name;
        const char **value;
    } rows[] = {
        {"--state-dir", &w->state_dir}, {"--listen", &w->listen},
        {"--store", &w->store},         {"--pace", &w->pace},
        {"--config", &w->config},       {"--provider-subscription", &w->subscription},
    };
    for (int i = 1; i < argc; i++) {
        size_t n = strcspn(argv[i], "="), r = 0;
        while (r < ARRAY_LEN(rows) &&
               (strlen(rows[r].name) != n || strncmp(rows[r].name, argv[i], n) != 0))
            r++;
        if (r == ARRAY_LEN(rows)) return fail("unknown option", argv[i]);
        if (argv[i][n])
            *rows[r].value = argv[i] + n + 1;
        else if (i + 1 < argc)
            *rows[r].value = argv[++i];
        else
            return fail("a value is missing after", argv[i]);
    }
    return true;
}

static bool pace_parse(const char *s, double *out)
{
    char *end;
    if (strcmp(s, "instant") == 0) return *out = 0, true;
    if (strcmp(s, "realistic") == 0) return *out = 1, true;
    *out = strtod(s, &end);
    return *s >= '0' && *s <= '9' && !*end && *out >= 0 && *out <= 100;
}

static bool judge_words(const struct words *w, struct settings *out)
{
    if (!w->state_dir || !w->listen) {
        fprintf(stderr, "fairleadd: --state-dir and --listen are needed\n%s", usage);
        return false;
    }
    bool etcd = w->store && strncmp(w->store, "etcd:", 5) == 0;
    if (w->store && !etcd && strcmp(w->store, "sqlite") != 0)
        return fail("--store is sqlite or etcd:http://HOST:PORT[,..], not", w->store);
    if (etcd) out->etcd = w->store + 5;
    if (w->subscription && strcmp(w->subscription, "same") != 0 &&
        strcmp(w->subscription, "own") != 0)
        return fail("--provider-subscription is same or own, not", w->subscription);
    if (w->pace && !pace_parse(w->pace, &out->pace))
        return fail("--pace is instant, realistic or a factor from 0 to 100, not", w->pace);
    out->state_dir = w->state_dir;
    out->listen = w->listen;
    out->same_subscription = w->subscription && strcmp(w->subscription, "same") == 0;
    return true;
}

int settings_read(int argc, char **argv, struct arena *a, struct settings *out)
{
    struct words w = {0};
    *out = (struct settings){.token_key_days = TOKEN_KEY_DAYS,
                             .requests_per_second = REQUESTS_PER_SECOND,
                             .writes_per_second = WRITES_PER_SECOND,
                             .wrong_keys_per_minute = WRONG_KEYS_PER_MINUTE};
    if (!take_words(argc, argv, &w) || !judge_words(&w, out)) return USAGE;
    return !w.config || read_file(w.config, a, out) ? 0 : USAGE;
}
