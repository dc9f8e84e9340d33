/* m365/cache_json.c - our own file, read as strictly as everything else: it may be damaged. */
#include "m365/cache_json.h"
#include <string.h>
#include "m365/feed_json.h"
#include "m365/version_json.h"

static int64_t seconds(const json_t *o, const char *key, struct problems *ps)
{
    const json_t *v = json_object_get(o, key);
    if (json_is_integer(v) && json_integer_value(v) >= 0) return json_integer_value(v);
    problem_add(ps, key, "", "", "must be seconds since 1970");
    return 0;
}

static bool read_head(const json_t *o, struct cache *c, struct problems *ps)
{
    const char *instance = json_string_value(json_object_get(o, "instance"));
    const char *version = json_string_value(json_object_get(o, "version"));
    if (!instance || !instance_parse(instance, &c->instance) || !version ||
        !version_is_sane(version)) {
        problem_add(ps, "", "", "", "a copy needs its instance and version");
        return false;
    }
    memcpy(c->version, version, 10);
    c->fetched_s = seconds(o, "fetchedAt", ps);
    c->checked_s = seconds(o, "checkedAt", ps);
    c->not_before_s = seconds(o, "notBefore", ps);
    return true;
}

bool cache_parse(const char *bytes, size_t n, struct arena *a, struct problems *ps,
                 struct cache *out)
{
    size_t before = ps->count;
    struct cache c = {0};
    json_t *o = document_load(bytes, n, FEED_BYTES_MAX, ps);
    if (!o) return false;
    bool fine = read_head(o, &c, ps) && feed_read(json_object_get(o, "endpoints"), a, ps, &c.feed);
    json_decref(o);
    if (!fine || ps->count != before) return false;
    *out = c;
    return true;
}

json_t *cache_write(const struct cache *c)
{
    struct selection all = {0};
    return json_pack("{s:s,s:s,s:I,s:I,s:I,s:o}", "instance", instance_text(c->instance), "version",
                     c->version, "fetchedAt", (json_int_t)c->fetched_s, "checkedAt",
                     (json_int_t)c->checked_s, "notBefore", (json_int_t)c->not_before_s,
                     "endpoints", feed_write(&c->feed, &all));
}
