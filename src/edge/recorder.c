/* edge/recorder.c - one table dump and one recording at a time. A recording ends by itself at a
 * gibibyte or when the file system refuses. */
#include "edge/recorder.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "edge/json_out.h"
#include "sys/log.h"
#include "sys/loop.h"
#include "wire/mrt.h"

enum {
    SLICE = 1024, /* prefixes a turn */
    FLUSH_AT = 64 << 10,
    ROOM = MRT_RECORD_MOST + FLUSH_AT,
    FLUSH_S = 1,
    RECORDING_MOST = 1 << 30,
};

struct output { /* one file */
    int fd;     /* -1: none */
    uint8_t *buf;
    struct writer w;
    uint64_t bytes, records, skipped;
    int fault; /* errno of the first refusal */
};

struct dump {
    struct output out;
    uint32_t token, sequence, time_s;
    domain_ref domain; /* the one being written */
    char only[48];     /* name of a domain, "" all */
    bool begun;        /* its index is written */
    struct router_walk walk;
    uint16_t *index; /* by peer_ref: place in the index, 0 none */
    size_t index_n;
    struct mrt_rib rib;
    struct prefix prefix; /* of the record being written */
    size_t record_at;
    bool open;
    uint64_t prefixes, paths;
};

struct recorder {
    const struct router *router;
    void (*done)(void *ctx, uint32_t token, struct text *answer);
    void *ctx;
    struct dump dump;
    struct output recording;
    instant flush_at;
};

struct recorder *recorder_new(const struct router *r,
                              void (*done)(void *ctx, uint32_t token, struct text *answer),
                              void *ctx)
{
    struct recorder *c = calloc(1, sizeof *c);
    if (!c) abort();
    *c = (struct recorder){.router = r, .done = done, .ctx = ctx, .flush_at = NEVER};
    c->dump.out.fd = c->recording.fd = -1;
    return c;
}

/* --- files --- */

static void output_open(struct output *o, int fd)
{
    *o = (struct output){.fd = fd, .buf = malloc(ROOM)};
    if (!o->buf) abort();
    o->w = writer_on(o->buf, ROOM);
}

static void output_flush(struct output *o)
{
    size_t n = writer_len(&o->w);
    for (size_t at = 0; at < n && !o->fault;) {
        ssize_t done = write(o->fd, o->buf + at, n - at);
        if (done > 0)
            at += (size_t)done, o->bytes += (uint64_t)done;
        else if (errno != EINTR)
            o->fault = errno ? errno : EIO;
    }
    o->w = writer_on(o->buf, ROOM);
}

static void output_close(struct output *o)
{
    output_flush(o);
    close(o->fd);
    free(o->buf);
    o->fd = -1;
    o->buf = NULL;
}

/* A record that begins at `at` is whole; one that did not fit is left out and counted. */
static void output_record(struct output *o, size_t at)
{
    if (o->w.bad) {
        o->w.p = o->w.start + at;
        o->w.bad = false;
        o->skipped++;
        return;
    }
    o->records++;
    if (writer_len(&o->w) >= FLUSH_AT) output_flush(o);
}

static void put_output(const struct output *o, struct text *t)
{
    text_addf(t, "\"records\":%llu,\"bytes\":%llu,\"skipped\":%llu", (unsigned long long)o->records,
              (unsigned long long)o->bytes, (unsigned long long)o->skipped);
}

static void answer_fault(struct recorder *c, uint32_t token, const char *what)
{
    struct text t = {0};
    json_put_fault(&t, what);
    c->done(c->ctx, token, &t);
}

/* --- the tables --- */

static void end_record(struct dump *d)
{
    if (!d->open) return;
    mrt_rib_end(&d->out.w, &d->rib);
    output_record(&d->out, d->record_at);
    d->open = false;
}

static void begin_record(struct dump *d, const struct prefix *p)
{
    end_record(d);
    d->prefix = *p;
    d->record_at = writer_len(&d->out.w);
    d->rib = mrt_rib_begin(&d->out.w, d->time_s, d->sequence++, p);
    d->open = true;
    d->prefixes++;
}

