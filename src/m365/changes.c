/* m365/changes.c - computing, applying and reading the weight of change records.
 *
 * A scalar that stands in `previous` and not in `current` was taken away (a set loses its notes or
 * its UDP ports this way). Records carry no order on the wire; they are sorted by version and id.
 */
#include "m365/changes.h"
#include <stdlib.h>
#include <string.h>
#include "base/text.h"

static const char *const disposition_names[DISPOSITIONS] = {"Change", "Add", "Remove"};

const char *disposition_text(enum disposition d) { return disposition_names[d]; }

bool disposition_parse(const char *s, enum disposition *out)
{
    for (int i = 0; i < DISPOSITIONS; i++)
        if (text_same_nocase(s, disposition_names[i])) {
            *out = (enum disposition)i;
            return true;
        }
    return false;
}

/* clang-format off */
static const struct impact_row impacts[] = {
    {"AddedIp",                 URGENT_BY_DATE,  "open firewalls, NAT and routes before the date"},
    {"AddedUrl",                URGENT_BY_DATE,  "add to proxy, PAC and URL filters before the date"},
    {"AddedIpAndUrl",           URGENT_BY_DATE,  "firewalls and proxies before the date"},
    {"AddedSubstituteUrl",      URGENT_NOW,      "add at once: the wildcard that held this name is gone"},
    {"RemovedIpOrUrl",          URGENT_CLEAN_UP, "remove when convenient"},
    {"ChangedIsExpressRoute",   URGENT_REVIEW,   "compute circuit routing, PAC and ACL again"},
    {"MovedIpOrUrl",            URGENT_NOT,      "usually nothing: moved between sets"},
    {"RemovedDuplicateIpOrUrl", URGENT_NOT,      "usually nothing: still in another set"},
    {"OtherNonPriorityChanges", URGENT_NOT,      "usually nothing: attributes of the set"},
};
/* clang-format on */
static const struct impact_row impact_absent = {
    "", URGENT_REVIEW, "a record older than 2018112800 carries no impact: look at it"};
static const struct impact_row impact_unknown = {
    "unknown", URGENT_REVIEW, "an impact this program does not know: look at the record"};

const struct impact_row *impact_of(const struct change *c)
{
    if (!*c->impact) return &impact_absent;
    for (size_t i = 0; i < ARRAY_LEN(impacts); i++)
        if (text_same_nocase(c->impact, impacts[i].impact)) return &impacts[i];
    return &impact_unknown;
}

const char *urgency_text(enum urgency u)
{
    static const char *const names[] = {"now", "by date", "review", "clean up", "none"};
    return names[u];
}

bool change_turns_express_route(const struct change *c)
{
    unsigned both = c->previous.has & c->current.has & SCALAR_EXPRESS_ROUTE;
    if (text_same_nocase(c->impact, "ChangedIsExpressRoute")) return true;
    return both && c->previous.v.express_route != c->current.v.express_route;
}

static int by_version_id(const void *a, const void *b)
{
    const struct change *x = a, *y = b;
    int c = strcmp(x->version, y->version);
    return c ? c : x->id < y->id ? -1 : x->id > y->id;
}

void changes_sort(struct changes *c)
{
    if (c->n) qsort(c->c, c->n, sizeof *c->c, by_version_id);
}

/* --- computing ------------------------------------------------------------------------------- */

static bool subtract(const struct endpoint_set *a, const struct endpoint_set *b,
                     struct arena *arena, struct endpoint_set *out)
{
    *out = (struct endpoint_set){.area = "", .area_name = "", .notes = ""};
    out->urls = arena_take_array(arena, a->url_count + 1, sizeof *out->urls);
    out->ips = arena_take_array(arena, a->ip_count + 1, sizeof *out->ips);
    if (!out->urls || !out->ips) return false;
    for (size_t i = 0; i < a->url_count; i++)
        if (!set_has_url(b, a->urls[i])) out->urls[out->url_count++] = a->urls[i];
    for (size_t i = 0; i < a->ip_count; i++)
        if (!set_has_ip(b, &a->ips[i])) out->ips[out->ip_count++] = a->ips[i];
    return true;
}

static unsigned scalars_of(const struct endpoint_set *s)
{
    return SCALAR_EXPRESS_ROUTE | SCALAR_AREA | SCALAR_CATEGORY | SCALAR_REQUIRED |
           (s->tcp.n ? SCALAR_TCP : 0u) | (s->udp.n ? SCALAR_UDP : 0u) |
           (*s->notes ? SCALAR_NOTES : 0u);
}

