/* edge/fast_rules.c - access lists, source tables, policers and punt buckets of attachments. */
#include <stdlib.h>
#include <string.h>
#include "edge/fast_priv.h"

enum {
    CONTROL_PPS = 4000, /* an attachment's ARP, ND, BGP, BFD ... */
    PUNT_PPS = 50000,   /* and everything else that takes the slow path */
    QUEUE_PPS = 300000, /* the same where a whole circuit does, for its queues: what a processor can do */
    BURST_LEAST = 15000, /* ten packets */
    BURST_MS = 10,
    VOICE_PERCENT = 30,
    ANY_HOP = HOP_LOCAL, /* in a source table the entry only says yes */
};

/* --- classes --- */

/* Voice, interactive, everything listed and the default, and what is not listed at all. */
void classes_write(struct fast *f)
{
    uint8_t of[64];
    memset(of, 3, sizeof of);
    of[46] = 0;
    of[34] = of[18] = 1;
    of[10] = of[0] = 2;
    if (f->intent->qos_profile == PROFILE_2015_10) of[24] = 1;
    fast_classes_set(f->tables.config, of);
}

/* --- access lists --- */

static uint32_t mask_word(unsigned len)
{
    uint32_t m = len ? 0xffffffffu << (32 - len) : 0;
    return __builtin_bswap32(m);
}

static void address_and_mask(const struct prefix *p, uint8_t address[16], uint8_t mask[16])
{
    memset(mask, 0, 16);
    memcpy(address, p->addr.b, 16);
    for (unsigned k = 0; k < p->len; k++) mask[k / 8] |= (uint8_t)(0x80 >> k % 8);
}

struct ports {
    uint16_t low, high;
};

static struct ports ports_of(const struct intent_rule *r)
{
    if (r->source_port) return (struct ports){r->source_port, r->source_port_to ? r->source_port_to : r->source_port};
    if (!r->port) return (struct ports){0, 0xffff};
    return (struct ports){r->port, r->port_to ? r->port_to : r->port};
}

static uint8_t flags_of(const struct intent_rule *r)
{
    return (uint8_t)(FAST_ROW_USED | (r->source_port ? FAST_ROW_SOURCE_PORT : 0));
}

static uint8_t mark_of(const struct intent_rule *r) { return r->dscp >= INTENT_UNMARKED ? FAST_UNMARKED : r->dscp; }

static const uint8_t protocols[] = {
    [PROTOCOL_ANY] = 0, [PROTOCOL_TCP] = 6, [PROTOCOL_UDP] = 17, [PROTOCOL_ICMP] = 1, [PROTOCOL_ICMPV6] = 58};

static struct fast_acl4 row4(const struct intent_rule *r)
{
    uint32_t source, target;
    struct ports p = ports_of(r);
    memcpy(&source, r->source.addr.b, 4);
    memcpy(&target, r->target.addr.b, 4);
    return (struct fast_acl4){.source = source, .source_mask = mask_word(r->source.len), .target = target,
                              .target_mask = mask_word(r->target.len), .port_low = p.low, .port_high = p.high,
                              .proto = protocols[r->protocol], .action = (uint8_t)r->action, .mark = mark_of(r), .used = flags_of(r)};
}

static struct fast_acl6 row6(const struct intent_rule *r)
{
    struct ports p = ports_of(r);
    struct fast_acl6 x = {.port_low = p.low, .port_high = p.high, .proto = protocols[r->protocol],
                          .action = (uint8_t)r->action, .mark = mark_of(r), .used = flags_of(r)};
    address_and_mask(&r->source, (uint8_t *)x.source, (uint8_t *)x.source_mask);
    address_and_mask(&r->target, (uint8_t *)x.target, (uint8_t *)x.target_mask);
    return x;
}

/* Which family a rule is about; without addresses it is about both. */
static bool about(const struct intent_rule *r, enum family f)
{
    uint8_t named = r->source.addr.family ? r->source.addr.family : r->target.addr.family;
    if (r->protocol == PROTOCOL_ICMP && f != FAMILY_IPV4) return false;
    if (r->protocol == PROTOCOL_ICMPV6 && f != FAMILY_IPV6) return false;
    return !named || named == (uint8_t)f;
}

static void free_acl(struct fast *f, uint32_t part)
{
    for (uint32_t next; part; part = next) {
        next = f->tables.acls[part].next;
        f->acls[part] = false;
    }
}

static uint32_t take_part(struct fast *f)
{
    for (uint32_t k = 1; k < FAST_ACLS && k < f->tables.acls_n; k++)
        if (!f->acls[k]) {
            f->acls[k] = true;
            memset(&f->tables.acls[k], 0, sizeof *f->tables.acls);
            return k;
        }
    return 0;
}