struct visit {
    struct recorder *c;
    int64_t wall_us; /* wall clock minus monotonic clock */
};

static void visit_path(void *ctx, const struct router_seen *s)
{
    const struct visit *v = ctx;
    struct dump *d = &v->c->dump;
    struct router_session session = {0};
    bool own = s->peer == NO_REF;
    if (!own && (s->peer >= d->index_n || !d->index[s->peer])) return; /* came after the index */
    if (!own && !router_session_of(v->c->router, s->peer, &session)) return;
    if (!d->open || !prefix_equal(&d->prefix, &s->prefix)) begin_record(d, &s->prefix);
    int64_t since = own ? d->time_s : (session.up_since.us + v->wall_us) / 1000000;
    struct attrs a = *s->attrs;
    if (addr_is_none(
            &a.next_hop)) { /* RFC 6396 knows no path without one; ours leads nowhere else */
        a.has |= HAS_NEXT_HOP;
        a.next_hop.family = s->prefix.addr.family;
    }
    mrt_rib_entry(&d->out.w, &d->rib, own ? 0 : d->index[s->peer], (uint32_t)since, &a);
    d->paths++;
}

/* Place 0 is the router itself, for what it originates. */
static void write_index(struct recorder *c, const char *view)
{
    struct dump *d = &c->dump;
    size_t n = router_peers(c->router), places = 1;
    struct mrt_peer *peers = calloc(n + 1, sizeof *peers);
    free(d->index);
    d->index = calloc(n + 1, sizeof *d->index);
    if (!peers || !d->index) abort();
    d->index_n = n;
    const struct intent *i = router_intent(c->router);
    peers[0] = (struct mrt_peer){i->router.id, addr_v4(i->router.id), i->router.asn};
    for (peer_ref p = 0; p < n && places < UINT16_MAX; p++) {
        struct router_session s;
        if (!router_session_of(c->router, p, &s) || s.domain_ref != d->domain) continue;
        d->index[p] = (uint16_t)places;
        peers[places++] = (struct mrt_peer){s.id, s.address, s.asn};
    }
    size_t at = writer_len(&d->out.w);
    mrt_peer_index(&d->out.w, d->time_s, i->router.id, view, peers, (uint16_t)places);
    output_record(&d->out, at);
    free(peers);
}

static void dump_end(struct recorder *c)
{
    struct dump *d = &c->dump;
    struct text t = {0};
    end_record(d);
    output_close(&d->out);
    free(d->index);
    d->index = NULL;
    if (d->out.fault) {
        json_put_fault(&t, strerror(d->out.fault));
    } else {
        text_addf(&t, "{\"written\":\"table\",\"prefixes\":%llu,\"paths\":%llu,",
                  (unsigned long long)d->prefixes, (unsigned long long)d->paths);
        put_output(&d->out, &t);
        text_add(&t, "}");
    }
    c->done(c->ctx, d->token, &t);
}

static bool wanted(const struct dump *d, const struct intent_domain *conf)
{
    return conf && (!*d->only || strcmp(d->only, conf->name) == 0);
}

static void dump_slice(struct recorder *c, instant now)
{
    struct dump *d = &c->dump;
    struct visit v = {c, clock_wall_us() - now.us};
    const struct intent_domain *conf = router_domain(c->router, d->domain);
    if (wanted(d, conf) && !d->begun) {
        write_index(c, conf->name);
        d->walk = (struct router_walk){0};
        d->begun = true;
    }
    bool more =
        wanted(d, conf) && router_walk_in(c->router, d->domain, &d->walk, SLICE, visit_path, &v);
    if (more && !d->out.fault) return;
    end_record(d);
    d->begun = false;
    if (++d->domain >= router_domains(c->router) || d->out.fault) dump_end(c);
}

static void dump_begin(struct recorder *c, uint32_t token, const char *domain, int fd)
{
    struct dump *d = &c->dump;
    *d = (struct dump){.token = token, .time_s = (uint32_t)(clock_wall_us() / 1000000)};
    strncpy(d->only, domain, sizeof d->only - 1);
    output_open(&d->out, fd);
}

