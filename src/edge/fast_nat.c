/* edge/fast_nat.c - the NAT of domains: pools, ageing, the binding log, forecasts, and what the partner that
 * shares the pools is told and tells. Packets make bindings by themselves; the ring of events tells us, and we
 * tell the partner in the same turn, through a process of its own (natsync.h): none of its bytes is read here,
 * and of its bindings only those are taken that can be. */
#include <stdlib.h>
#include <string.h>
#include <stdio.h>
#include <time.h>
#include "edge/fast_priv.h"
#include "edge/json_out.h"
#include "forward/flows.h"
#include "forward/stage_env.h"
#include "sys/log.h"
#include "sys/loop.h"

enum {
    PORTS = 64512, FIRST_PORT = 1024, BLOCK_PORTS = 512, FLOWS = 65536,
    AGE_SLICES = 16,      /* seconds for a walk over all bindings */
    REFRESH = 30,         /* 2^30 ns: so often a partner hears that a binding is used */
    RECOVER_S = 60,
};

static uint32_t block_ports(const struct intent_nat *n) { return n->block_ports ? n->block_ports : BLOCK_PORTS; }
uint32_t nat_flows(const struct intent_nat *n) { return n->flows ? n->flows : FLOWS; }

uint32_t nat_blocks(const struct intent_nat *n)
{
    return (addr_v4_value(&n->last) - addr_v4_value(&n->first) + 1) * (PORTS / block_ports(n));
}

/* The programs' coarse clock. */
static uint32_t age_now(void) { return (uint32_t)((uint64_t)clock_now().us * 1000 >> 30); }

static uint32_t wire_v4(const struct addr *a)
{
    uint32_t v;
    memcpy(&v, a->b, sizeof v);
    return v;
}

static uint32_t wire_mask(unsigned len) { return FAST_BE32(len ? 0xffffffffu << (32 - len) : 0); }

/* --- pools --- */

static void add_inside(struct fast_pool *p, const struct prefix *inside)
{
    if (p->insides_n == FAST_POOL_INSIDES || inside->addr.family != FAMILY_IPV4) return;
    p->inside[p->insides_n] = wire_v4(&inside->addr);
    p->inside_mask[p->insides_n++] = wire_mask(inside->len);
}

static void add_private(struct fast_pool *p)
{
    static const struct { uint32_t addr; uint8_t len; } private[] = {{0x0a000000, 8}, {0xac100000, 12}, {0xc0a80000, 16}};
    for (size_t k = 0; k < ARRAY_LEN(private); k++) {
        struct addr a = addr_v4(private[k].addr);
        struct prefix inside = prefix_of(&a, private[k].len);
        add_inside(p, &inside);
    }
}

static struct fast_pool pool_of(const struct intent_nat *n)
{
    struct fast_pool p = {.first = addr_v4_value(&n->first), .last = addr_v4_value(&n->last),
                          .blocks_per_address = PORTS / block_ports(n), .side = n->side, .sides = n->sides ? n->sides : 1,
                          .port_low = FIRST_PORT, .block_ports = (uint16_t)block_ports(n),
                          .host_limit = n->host_limit ? n->host_limit : block_ports(n)};
    for (size_t k = 0; k < n->inside_n; k++) add_inside(&p, &n->inside[k]);
    if (!n->inside_n) add_private(&p);
    for (size_t k = 0; k < n->statics_n && k < FAST_POOL_STATICS; k++)
        p.statics[p.statics_n++] = (struct fast_static){wire_v4(&n->statics[k].inside.addr),
                                                        wire_v4(&n->statics[k].outside.addr),
                                                        wire_mask(n->statics[k].inside.len)};
    return p;
}

static uint32_t rows_of(const struct fast_pool *p)
{
    return p->blocks_per_address ? (p->last - p->first + 1) * p->blocks_per_address : 0;
}

/* The first gap between the other pools' blocks that is wide enough. */
static bool find_blocks(const struct fast *f, uint32_t rows, uint32_t *out)
{
    uint32_t at = 0;
    for (uint32_t n = 1; n < FAST_DOMAINS; n++) {
        const struct fast_pool *p = &f->tables.pools[n];
        uint32_t end = p->blocks_at + rows_of(p);
        if (!rows_of(p) || end <= at || p->blocks_at >= at + rows) continue;
        at = end;
        n = 0; /* whoever was passed may be in the way now */
    }
    *out = at;
    return at + rows <= f->tables.port_blocks_n;
}