/* An attachment's marks and its access list as one list. Marks alone deny nothing. */
static size_t all_rules(const struct intent_attachment *a, struct intent_rule out[static INTENT_ACL_MAX])
{
    size_t n = 0;
    for (size_t k = 0; k < a->mark_n && n < INTENT_ACL_MAX; k++) out[n++] = a->mark[k];
    for (size_t k = 0; k < a->acl_n && n < INTENT_ACL_MAX; k++) out[n++] = a->acl[k];
    if (a->mark_n && !a->acl_n && n < INTENT_ACL_MAX)
        out[n++] = (struct intent_rule){.action = ACL_PERMIT, .dscp = INTENT_UNMARKED};
    return n;
}

/* Rules of the two families are counted apart, and fill the parts of a list from the front. */
static uint32_t write_acl(struct fast *f, const struct intent_attachment *a)
{
    struct intent_rule rules[INTENT_ACL_MAX];
    size_t n = all_rules(a, rules);
    uint32_t parts[FAST_ACL_PARTS] = {0}, n4 = 0, n6 = 0;
    for (size_t k = 0; k < FAST_ACL_PARTS && k * FAST_ACL_ROWS < n; k++) {
        parts[k] = take_part(f);
        if (k) f->tables.acls[parts[k - 1]].next = parts[k];
        if (parts[k]) continue;
        free_acl(f, parts[0]);
        return 0;
    }
    for (size_t k = 0; k < n; k++) {
        const struct intent_rule *r = &rules[k];
        if (about(r, FAMILY_IPV4)) f->tables.acls[parts[n4 / FAST_ACL_ROWS]].v4[n4 % FAST_ACL_ROWS] = row4(r), n4++;
        if (about(r, FAMILY_IPV6)) f->tables.acls[parts[n6 / FAST_ACL_ROWS]].v6[n6 % FAST_ACL_ROWS] = row6(r), n6++;
    }
    return parts[0];
}

/* --- sources --- */

static bool put_source(struct fast *f, const struct att_rules *x, const struct prefix *p)
{
    return trie_put(f->trie, p->addr.family == FAMILY_IPV6 ? x->source6 : x->source4, p, ANY_HOP);
}

static void drop_sources(struct fast *f, const struct att_rules *x)
{
    if (x->source4) trie_table_drop(f->trie, x->source4, FAMILY_IPV4);
    if (x->source6) trie_table_drop(f->trie, x->source6, FAMILY_IPV6);
}

/* The declared prefixes, and the subnets of the attachment itself: the neighbour speaks from there. */
static bool write_sources(struct fast *f, struct att_rules *x, const struct intent_attachment *a)
{
    x->source4 = trie_table_make(f->trie);
    x->source6 = trie_table_make(f->trie);
    bool fine = x->source4 && x->source6;
    for (size_t k = 0; fine && k < a->sources_n; k++) fine = put_source(f, x, &a->sources[k]);
    for (size_t k = 0; fine && k < a->addresses_n; k++) {
        struct prefix subnet = prefix_of(&a->addresses[k].addr, a->addresses[k].len);
        fine = put_source(f, x, &subnet);
    }
    x->declared = fine;
    return fine;
}

/* --- rates --- */

static uint32_t take_policer(struct fast *f, const struct intent_attachment *a)
{
    uint64_t bits = (uint64_t)a->rate_mbps * 1000000, burst = bits / 8000 * (a->burst_ms ? a->burst_ms : BURST_MS);
    for (uint32_t k = 1; k < FAST_POLICERS; k++) {
        if (f->policers[k]) continue;
        f->policers[k] = true;
        fast_policer_set(&f->tables.policers[k], bits, burst < BURST_LEAST ? BURST_LEAST : (uint32_t)burst,
                         a->voice_percent ? a->voice_percent : VOICE_PERCENT);
        return k;
    }
    return 0;
}

/* --- all of an attachment --- */

static uint64_t shape_of_acl(const struct fast *f, const struct intent_attachment *a)
{
    struct intent_rule rules[INTENT_ACL_MAX];
    size_t n = all_rules(a, rules);
    uint64_t sum = 0;
    for (size_t k = 0; k < n; k++) {
        const struct intent_rule *r = &rules[k];
        struct fast_acl4 x = row4(r);
        struct fast_acl6 y = row6(r);
        uint32_t families = (uint32_t)about(r, FAMILY_IPV4) * 2 + about(r, FAMILY_IPV6) + 1u;
        sum = sum * 31 + hash_bytes(&f->key, &x, sizeof x) + hash_bytes(&f->key, &y, sizeof y) * families;
    }
    return n ? sum | 1 : 0;
}