static unsigned scalars_differing(const struct endpoint_set *a, const struct endpoint_set *b)
{
    return (a->express_route != b->express_route ? SCALAR_EXPRESS_ROUTE : 0u) |
           (strcmp(a->area, b->area) ? SCALAR_AREA : 0u) |
           (a->category != b->category ? SCALAR_CATEGORY : 0u) |
           (a->required != b->required ? SCALAR_REQUIRED : 0u) |
           (!ports_equal(&a->tcp, &b->tcp) ? SCALAR_TCP : 0u) |
           (!ports_equal(&a->udp, &b->udp) ? SCALAR_UDP : 0u) |
           (strcmp(a->notes, b->notes) ? SCALAR_NOTES : 0u);
}

/* Does every url and ip of `part` stand in some set of f? */
static bool all_elsewhere(const struct feed *f, const struct endpoint_set *part)
{
    for (size_t i = 0; i < part->url_count; i++) {
        bool found = false;
        for (size_t k = 0; k < f->count && !found; k++)
            found = set_has_url(&f->sets[k], part->urls[i]);
        if (!found) return false;
    }
    for (size_t i = 0; i < part->ip_count; i++) {
        bool found = false;
        for (size_t k = 0; k < f->count && !found; k++)
            found = set_has_ip(&f->sets[k], &part->ips[i]);
        if (!found) return false;
    }
    return true;
}

static const char *impact_guess(const struct feed *before, const struct feed *after,
                                const struct change *c)
{
    const struct endpoint_set *add = &c->add, *remove = &c->remove;
    if (change_turns_express_route(c)) return "ChangedIsExpressRoute";
    if (add->ip_count + add->url_count) {
        if (all_elsewhere(before, add)) return "MovedIpOrUrl";
        if (add->ip_count && add->url_count) return "AddedIpAndUrl";
        return add->ip_count ? "AddedIp" : "AddedUrl";
    }
    if (remove->ip_count + remove->url_count)
        return all_elsewhere(after, remove) ? "RemovedDuplicateIpOrUrl" : "RemovedIpOrUrl";
    return "OtherNonPriorityChanges";
}

static bool compare_sets(const struct feed *before, const struct feed *after,
                         const struct endpoint_set *old, const struct endpoint_set *new,
                         struct arena *a, struct change *out)
{
    static const struct endpoint_set nothing = {.area = "", .area_name = "", .notes = ""};
    const struct endpoint_set *from = old ? old : &nothing, *to = new ? new : &nothing;
    out->disposition = !old ? DISPOSITION_ADD : !new ? DISPOSITION_REMOVE : DISPOSITION_CHANGE;
    out->set_id = old ? old->id : to->id;
    out->impact = out->effective = out->description = "";
    if (!subtract(to, from, a, &out->add) || !subtract(from, to, a, &out->remove)) return false;
    unsigned differ = old && new ? scalars_differing(from, to) : ~0u;
    out->previous = (struct scalars){.has = old && new ? differ &scalars_of(from) : 0, .v = *from};
    out->current = (struct scalars){.has = new ? differ &scalars_of(to) : 0, .v = *to};
    out->impact = impact_guess(before, after, out);
    return true;
}

bool changes_between(const struct feed *before, const struct feed *after, const char *version,
                     struct arena *a, struct changes *out)
{
    struct changes cs = {.c = arena_take_array(a, before->count + after->count + 1, sizeof *cs.c)};
    const char *label = arena_text(a, version);
    if (!cs.c || !label) return false;
    for (size_t i = 0, k = 0; i < before->count || k < after->count;) {
        const struct endpoint_set *old = i < before->count ? &before->sets[i] : NULL;
        const struct endpoint_set *new = k < after->count ? &after->sets[k] : NULL;
        if (old && new && old->id != new->id) {
            if (old->id < new->id)
                new = NULL;
            else
                old = NULL;
        }
        i += old != NULL;
        k += new != NULL;
        if (old && new &&set_equal(old, new)) continue;
        struct change *c = &cs.c[cs.n];
        if (!compare_sets(before, after, old, new, a, c)) return false;
        c->version = label;
        c->id = (uint32_t)++cs.n;
    }
    *out = cs;
    return true;
}

/* --- applying -------------------------------------------------------------------------------- */

