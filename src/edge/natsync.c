/* edge/natsync.c - see natsync.h. */
#include "edge/natsync.h"
#include <assert.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "edge/json_out.h"
#include "proto/nat_guard.h"
#include "proto/nat_sync.h"
#include "sys/log.h"

enum { MESSAGES_A_TURN = 64, PARTNER_PORT = 5350, QUEUED_MOST = 2 << 20, WANTED_MOST = NAT_SYNC_WINDOW * NATSYNC_RECORDS_MAX };

static_assert(NATSYNC_FIGURES + NAT_GUARD_FATES <= NATSYNC_COUNTS, "all counters have a place");

void natsync_init(struct natsync *n, struct loop *l)
{
    n->loop = l;
    n->child = (struct child){.role = "natsync", .link_role = LINK_NATSYNC, .home = -1};
    n->told = writer_on(n->buf, sizeof n->buf);
}

/* --- the socket --- */

static socklen_t socket_address(const struct addr *a, uint16_t port, struct sockaddr_storage *out)
{
    memset(out, 0, sizeof *out);
    if (a->family == FAMILY_IPV6) {
        struct sockaddr_in6 s = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
        memcpy(&s.sin6_addr, a->b, 16);
        memcpy(out, &s, sizeof s);
        return sizeof s;
    }
    struct sockaddr_in s = {.sin_family = AF_INET, .sin_port = htons(port)};
    memcpy(&s.sin_addr, a->b, 4);
    memcpy(out, &s, sizeof s);
    return sizeof s;
}

/* Bound and connected: the kernel lets nothing through but what comes from the partner's address and port. */
static int partner_socket(const struct natsync *n)
{
    struct sockaddr_storage here, there;
    int on = 1, room = 4 << 20;
    socklen_t here_n = socket_address(&n->local, n->port, &here), there_n = socket_address(&n->partner, n->port, &there);
    int fd = socket(here.ss_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) return -1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof room);
    if (bind(fd, (struct sockaddr *)&here, here_n) == 0 && connect(fd, (struct sockaddr *)&there, there_n) == 0) return fd;
    int fault = errno;
    close(fd);
    errno = fault;
    return -1;
}

/* --- to the process --- */

static void send_message(struct natsync *n, const struct link_message *m, int fd)
{
    if (n->child.state == CHILD_RUNNING) link_send(&n->child.link, m, fd);
}

static void send_keys(struct natsync *n)
{
    send_message(n, &(struct link_message){.type = LINK_NAT_KEYS, .text = {span_of(n->key, strlen(n->key)),
                                           span_of(n->key_before, strlen(n->key_before))}}, -1);
}

void natsync_flush(struct natsync *n)
{
    if (!writer_len(&n->told)) return;
    if (n->child.state == CHILD_RUNNING && n->child.link.queued_bytes > QUEUED_MOST)
        n->lost = true; /* the process cannot keep up: it tells everything when it can */
    else
        send_message(n, &(struct link_message){.type = LINK_NAT_TELL, .rest = writer_span(&n->told)}, -1);
    n->told = writer_on(n->buf, sizeof n->buf);
}

void natsync_tell(struct natsync *n, const struct natsync_record *r)
{
    if (!n->up) return; /* whoever comes is told everything */
    natsync_put_record(&n->told, r);
    if (writer_room(&n->told) < NATSYNC_RECORD) natsync_flush(n);
}

/* --- the process speaks --- */

static bool take_records(struct natsync *n, struct span bytes)
{
    struct cursor c = cursor_of(bytes);
    struct natsync_record r;
    while (cursor_left(&c)) {
        if (!natsync_read_record(&c, &r)) return false;
        n->sink.record(n->sink.ctx, &r);
    }
    return true;
}

static bool take_state(struct natsync *n, const struct link_message *m)
{
    struct cursor c = cursor_of(m->rest);
    if (m->rest.n != (NATSYNC_FIGURES + NAT_GUARD_FATES) * sizeof(uint64_t) || m->token > 1) return false;
    if (m->flag != n->up) log_line(LOG_LINE_INFO, m->flag ? "nat-partner-up" : "nat-partner-down", "", "bindings are %s",
                                   m->flag ? "exchanged" : "not replicated");
    n->up = m->flag;
    n->told_all = m->token;
    for (n->counts_n = 0; cursor_left(&c); n->counts_n++) n->counts[n->counts_n] = cursor_u64(&c);
    return true;
}

static bool hear(struct natsync *n, const struct link_message *m)
{
    if (m->type == LINK_READY) {
        if (!link_text(m->text[0], n->child.confined, sizeof n->child.confined)) n->child.confined[0] = 0;
        log_line(LOG_LINE_INFO, "process-ready", "natsync", "pid %d: %s", (int)n->child.pid, n->child.confined);
    }
    if (m->type == LINK_NAT_RECORDS) return take_records(n, m->rest);
    if (m->type == LINK_NAT_STATE) return take_state(n, m);
    if (m->type != LINK_NAT_WANT) return true;
    if (m->number[0] > WANTED_MOST) return false; /* more than its window holds: it would keep us busy */
    n->up = true; /* whoever wants everything has somebody to tell it */
    bool last = n->sink.walk(n->sink.ctx, m->token, m->number[0]);
    natsync_flush(n);
    send_message(n, &(struct link_message){.type = LINK_NAT_WALKED, .token = m->token, .flag = last}, -1);
    return true;
}