static uint64_t shape_of_sources(const struct fast *f, const struct intent_attachment *a)
{
    uint64_t sum = 0;
    for (size_t k = 0; k < a->sources_n; k++) sum += hash_bytes(&f->key, &a->sources[k], sizeof *a->sources);
    for (size_t k = 0; k < a->addresses_n; k++) sum += 3 * hash_bytes(&f->key, &a->addresses[k], sizeof *a->addresses);
    return a->sources_n ? sum | 1 : 0;
}

static uint64_t shape_of_rate(const struct intent_attachment *a)
{
    uint64_t burst = (uint64_t)a->burst_ms << 8 | (uint64_t)a->queues << 7;
    return a->rate_mbps ? (uint64_t)a->rate_mbps << 32 | burst | a->voice_percent : 0;
}

/* What `from` has and `now` has not any more is freed after the switch. */
static void retire(struct fast *f, const struct att_rules *from)
{
    f->old_rules = realloc(f->old_rules, (f->old_rules_n + 1) * sizeof *f->old_rules);
    if (!f->old_rules) abort();
    f->old_rules[f->old_rules_n++] = *from;
}

static bool replace_acl(struct fast *f, struct fast_att *a, uint64_t shape)
{
    retire(f, &(struct att_rules){.acl = a->rules.acl});
    a->rules.acl_shape = shape;
    a->rules.acl = shape ? write_acl(f, a->wish) : 0;
    return !shape || a->rules.acl;
}

static bool replace_sources(struct fast *f, struct fast_att *a, uint64_t shape)
{
    retire(f, &(struct att_rules){.source4 = a->rules.source4, .source6 = a->rules.source6});
    a->rules.source_shape = shape;
    a->rules.source4 = a->rules.source6 = 0;
    a->rules.declared = false;
    return !shape || write_sources(f, &a->rules, a->wish);
}

static bool replace_rate(struct fast *f, struct fast_att *a, uint64_t shape)
{
    retire(f, &(struct att_rules){.policer_in = a->rules.policer_in, .policer_out = a->rules.policer_out});
    a->rules.rate_shape = shape;
    a->rules.policer_in = shape ? take_policer(f, a->wish) : 0;
    a->rules.policer_out = shape && !a->wish->queues ? take_policer(f, a->wish) : 0;
    return !shape || (a->rules.policer_in && (a->wish->queues || a->rules.policer_out));
}

/* A list that could not be written denies everything: rules that are missing must not open a door. */
static void put_into_row(struct fast_att *a)
{
    const struct att_rules *x = &a->rules;
    struct fast_attachment *row = &a->row;
    row->acl = x->acl;
    row->source4 = x->source4;
    row->source6 = x->source6;
    row->policer_in = x->policer_in;
    row->policer_out = x->policer_out;
    row->flags |= (x->acl_shape ? FAST_ACL_IN : 0u) | (x->source_shape ? FAST_DECLARED : 0u) |
                  (x->policer_in ? FAST_POLICE_IN : 0u) | (x->policer_out ? FAST_POLICE_OUT : 0u);
}

/* Arrivals of a domain that has queues take the slow path to them, the whole circuit's. */
static void write_punt(struct fast *f, struct fast_att *a)
{
    const struct intent_domain *d = a->domain->wish;
    uint32_t pps = PUNT_PPS;
    for (size_t k = 0; k < d->attachments_n; k++)
        if (d->attachments[k].queues) pps = QUEUE_PPS;
    if (a->punt_pps != pps) fast_punt_set(&f->tables.punts[a->id], CONTROL_PPS, pps);
    a->punt_pps = pps;
}

bool rules_write(struct fast *f, struct fast_att *a, struct text *why)
{
    uint64_t acl = shape_of_acl(f, a->wish), sources = shape_of_sources(f, a->wish), rate = shape_of_rate(a->wish);
    bool fine = true;
    if (acl != a->rules.acl_shape) fine = replace_acl(f, a, acl) && fine;
    if (sources != a->rules.source_shape) fine = replace_sources(f, a, sources) && fine;
    if (rate != a->rules.rate_shape) fine = replace_rate(f, a, rate) && fine;
    write_punt(f, a);
    put_into_row(a);
    if (!fine) text_addf(why, "no room for all rules of attachment %s; what they do not permit is dropped", a->name);
    return fine;
}

void rules_settled(struct fast *f)
{
    for (size_t k = 0; k < f->old_rules_n; k++) {
        const struct att_rules *x = &f->old_rules[k];
        free_acl(f, x->acl);
        drop_sources(f, x);
        f->policers[x->policer_in] = f->policers[x->policer_out] = false;
    }
    f->policers[0] = true;
    f->old_rules_n = 0;
}

void rules_drop(struct fast *f, struct fast_att *a)
{
    retire(f, &a->rules);
    rules_settled(f);
}
