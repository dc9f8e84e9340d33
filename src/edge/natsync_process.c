/* edge/natsync_process.c - the partner's datagrams, through the guard into proto/nat_sync, and what comes of
 * them to the keeper; the keeper's bindings the other way. A walk over all bindings is asked for piece by
 * piece, as much as the window has room for. */
#include "edge/natsync_process.h"
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include "edge/natsync.h"
#include "proto/nat_guard.h"
#include "proto/nat_sync.h"
#include "sys/confine.h"
#include "sys/link.h"
#include "sys/log.h"
#include "sys/loop.h"
#include "sys/tls.h"

enum { DATAGRAMS_A_TURN = 256, STATE_MS = 200, QUEUED_MOST = 4 << 20, WAIT_MOST_MS = 1000, COUNTS = NATSYNC_FIGURES + NAT_GUARD_FATES };

struct process {
    struct link link;
    int udp; /* -1 until the keeper hands it in */
    struct nat_sync *sync;
    struct nat_guard guard;
    struct tls_mac *macs[NAT_GUARD_KEYS];
    bool keyed;   /* there is a key: nothing unsealed is taken */
    bool blocked; /* the socket takes nothing now */
    bool asked;   /* the keeper walks */
    uint32_t asked_round;
    instant state_at;
    bool was_up, was_told;
    uint8_t buf[LINK_PART_MAX / NATSYNC_RECORD * NATSYNC_RECORD];
    struct writer heard; /* records for the keeper */
};

static void say(struct process *p, const struct link_message *m) { link_send(&p->link, m, -1); }

static uint64_t random_word(void)
{
    uint64_t v;
    if (getrandom(&v, sizeof v, 0) != sizeof v) abort();
    return v | 1;
}

/* --- keys --- */

static void sign(void *ctx, size_t key, struct span bytes, uint8_t out[static NATSYNC_SEAL_MAC])
{
    struct process *p = ctx;
    unsigned char whole[TLS_DIGEST];
    tls_mac(p->macs[key], bytes.p, bytes.n, whole);
    memcpy(out, whole, NATSYNC_SEAL_MAC);
}

static uint32_t tag_of(struct process *p, size_t key)
{
    static const char words[] = "fairlead nat key";
    uint8_t mac[NATSYNC_SEAL_MAC];
    sign(p, key, span_of(words, sizeof words - 1), mac);
    return nat_guard_tag(mac);
}

static bool take_keys(struct process *p, const struct link_message *m)
{
    char key[NATSYNC_KEY_ROOM];
    uint32_t tags[NAT_GUARD_KEYS];
    size_t n = 0;
    for (size_t k = 0; k < NAT_GUARD_KEYS; k++) {
        tls_mac_free(p->macs[k]);
        p->macs[k] = NULL;
    }
    for (size_t k = 0; k < NAT_GUARD_KEYS; k++) {
        if (!link_text(m->text[k], key, sizeof key)) return false;
        if (!*key) break;
        p->macs[n] = tls_mac_new(key);
        tags[n] = tag_of(p, n);
        n++;
    }
    explicit_bzero(key, sizeof key);
    p->keyed = n > 0;
    if (n) nat_guard_keys(&p->guard, tags, n);
    return true;
}

/* --- the partner speaks --- */

static void hand_in(struct process *p)
{
    if (!writer_len(&p->heard)) return;
    say(p, &(struct link_message){.type = LINK_NAT_RECORDS, .rest = writer_span(&p->heard)});
    p->heard = writer_on(p->buf, sizeof p->buf);
}

static void on_record(void *ctx, const struct natsync_record *r)
{
    struct process *p = ctx;
    natsync_put_record(&p->heard, r);
    if (writer_room(&p->heard) < NATSYNC_RECORD) hand_in(p);
}

static void take_datagram(struct process *p, instant now, struct span bytes)
{
    if (p->keyed && (nat_guard_open(&p->guard, bytes, random_word(), &bytes) != NAT_GUARD_TAKEN || !bytes.n)) return;
    (void)!nat_sync_input(p->sync, now, bytes, on_record, p);
}

static void read_partner(struct process *p, instant now)
{
    uint8_t bytes[NATSYNC_SEALED_MAX + 1];
    ssize_t got;
    for (int k = 0; k < DATAGRAMS_A_TURN; k++) {
        got = recv(p->udp, bytes, sizeof bytes, MSG_DONTWAIT);
        if (got >= 0) take_datagram(p, now, span_of(bytes, (size_t)got));
        else if (errno != ECONNREFUSED) break; /* refused: the partner's process is not there, and there may be more */
    }
    hand_in(p);
}

/* --- to the partner --- */

static bool send_out(struct process *p, struct span datagram)
{
    uint8_t sealed[NATSYNC_SEALED_MAX];
    if (p->keyed) datagram = span_of(sealed, nat_guard_seal(&p->guard, datagram, sealed));
    return send(p->udp, datagram.p, datagram.n, MSG_DONTWAIT) >= 0 || errno != EAGAIN;
}

static void write_partner(struct process *p, instant now)
{
    uint8_t bytes[NATSYNC_MESSAGE_MAX];
    size_t n;
    p->blocked = false;
    if (p->keyed && p->guard.owes_greeting) send_out(p, (struct span){0});
    for (int k = 0; k < DATAGRAMS_A_TURN && !p->blocked && (n = nat_sync_output(p->sync, now, bytes)) > 0; k++)
        p->blocked = !send_out(p, span_of(bytes, n)); /* what was not sent goes out again */
}