static void apply_scalars(struct endpoint_set *s, const struct scalars *previous,
                          const struct scalars *current)
{
    unsigned gone = previous->has & ~current->has, set = current->has;
    const struct endpoint_set *v = &current->v;
    if (set & SCALAR_EXPRESS_ROUTE) s->express_route = v->express_route;
    if (set & SCALAR_AREA) s->area = v->area;
    if (set & SCALAR_CATEGORY) s->category = v->category;
    if (set & SCALAR_REQUIRED) s->required = v->required;
    if ((set | gone) & SCALAR_TCP) s->tcp = set & SCALAR_TCP ? v->tcp : (struct ports){0};
    if ((set | gone) & SCALAR_UDP) s->udp = set & SCALAR_UDP ? v->udp : (struct ports){0};
    if ((set | gone) & SCALAR_NOTES) s->notes = set & SCALAR_NOTES ? v->notes : "";
}

static bool apply_lists(struct endpoint_set *s, const struct change *c, struct arena *a)
{
    struct endpoint_set kept;
    if (!subtract(s, &c->remove, a, &kept)) return false;
    const char **urls = arena_take_array(a, kept.url_count + c->add.url_count + 1, sizeof *urls);
    struct prefixes ips = prefixes_in(a);
    if (!urls) return false;
    s->urls = urls;
    s->url_count = 0;
    for (size_t i = 0; i < kept.url_count; i++) s->urls[s->url_count++] = kept.urls[i];
    for (size_t i = 0; i < c->add.url_count; i++)
        if (!set_has_url(s, c->add.urls[i])) s->urls[s->url_count++] = c->add.urls[i];
    prefixes_add_all(&ips, kept.ips, kept.ip_count);
    prefixes_add_all(&ips, c->add.ips, c->add.ip_count);
    prefixes_sort(&ips);
    s->ips = ips.p;
    s->ip_count = ips.n;
    return !ips.full;
}

static struct endpoint_set *slot_of(struct feed *f, uint32_t id)
{
    for (size_t i = 0; i < f->count; i++)
        if (f->sets[i].id == id) return &f->sets[i];
    return NULL;
}

static struct endpoint_set *slot_new(struct feed *f, uint32_t id)
{
    size_t at = f->count++;
    for (; at && f->sets[at - 1].id > id; at--) f->sets[at] = f->sets[at - 1];
    f->sets[at] = (struct endpoint_set){.id = id, .area = "", .area_name = "", .notes = ""};
    return &f->sets[at];
}

static void slot_drop(struct feed *f, struct endpoint_set *s)
{
    size_t at = (size_t)(s - f->sets);
    memmove(s, s + 1, (f->count - at - 1) * sizeof *s);
    f->count--;
}

bool changes_apply(const struct feed *f, const struct changes *changes, struct arena *a,
                   struct feed *out, size_t *out_orphans)
{
    struct feed now = {.count = f->count};
    size_t orphans = 0;
    now.sets = arena_take_array(a, f->count + changes->n + 1, sizeof *now.sets);
    if (!now.sets) return false;
    if (f->count) memcpy(now.sets, f->sets, f->count * sizeof *now.sets);
    for (size_t i = 0; i < changes->n; i++) {
        const struct change *c = &changes->c[i];
        struct endpoint_set *s = slot_of(&now, c->set_id);
        if (!s && c->disposition == DISPOSITION_ADD) s = slot_new(&now, c->set_id);
        if (!s) {
            orphans++;
        } else if (c->disposition == DISPOSITION_REMOVE) {
            slot_drop(&now, s);
        } else {
            apply_scalars(s, &c->previous, &c->current);
            if (!apply_lists(s, c, a)) return false;
        }
    }
    *out = now;
    *out_orphans = orphans;
    return true;
}

/* --- dates ----------------------------------------------------------------------------------- */

/* Days from the civil date; the year starts in March so that the leap day is its last. */
static int64_t days_of(int64_t y, int64_t m, int64_t d)
{
    y -= m <= 2;
    int64_t era = y / 400, yoe = y - era * 400;
    int64_t doy = (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + d - 1;
    int64_t doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
    return era * 146097 + doe - 719468;
}

bool date_parse(const char *s, int64_t *out_days)
{
    int digits[8];
    size_t n = 0;
    for (; *s && n < 8; s++) {
        if (*s == '-' && (n == 4 || n == 6)) continue;
        if (*s < '0' || *s > '9') return false;
        digits[n++] = *s - '0';
    }
    if (n != 8) return false;
    int y = digits[0] * 1000 + digits[1] * 100 + digits[2] * 10 + digits[3];
    int m = digits[4] * 10 + digits[5], d = digits[6] * 10 + digits[7];
    if (y < 1970 || m < 1 || m > 12 || d < 1 || d > 31) return false;
    *out_days = days_of(y, m, d);
    return true;
}