static void ready(struct watch *w, unsigned events, instant now)
{
    struct natsync *n = w->ctx;
    struct link_message m;
    const char *why = NULL;
    int fd;
    enum link_got got = LINK_GOT;
    if (events & LOOP_WRITE) link_flush(&n->child.link);
    for (int k = 0; k < MESSAGES_A_TURN && got == LINK_GOT; k++) {
        got = link_receive(&n->child.link, &m, &fd, &why);
        if (got == LINK_GOT && !hear(n, &m)) got = LINK_LIED;
    }
    if (got == LINK_LIED)
        log_line(LOG_LINE_ERROR, "link-broken", "natsync", "message %s; the process is ended", why ? why : "that makes no sense");
    if (got == LINK_LIED || got == LINK_GONE) natsync_ended(n, now);
}

/* --- life --- */

static void start(struct natsync *n, instant now)
{
    int fd = partner_socket(n);
    if (fd < 0) {
        log_line(LOG_LINE_ERROR, "nat-partner", "", "cannot reach the NAT partner: %s", strerror(errno));
        child_ended(&n->child, n->loop, now); /* again after its pause */
        child_revive(&n->child, n->child.start_at);
        return;
    }
    n->child.watch.ready = ready;
    n->child.watch.ctx = n;
    if (child_start(&n->child, n->loop, now)) {
        send_keys(n);
        send_message(n, &(struct link_message){.type = LINK_NAT_OPEN}, fd);
    }
    close(fd);
}

static bool same_ground(const struct natsync *n, const struct intent_nat *nat)
{
    return addr_equal(&n->partner, &nat->partner) && addr_equal(&n->local, &nat->local) &&
           n->port == (nat->partner_port ? nat->partner_port : PARTNER_PORT);
}

static void warn_without_key(const char *key)
{
    if (!*key) log_line(LOG_LINE_WARN, "nat-unauthenticated", "", "there is no partner_key: whoever can send from the NAT partner's "
                        "address and port can write bindings; set the same partner_key on both edges");
}

static void change_key(struct natsync *n, const char *key)
{
    if (strcmp(n->key, key) == 0) return;
    memcpy(n->key_before, n->key, sizeof n->key);
    snprintf(n->key, sizeof n->key, "%s", key);
    log_line(LOG_LINE_INFO, "nat-key", "", "the NAT partner is spoken to %s", *key ? "with another key" : "without a key");
    warn_without_key(key);
    send_keys(n);
}

void natsync_apply(struct natsync *n, const struct intent_nat *nat, instant now)
{
    const char *key = nat && nat->partner_key ? nat->partner_key : "";
    if (nat && natsync_wanted(n) && same_ground(n, nat)) {
        change_key(n, key);
        child_revive(&n->child, now);
        return;
    }
    if (!nat && !natsync_wanted(n)) return;
    if (n->child.state == CHILD_RUNNING) natsync_ended(n, now);
    n->partner = nat ? nat->partner : (struct addr){0};
    n->local = nat ? nat->local : (struct addr){0};
    n->port = nat && nat->partner_port ? nat->partner_port : PARTNER_PORT;
    explicit_bzero(n->key_before, sizeof n->key_before);
    explicit_bzero(n->key, sizeof n->key);
    snprintf(n->key, sizeof n->key, "%s", key);
    if (nat) warn_without_key(key);
    n->child.state = nat ? CHILD_WAITING : CHILD_OFF;
    n->child.start_at = now;
}

void natsync_ended(struct natsync *n, instant now)
{
    child_ended(&n->child, n->loop, now);
    n->up = n->told_all = n->lost = false;
    n->told = writer_on(n->buf, sizeof n->buf);
}

void natsync_tick(struct natsync *n, instant now)
{
    if (n->child.state == CHILD_WAITING && instant_reached(n->child.start_at, now)) start(n, now);
    if (n->child.state != CHILD_RUNNING) return;
    if (n->lost && !link_waiting(&n->child.link)) {
        n->lost = false;
        send_message(n, &(struct link_message){.type = LINK_NAT_AGAIN}, -1);
    }
    loop_expect(n->loop, &n->child.watch, LOOP_READ | (link_waiting(&n->child.link) ? LOOP_WRITE : 0u));
}

instant natsync_next(const struct natsync *n) { return child_next(&n->child); }

void natsync_stop(struct natsync *n)
{
    child_kill(&n->child);
    n->child.state = CHILD_OFF;
}

/* --- shown --- */

void natsync_show(const struct natsync *n, struct text *out)
{
    static const char *const names[] = {
#define X(name, text) text,
        NATSYNC_FIGURES_MAP(X)
#undef X
    };
    char addr[ADDR_TEXT_MAX];
    uint64_t refused = n->counts[NATSYNC_UNREADABLE];
    json_put_key(out, "address", addr_text(&n->partner, addr));
    text_addf(out, ",\"up\":%s,\"told_all\":%s,\"authenticated\":%s", n->up ? "true" : "false", n->told_all ? "true" : "false",
              *n->key ? "true" : "false");
    for (size_t k = 0; k < NATSYNC_FIGURES; k++) text_addf(out, ",\"%s\":%llu", names[k], (unsigned long long)n->counts[k]);
    text_add(out, ",\"refusals\":{");
    for (size_t k = NAT_GUARD_TAKEN + 1; k < NAT_GUARD_FATES; k++) {
        uint64_t count = n->counts[NATSYNC_FIGURES + k];
        refused += count;
        text_addf(out, "%s\"%s\":%llu", k > NAT_GUARD_TAKEN + 1 ? "," : "", nat_guard_names[k], (unsigned long long)count);
    }
    text_addf(out, "},\"refused\":%llu,\"process\":{\"pid\":%d,\"restarts\":%u", (unsigned long long)refused, (int)n->child.pid,
              n->child.starts ? n->child.starts - 1 : 0);
    json_put_key(out, "confined", n->child.confined);
    text_add(out, "}");
}
