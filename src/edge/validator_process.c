/* edge/validator_process.c - payloads from sys/rpki into a table, what is new or gone from the
 * table to the keeper. The table answers a new router process, which wants everything. Changes are
 * ended after a moment of silence, because librtr tells them one by one and not where a set ends.
 */
#include "edge/validator_process.h"
#include <poll.h>
#include <stdlib.h>
#include <sys/random.h>
#include <unistd.h>
#include "policy/rov.h"
#include "sys/confine.h"
#include "sys/link.h"
#include "sys/log.h"
#include "sys/loop.h"
#include "sys/rpki.h"

enum { SILENCE_MS = 100, CACHES_MOST = 8, STATE_MS = 1000 };

struct process {
    struct link link;
    struct rpki *rpki;
    struct rov_table *table;
    bool whole; /* what is said next begins a new set */
    bool open;  /* something was said that has no end yet */
    instant end_at;
    struct text state;
    uint8_t buf[LINK_PART_MAX];
    struct writer w;
};

static void say(struct process *p, const struct link_message *m) { link_send(&p->link, m, -1); }

/* --- payloads --- */

static void hand_on(struct process *p, bool end)
{
    uint32_t bits = (p->whole ? LINK_VRPS_WHOLE : 0u) | (end ? LINK_VRPS_END : 0u);
    say(p, &(struct link_message){.type = LINK_VRPS, .token = bits, .rest = writer_span(&p->w)});
    p->w = writer_on(p->buf, sizeof p->buf);
    p->whole = false;
    p->open = !end;
}

static void put(struct process *p, bool add, const struct vrp *v)
{
    if (writer_room(&p->w) < LINK_VRP_MOST) hand_on(p, false);
    link_vrp_put(&p->w, &(struct link_vrp){add, *v});
    p->open = true;
    p->end_at = instant_after(clock_now(), duration_ms(SILENCE_MS));
}

static void take_changes(struct process *p)
{
    bool add;
    struct vrp v;
    while (rpki_take(p->rpki, &add, &v)) {
        if (!vrp_valid(&v))
            continue; /* a cache that sends this is broken; the others are as they are */
        if (add ? rov_add(p->table, &v) : rov_remove(p->table, &v)) put(p, add, &v);
    }
}

static void put_one(void *ctx, const struct vrp *v) { put(ctx, true, v); }

static void everything(struct process *p)
{
    p->w = writer_on(p->buf, sizeof p->buf); /* what was waiting is in the table too */
    p->whole = true;
    rov_each(p->table, put_one, p);
    p->open = true;
    p->end_at = clock_now();
}

static void tell_state(struct process *p)
{
    struct text now = {0};
    bool followed = rpki_state(p->rpki, &now);
    if (strcmp(text_get(&now), text_get(&p->state)) == 0) {
        text_drop(&now);
        return;
    }
    text_drop(&p->state);
    p->state = now;
    log_line(followed ? LOG_LINE_INFO : LOG_LINE_WARN, "rpki-state", "", "%s", text_get(&now));
    say(p, &(struct link_message){
               .type = LINK_RPKI_STATE, .flag = followed, .text = {span_of(now.s, now.n)}});
}

/* --- the keeper speaks --- */

static bool begin(struct process *p, const struct link_message *m)
{
    struct rpki_cache caches[CACHES_MOST];
    struct rpki_conf c = {caches, 0, m->token, (uint32_t)m->number[0], (uint32_t)m->number[1]};
    struct cursor in = cursor_of(m->rest);
    struct text why = {0};
    while (c.caches_n < CACHES_MOST &&
           link_endpoint_next(&in, &caches[c.caches_n].addr, &caches[c.caches_n].port))
        c.caches_n++;
    if (!in.bad) p->rpki = rpki_start(&c, &why);
    if (!p->rpki) log_line(LOG_LINE_ERROR, "rpki-refused", "", "%s", text_get(&why));
    text_drop(&why);
    return p->rpki != NULL;
}

/* False: the process is to end. */
static bool hear(struct process *p)
{
    struct link_message m;
    const char *why = NULL;
    int fd;
    enum link_got got;
    while ((got = link_receive(&p->link, &m, &fd, &why)) == LINK_GOT) {
        if (m.type == LINK_RPKI && !p->rpki && !begin(p, &m)) return false;
        if (m.type == LINK_RPKI_ALL && p->rpki) everything(p);
    }
    return got == LINK_NOTHING;
}

static int wait_ms(const struct process *p)
{
    if (!p->open) return STATE_MS;
    int64_t ms = duration_to_ms(instant_since(p->end_at, clock_now())) + 1;
    return ms < 0 ? 0 : ms > STATE_MS ? STATE_MS : (int)ms;
}

static int run(struct process *p)
{
    for (;;) {
        struct pollfd fds[2] = {{p->link.fd, link_waiting(&p->link) ? POLLIN | POLLOUT : POLLIN, 0},
                                {p->rpki ? rpki_fd(p->rpki) : -1, POLLIN, 0}};
        poll(fds, 2, wait_ms(p));
        link_flush(&p->link);
        if (!hear(p)) return 1;
        if (!p->rpki) continue;
        take_changes(p);
        if (p->open && instant_reached(p->end_at, clock_now())) hand_on(p, true);
        tell_state(p);
    }
}

int validator_process(int fd)
{
    static struct process p;
    struct text how = {0}, why = {0};
    struct hash_key key;
    link_init(&p.link, fd, LINK_KEEPER);
    p.w = writer_on(p.buf, sizeof p.buf);
    if (getrandom(&key, sizeof key, 0) != sizeof key) abort();
    log_alone(); /* librtr of Debian tells every step on stderr */
    if (!confine_validator(&how, &why)) {
        log_line(LOG_LINE_ERROR, "not-confined", "", "%s", text_get(&why));
        return 1;
    }
    p.table = rov_new(&key);
    p.whole = true;
    say(&p, &(struct link_message){.type = LINK_READY, .text = {span_of(how.s, how.n)}});
    text_drop(&how);
    _exit(run(&p)); /* librtr's threads wait in their sockets; there is nothing to tidy */
}