void nat_forget(struct fast *f, uint32_t number)
{
    uint32_t block;
    struct flow x;
    if (!rows_of(&f->tables.pools[number])) return;
    for (uint32_t row = 0; row < f->tables.flows_out_n; row++)
        if (flows_read(&f->tables, row, &x) && x.domain == number) flows_remove(&f->tables, row, &block);
    struct fast_pool *p = &f->tables.pools[number];
    memset(f->tables.port_blocks + p->blocks_at, 0, rows_of(p) * sizeof *f->tables.port_blocks);
    memset(p, 0, sizeof *p);
}

static bool same_pool(const struct fast_pool *a, struct fast_pool b)
{
    b.blocks_at = a->blocks_at;
    return memcmp(a, &b, sizeof b) == 0;
}

bool nat_write(struct fast *f, struct fast_dom *d, struct text *why)
{
    const struct intent_nat *n = &d->wish->nat;
    struct fast_pool *p = &f->tables.pools[d->number], wanted = {0};
    if (addr_is_none(&n->first)) {
        d->has_pool = false;
        nat_forget(f, d->number);
        return true;
    }
    wanted = pool_of(n);
    if (same_pool(p, wanted)) return d->has_pool = true;
    nat_forget(f, d->number);
    d->has_pool = find_blocks(f, rows_of(&wanted), &wanted.blocks_at);
    if (d->has_pool)
        *p = wanted;
    else
        text_addf(why, "no room for the NAT pool of domain %s", d->name);
    return d->has_pool;
}

/* --- the partner --- */

static const struct intent_nat *with_partner(const struct intent *i)
{
    for (size_t d = 0; d < i->domains_n; d++)
        if (!addr_is_none(&i->domains[d].nat.first) && !addr_is_none(&i->domains[d].nat.partner)) return &i->domains[d].nat;
    return NULL;
}

static const struct fast_dom *domain_numbered(const struct fast *f, uint32_t number)
{
    const struct fast_dom *d = f->domains;
    while (d && d->number != number) d = d->next;
    return d;
}

static const struct fast_dom *domain_tagged(const struct fast *f, uint32_t tag)
{
    const struct fast_dom *d = f->domains;
    while (d && natsync_tag(d->name) != tag) d = d->next;
    return d && d->has_pool ? d : NULL;
}

/* True: it was one. */
static bool tell(struct fast *f, enum natsync_op op, uint32_t row)
{
    struct flow x;
    const struct fast_dom *d;
    if (!natsync_wanted(f->natsync) || !flows_read(&f->tables, row, &x) || !(d = domain_numbered(f, x.domain))) return false;
    uint32_t now = age_now(), seen = flows_seen(&f->tables, row), silent = now > seen ? now - seen : 0;
    natsync_tell(f->natsync, &(struct natsync_record){
        .op = op, .proto = x.proto, .marks = x.marks & 15, .domain = natsync_tag(d->name),
        .inside_addr = FAST_BE32(x.inside_addr), .outside_addr = FAST_BE32(x.outside_addr), .far_addr = FAST_BE32(x.far_addr),
        .inside_port = FAST_BE16(x.inside_port), .outside_port = FAST_BE16(x.outside_port), .far_port = FAST_BE16(x.far_port),
        .silent_s = silent > UINT16_MAX ? UINT16_MAX : (uint16_t)silent});
    f->tables.notes[row].told = now;
    return true;
}

static void take_gone(struct fast *f, const struct flow *x)
{
    uint32_t row, block;
    if (!flows_is_ours(&f->tables, x) && flows_find(&f->tables, x, &row)) flows_remove(&f->tables, row, &block);
}

/* Of an inside host of this domain, and to somebody who can be one; whether its port is of the pool, flows_put
 * knows. */
static bool plausible(const struct fast_pool *p, const struct natsync_record *r)
{
    uint32_t inside = FAST_BE32(r->inside_addr), far = r->far_addr >> 24;
    bool ours = false;
    for (uint32_t k = 0; k < p->insides_n; k++) ours = ours || (inside & p->inside_mask[k]) == p->inside[k];
    return ours && far != 0 && far != 127 && far < 224;
}