/* --- the keeper --- */

static void want_more(struct process *p)
{
    size_t room = nat_sync_room(p->sync);
    if (!nat_sync_wants_all(p->sync) || p->asked || room < NATSYNC_RECORDS_MAX) return;
    p->asked = true;
    p->asked_round = nat_sync_round(p->sync);
    say(p, &(struct link_message){.type = LINK_NAT_WANT, .token = p->asked_round, .number = {room}});
}

static bool tell(struct process *p, struct span bytes)
{
    struct cursor c = cursor_of(bytes);
    struct natsync_record r;
    while (cursor_left(&c)) {
        if (!natsync_read_record(&c, &r)) return false;
        nat_sync_tell(p->sync, &r);
    }
    return true;
}

static void walked(struct process *p, const struct link_message *m)
{
    p->asked = false;
    if (m->flag && m->token == nat_sync_round(p->sync)) nat_sync_told_all(p->sync);
}

static bool take(struct process *p, const struct link_message *m, int fd)
{
    switch ((int)m->type) {
    case LINK_NAT_OPEN: p->udp = fd; return true;
    case LINK_NAT_KEYS: return take_keys(p, m);
    case LINK_NAT_TELL: return tell(p, m->rest);
    case LINK_NAT_WALKED: walked(p, m); return true;
    case LINK_NAT_AGAIN: nat_sync_again(p->sync); return true;
    default: return true;
    }
}

/* False: the process is to end. */
static bool hear(struct process *p)
{
    struct link_message m;
    const char *why = NULL;
    int fd;
    enum link_got got;
    while ((got = link_receive(&p->link, &m, &fd, &why)) == LINK_GOT)
        if (!take(p, &m, fd)) return false;
    return got == LINK_NOTHING;
}

static void put_counts(const struct process *p, struct writer *w)
{
    struct nat_sync_counts c = nat_sync_counts(p->sync);
    const uint64_t figures[NATSYNC_FIGURES] = {
        [NATSYNC_UNACKNOWLEDGED] = nat_sync_unacknowledged(p->sync), [NATSYNC_RECORDS_OUT] = c.records_out,
        [NATSYNC_RECORDS_IN] = c.records_in, [NATSYNC_DATAGRAMS_OUT] = c.datagrams_out,
        [NATSYNC_DATAGRAMS_IN] = c.datagrams_in, [NATSYNC_AGAIN] = c.again, [NATSYNC_OUT_OF_ORDER] = c.out_of_order,
        [NATSYNC_ROUNDS] = c.rounds, [NATSYNC_UNREADABLE] = c.refused};
    for (size_t k = 0; k < NATSYNC_FIGURES; k++) writer_u64(w, figures[k]);
    for (size_t k = 0; k < NAT_GUARD_FATES; k++) writer_u64(w, p->guard.counts[k]);
}

/* At once when the partner comes or goes, five times a second otherwise. */
static void tell_state(struct process *p, instant now)
{
    uint8_t buf[COUNTS * sizeof(uint64_t)];
    struct writer w = writer_on(buf, sizeof buf);
    bool up = nat_sync_partner_up(p->sync), told = up && !nat_sync_wants_all(p->sync);
    if (up == p->was_up && told == p->was_told && !instant_reached(p->state_at, now)) return;
    p->was_up = up;
    p->was_told = told;
    p->state_at = instant_after(now, duration_ms(STATE_MS));
    put_counts(p, &w);
    say(p, &(struct link_message){.type = LINK_NAT_STATE, .flag = up, .token = told, .rest = writer_span(&w)});
}

/* --- life --- */

static int wait_ms(const struct process *p, instant now)
{
    if (p->udp < 0) return WAIT_MOST_MS;
    if (p->blocked) return 1;
    int64_t us = instant_since(instant_first(nat_sync_next(p->sync), p->state_at), now).us;
    return us <= 0 ? 0 : us > WAIT_MOST_MS * 1000 ? WAIT_MOST_MS : (int)((us + 999) / 1000);
}

static int run(struct process *p)
{
    for (;;) {
        bool full = p->link.queued_bytes > QUEUED_MOST; /* the keeper is busy: the partner repeats what waits */
        struct pollfd fds[2] = {{p->link.fd, link_waiting(&p->link) ? POLLIN | POLLOUT : POLLIN, 0},
                                {full ? -1 : p->udp, POLLIN, 0}};
        poll(fds, 2, wait_ms(p, clock_now()));
        link_flush(&p->link);
        if (!hear(p)) return 1;
        if (p->udp < 0) continue;
        instant now = clock_now();
        if (!full) read_partner(p, now);
        tell_state(p, now);
        want_more(p);
        write_partner(p, now);
    }
}

int natsync_process(int fd)
{
    static struct process p;
    struct text how = {0}, why = {0};
    link_init(&p.link, fd, LINK_KEEPER);
    p.udp = -1;
    p.heard = writer_on(p.buf, sizeof p.buf);
    p.sync = nat_sync_new(random_word());
    nat_guard_init(&p.guard, &(struct nat_guard_mac){&p, sign}, random_word(), random_word());
    if (!confine_natsync(&how, &why)) {
        log_line(LOG_LINE_ERROR, "not-confined", "", "%s", text_get(&why));
        return 1;
    }
    say(&p, &(struct link_message){.type = LINK_READY, .text = {span_of(how.s, how.n)}});
    text_drop(&how);
    return run(&p);
}