/* --- sessions --- */

static void recording_end(struct recorder *c, const char *why)
{
    log_line(LOG_LINE_INFO, "mrt-ended", "", "%s after %llu records", why,
             (unsigned long long)c->recording.records);
    output_close(&c->recording);
    c->flush_at = NEVER;
}

bool recorder_records(const struct recorder *c) { return c->recording.fd >= 0; }

static bool session_of(const struct recorder *c, peer_ref peer, struct mrt_session *out, bool *as4)
{
    struct router_session s;
    if (!router_session_of(c->router, peer, &s)) return false;
    *out = (struct mrt_session){s.asn, s.local_asn, s.address, s.local};
    *as4 = s.as4;
    return true;
}

static void recorded(struct recorder *c, size_t at)
{
    struct output *o = &c->recording;
    output_record(o, at);
    if (o->fault)
        recording_end(c, strerror(o->fault));
    else if (o->bytes >= RECORDING_MOST)
        recording_end(c, "the file is a gibibyte");
}

void recorder_state(struct recorder *c, peer_ref peer, enum bgp_state from, enum bgp_state to)
{
    struct mrt_session s;
    bool as4;
    if (!recorder_records(c) || !session_of(c, peer, &s, &as4)) return;
    size_t at = writer_len(&c->recording.w);
    mrt_state_change(&c->recording.w, clock_wall_us(), &s, (uint16_t)(from + 1),
                     (uint16_t)(to + 1));
    recorded(c, at);
}

void recorder_message(struct recorder *c, peer_ref peer, bool sent, struct span update)
{
    struct mrt_session s;
    bool as4;
    if (!recorder_records(c) || !session_of(c, peer, &s, &as4)) return;
    size_t at = writer_len(&c->recording.w);
    mrt_message(&c->recording.w, clock_wall_us(), &s, sent, as4, update);
    recorded(c, at);
}

static void recording_stop(struct recorder *c, uint32_t token)
{
    struct text t = {0};
    if (!recorder_records(c)) {
        answer_fault(c, token, "nothing is being recorded");
        return;
    }
    recording_end(c, "stopped");
    text_add(&t, "{\"written\":\"updates\",");
    put_output(&c->recording, &t);
    text_add(&t, "}");
    c->done(c->ctx, token, &t);
}

/* --- orders and time --- */

static void begin_recording(struct recorder *c, uint32_t token, int fd, instant now)
{
    struct text t = {0};
    output_open(&c->recording, fd);
    c->flush_at = instant_after(now, duration_s(FLUSH_S));
    text_add(&t, "{\"recording\":true}");
    c->done(c->ctx, token, &t);
}

void recorder_order(struct recorder *c, uint32_t token, const char *what, int fd, instant now)
{
    const char *refused = NULL;
    bool table = strncmp(what, "table", 5) == 0 && (!what[5] || what[5] == ' ');
    if (strcmp(what, "stop") == 0)
        recording_stop(c, token);
    else if (fd < 0)
        refused = "no file came along";
    else if (table && c->dump.out.fd >= 0)
        refused = "a dump is being written";
    else if (table)
        dump_begin(c, token, what[5] ? what + 6 : "", fd);
    else if (strcmp(what, "updates") != 0)
        refused = "MRT files hold table [DOMAIN] or updates";
    else if (recorder_records(c))
        refused = "updates are being recorded already: mrt stop";
    else
        begin_recording(c, token, fd, now);
    if (refused) answer_fault(c, token, refused);
    if (refused && fd >= 0) close(fd);
}

void recorder_tick(struct recorder *c, instant now)
{
    if (c->dump.out.fd >= 0) dump_slice(c, now);
    if (!recorder_records(c) || !instant_reached(c->flush_at, now)) return;
    output_flush(&c->recording);
    c->flush_at = instant_after(now, duration_s(FLUSH_S));
}

instant recorder_next(const struct recorder *c)
{
    return c->dump.out.fd >= 0 ? (instant){0} : c->flush_at;
}