static void on_record(void *ctx, const struct natsync_record *r)
{
    struct fast *f = ctx;
    const struct fast_dom *d = f->path ? domain_tagged(f, r->domain) : NULL;
    if (!d || !plausible(&f->tables.pools[d->number], r)) {
        f->nat.strays++;
        return;
    }
    struct flow x = {.domain = d->number, .proto = r->proto, .marks = r->marks & 15,
                     .inside_addr = FAST_BE32(r->inside_addr), .outside_addr = FAST_BE32(r->outside_addr),
                     .far_addr = FAST_BE32(r->far_addr), .inside_port = FAST_BE16(r->inside_port),
                     .outside_port = FAST_BE16(r->outside_port), .far_port = FAST_BE16(r->far_port)};
    uint32_t now = age_now(), seen = now > r->silent_s ? now - r->silent_s : 0, row;
    if (r->op == NATSYNC_GONE) {
        take_gone(f, &x);
        return;
    }
    /* What we took out ourselves does not come back with a walk of the partner's; what we lost does. */
    if (flows_is_ours(&f->tables, &x) && !flows_find(&f->tables, &x, &row) &&
        instant_reached(f->nat.recover_until, clock_now()))
        return;
    enum flows_put put = flows_put(&f->tables, &x, seen);
    f->nat.taken += put == FLOWS_NEW;
    f->nat.strays += put == FLOWS_STRAY;
    f->nat.full += put == FLOWS_FULL;
}

/* So many more of all bindings; true: that was the end of the table. */
static bool walk(void *ctx, uint32_t round, uint64_t n)
{
    struct fast *f = ctx;
    if (!f->path) return false;
    if (f->nat.walk_round != round) f->nat.walk_round = round, f->nat.walk_row = 0;
    for (uint64_t told = 0; f->nat.walk_row < f->tables.flows_out_n && told < n; f->nat.walk_row++)
        told += tell(f, NATSYNC_PUT, f->nat.walk_row);
    return f->nat.walk_row >= f->tables.flows_out_n;
}

/* The first domain that names a partner names it for all: there is one pair of edges. */
void nat_partner(struct fast *f)
{
    const struct intent_nat *n = with_partner(f->intent);
    if (n && !natsync_wanted(f->natsync))
        f->nat.recover_until = fastpath_took_over(f->path) ? (instant){0} : instant_after(clock_now(), duration_s(RECOVER_S));
    f->natsync->sink = (struct natsync_sink){f, on_record, walk};
    natsync_apply(f->natsync, n, clock_now());
}

void nat_close(struct fast *f) { natsync_apply(f->natsync, NULL, clock_now()); }

/* --- what packets made --- */

static const char *block_text(const struct fast *f, uint32_t block, char buf[static 64])
{
    char text[ADDR_TEXT_MAX];
    struct flow_block b = flows_block(&f->tables, block);
    struct addr a = addr_v4(FAST_BE32(b.addr));
    snprintf(buf, 64, "%s ports %u-%u", addr_text(&a, text), FAST_BE16(b.port), FAST_BE16(b.port) + b.ports - 1u);
    return buf;
}

/* The log that RFC 6888 asks for, by block: who had which address and ports, from when until when. */
static void log_block(const struct fast *f, const char *event, uint32_t block, uint32_t number, uint32_t host)
{
    char text[ADDR_TEXT_MAX], ports[64];
    const struct fast_dom *d = domain_numbered(f, number);
    struct addr a = addr_v4(FAST_BE32(host));
    log_line(LOG_LINE_INFO, event, d ? d->name : "", "inside %s, %s", addr_text(&a, text), block_text(f, block, ports));
}

void nat_event(struct fast *f, const struct fast_event *e)
{
    if (e->kind == FAST_EVENT_BLOCK && e->row < f->tables.port_blocks_n) {
        const struct fast_port_block *b = &f->tables.port_blocks[e->row];
        log_block(f, "nat-block", e->row, b->domain, b->host);
    }
    if (e->kind != FAST_EVENT_FLOW || e->row >= f->tables.flows_out_n) return;
    f->nat.made++;
    tell(f, NATSYNC_PUT, e->row);
}

/* --- larger tables --- */

static const struct fast_dom *domain_called(const struct fast *f, const char *name)
{
    const struct fast_dom *d = f->domains;
    while (d && strncmp(d->name, name, FAST_NAME_BYTES) != 0) d = d->next;
    return d && d->has_pool ? d : NULL;
}

