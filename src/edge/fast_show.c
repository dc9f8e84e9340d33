/* edge/fast_show.c - counters and tables of the fast path as JSON. */
#include <stdio.h>
#include <string.h>
#include "edge/fast_priv.h"
#include "edge/json_out.h"

static void put_drop(struct text *out, const struct fast_dom *d, int fate, uint64_t packets)
{
    char where[60];
    snprintf(where, sizeof where, "domain %s", d->name);
    text_add(out, ",{\"where\":");
    json_put(out, where);
    json_put_key(out, "reason", fast_fates[fate].text);
    json_put_key(out, "name", fast_fates[fate].name);
    text_addf(out, ",\"packets\":%llu}", (unsigned long long)packets);
}

void fast_show_drops(const struct fast *f, struct text *out)
{
    if (!f->path) return;
    for (const struct fast_dom *d = f->domains; d; d = d->next)
        for (int fate = 0; fate < FAST_FATES; fate++) {
            if (fast_fates[fate].kind != FAST_DROP_KIND) continue;
            struct fast_count c = fastpath_count(f->path, d->number, (enum fast_fate)fate);
            if (c.packets) put_drop(out, d, fate, c.packets);
        }
}

/* A domain's fates with packets, as rows of a list. */
static void put_fates(const struct fast *f, const struct fast_dom *d, const char *between, struct text *out)
{
    static const char *const kinds[] = {"forwarded", "punted", "dropped"};
    for (int fate = 0; fate < FAST_FATES; fate++) {
        struct fast_count c = fastpath_count(f->path, d->number, (enum fast_fate)fate);
        if (!c.packets) continue;
        text_addf(out, "%s{\"domain\":", between);
        json_put(out, d->name);
        json_put_key(out, "name", fast_fates[fate].name);
        json_put_key(out, "kind", kinds[fast_fates[fate].kind]);
        json_put_key(out, "text", fast_fates[fate].text);
        text_addf(out, ",\"packets\":%llu,\"bytes\":%llu}", (unsigned long long)c.packets, (unsigned long long)c.bytes);
        between = ",";
    }
}

void fast_show(const struct fast *f, struct text *out)
{
    text_addf(out, "{\"working\":%s", f->path && !f->failed ? "true" : "false");
    if (!f->path) {
        text_add(out, "}");
        return;
    }
    text_addf(out, ",\"by_address\":%s", fastpath_by_address(f->path) ? "true" : "false");
    text_addf(out, ",\"commits\":%llu,\"resyncs\":%llu,\"routes\":%zu,\"next_hops\":%zu,\"blocks_free\":%zu,\"ports\":[",
              (unsigned long long)f->commits, (unsigned long long)f->resyncs, rivals_count(f->rivals),
              (size_t)FAST_HOPS - HOPS_FIXED - f->free_rows_n - f->retired_rows_n, trie_blocks_free(f->trie));
    for (size_t k = 0; k < f->ports_n; k++) {
        text_add(out, k ? ",{\"name\":" : "{\"name\":");
        json_put(out, f->ports[k].name);
        text_addf(out, ",\"attached\":%s,\"takes_redirects\":%s}", f->ports[k].attached ? "true" : "false",
                  f->ports[k].takes ? "true" : "false");
    }
    text_add(out, "],\"domains\":[");
    for (const struct fast_dom *d = f->domains; d; d = d->next) {
        text_add(out, d == f->domains ? "{\"name\":" : ",{\"name\":");
        json_put(out, d->name);
        text_addf(out, ",\"overflowed\":%s,\"fates\":[", d->overflowed ? "true" : "false");
        put_fates(f, d, "", out);
        text_add(out, "]}");
    }
    text_add(out, "],\"fates\":[");
    size_t begin = out->n;
    for (const struct fast_dom *d = f->domains; d; d = d->next) put_fates(f, d, out->n > begin ? "," : "", out);
    text_add(out, "]}");
}

static const char *const classes[FAST_CLASSES] = {"voice", "interactive", "default", "unlisted"};

struct fast_bytes fast_show_classes(const struct fast *f, const char *domain, const char *attachment, struct text *out)
{
    struct fast_bytes sum = {0};
    const struct fast_att *a = f->path ? f->atts : NULL;
    while (a && (strcmp(a->domain->name, domain) != 0 || strcmp(a->name, attachment) != 0)) a = a->next;
    for (int k = 0; a && (a->rules.policer_in || a->rules.policer_out) && k < FAST_CLASSES; k++) {
        const struct fast_policer *in = &f->tables.policers[a->rules.policer_in];
        const struct fast_policer *to = &f->tables.policers[a->rules.policer_out]; /* row 0 counts nothing */
        text_addf(out, "%s{\"class\":\"%s\",\"rx_bytes\":%llu,\"tx_bytes\":%llu,\"rx_dropped\":%llu,\"tx_dropped\":%llu}",
                  k ? "," : "", classes[k], (unsigned long long)in->passed[k].bytes, (unsigned long long)to->passed[k].bytes,
                  (unsigned long long)in->dropped[k].bytes, (unsigned long long)to->dropped[k].bytes);
        sum.rx += in->passed[k].bytes;
        sum.tx += to->passed[k].bytes;
    }
    return sum;
}

static void put_policer(const struct fast *f, const struct fast_att *a, const char *direction, uint32_t row,
                        const char *between, struct text *out)
{
    const struct fast_policer *p = &f->tables.policers[row];
    for (int k = 0; row && k < FAST_CLASSES; k++) {
        text_addf(out, "%s{\"domain\":", k ? "," : between);
        json_put(out, a->domain->name);
        json_put_key(out, "attachment", a->name);
        json_put_key(out, "direction", direction);
        json_put_key(out, "class", classes[k]);
        text_addf(out, ",\"passed\":%llu,\"dropped\":%llu}", (unsigned long long)p->passed[k].packets,
                  (unsigned long long)p->dropped[k].packets);
    }
}

static void put_kept(const char *key, uint64_t kept, struct text *out)
{
    const char *between = "";
    text_addf(out, ",\"%s\":", key);
    if (kept == ~0ULL) {
        text_add(out, "\"all\"");
        return;
    }
    text_add(out, "[");
    for (unsigned d = 0; d < 64; d++)
        if (kept >> d & 1) text_addf(out, "%s%u", between, d), between = ",";
    text_add(out, "]");
}

void fast_show_qos(const struct fast *f, struct text *out)
{
    const char *between = "";
    text_add(out, "{\"configured\":true,\"profile\":");
    json_put(out, f->intent && f->intent->qos_profile == PROFILE_2015_10 ? "2015-10" : "2019-04");
    text_add(out, ",\"attachments\":[");
    for (const struct fast_att *a = f->path ? f->atts : NULL; a; a = a->next) {
        text_addf(out, "%s{\"name\":", between);
        json_put(out, a->name);
        json_put_key(out, "domain", a->domain->name);
        put_kept("dscp_kept_in", a->row.dscp_in, out);
        put_kept("dscp_kept_out", a->row.dscp_out, out);
        text_add(out, "}");
        between = ",";
    }
    text_add(out, "],\"classes\":[");
    size_t begin = out->n;
    for (const struct fast_att *a = f->path ? f->atts : NULL; a; a = a->next) {
        put_policer(f, a, "in", a->rules.policer_in, out->n > begin ? "," : "", out);
        put_policer(f, a, "out", a->rules.policer_out, out->n > begin ? "," : "", out);
    }
    text_add(out, "]");
}

void fast_show_nat(const struct fast *f, struct text *out) { nat_show(f, out); }