uint32_t nat_carry(struct fast *f)
{
    uint32_t there = 0;
    struct flow x;
    for (uint32_t row = 0; row < f->old_tables.flows_out_n; row++) {
        if (!flows_read(&f->old_tables, row, &x)) continue;
        const struct fast_dom *d = domain_called(f, f->old_tables.names[x.domain % FAST_DOMAINS].text);
        if (!d) continue;
        x.domain = d->number;
        enum flows_put put = flows_put(&f->tables, &x, flows_seen(&f->old_tables, row));
        there += put == FLOWS_NEW || put == FLOWS_KNOWN;
    }
    return there;
}

/* --- ageing and forecasts --- */

static void age_row(struct fast *f, uint32_t row, uint32_t now)
{
    struct flow x;
    uint32_t block;
    if (!flows_read(&f->tables, row, &x)) return;
    uint32_t seen = flows_seen(&f->tables, row);
    /* 2^30 ns are 1.07 s; the difference does not matter at minutes */
    if (now > seen && now - seen > flows_patience(&f->tables, row)) {
        if (flows_is_ours(&f->tables, &x)) tell(f, NATSYNC_GONE, row);
        if (flows_remove(&f->tables, row, &block)) log_block(f, "nat-block-free", block, x.domain, x.inside_addr);
        f->nat.aged++;
    } else if (seen > f->tables.notes[row].told + REFRESH) {
        tell(f, NATSYNC_PUT, row);
    }
}

static void forecast(struct fast *f, struct fast_dom *d)
{
    struct flows_usage u = flows_usage(&f->tables, d->number);
    d->growth = d->growth * 0.95 + ((double)u.used - d->used_before) * 0.05;
    d->used_before = u.used;
}

void nat_tick(struct fast *f)
{
    uint32_t slice = f->tables.flows_out_n / AGE_SLICES + 1, age = age_now();
    for (uint32_t k = 0; k < slice; k++) {
        age_row(f, f->nat.age_row, age);
        f->nat.age_row = (f->nat.age_row + 1) % f->tables.flows_out_n;
    }
    for (struct fast_dom *d = f->domains; d; d = d->next)
        if (d->has_pool) forecast(f, d);
    natsync_flush(f->natsync);
}

/* --- shown --- */

static void put_pool(const struct fast *f, const struct fast_dom *d, struct text *out)
{
    char first[ADDR_TEXT_MAX], last[ADDR_TEXT_MAX];
    const struct fast_pool *p = &f->tables.pools[d->number];
    struct flows_usage u = flows_usage(&f->tables, d->number);
    struct addr a = addr_v4(p->first), b = addr_v4(p->last);
    text_add(out, "{\"domain\":");
    json_put(out, d->name);
    json_put_key(out, "first", addr_text(&a, first));
    json_put_key(out, "last", addr_text(&b, last));
    text_addf(out, ",\"side\":%u,\"sides\":%u,\"block_ports\":%u,\"blocks\":%u,\"blocks_ours\":%u,\"blocks_used\":%u,"
              "\"bindings\":%u,\"refused\":%llu,\"used_percent\":%.1f", p->side, p->sides, p->block_ports, u.blocks, u.ours,
              u.used, u.flows, (unsigned long long)u.refused, u.ours ? 100.0 * u.used / u.ours : 0.0);
    if (d->growth > 0.01)
        text_addf(out, ",\"full_in_s\":%.0f}", (u.ours - u.used) / d->growth);
    else
        text_add(out, ",\"full_in_s\":null}");
}

static void put_partner(const struct fast *f, struct text *out)
{
    text_addf(out, ",\"partner\":{\"taken\":%llu,\"strays\":%llu,\"full\":%llu", (unsigned long long)f->nat.taken,
              (unsigned long long)f->nat.strays, (unsigned long long)f->nat.full);
    natsync_show(f->natsync, out);
    text_add(out, "}");
}

void nat_show(const struct fast *f, struct text *out)
{
    const char *between = "";
    bool any = false;
    for (const struct fast_dom *d = f->domains; d; d = d->next) any = any || d->has_pool;
    text_addf(out, "{\"configured\":%s,\"made\":%llu,\"aged\":%llu,\"pools\":[", any ? "true" : "false",
              (unsigned long long)f->nat.made, (unsigned long long)f->nat.aged);
    for (const struct fast_dom *d = f->path ? f->domains : NULL; d; d = d->next) {
        if (!d->has_pool) continue;
        text_add(out, between);
        put_pool(f, d, out);
        between = ",";
    }
    text_add(out, "]");
    if (natsync_wanted(f->natsync)) put_partner(f, out);
    text_add(out, "}");
}
