/* edge/keeper_answers.c - what the keeper is asked: orders from outside, questions handed on to the router
 * process, and what comes back with our own share beside it. */
#include "edge/keeper_priv.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include "edge/json_out.h"
#include "sys/log.h"

enum { ANSWER_MOST = 64 << 20, QUESTION_S = 30 };

/* --- answers --- */

void keeper_answer_fault(struct keeper *k, uint32_t client, const char *what)
{
    struct text t = {0};
    json_put_fault(&t, what);
    control_answer(k->control, client, &t);
}

static void end_question(struct keeper *k, struct question *q)
{
    struct question **at = &k->questions;
    while (*at != q) at = &(*at)->next;
    *at = q->next;
    text_drop(&q->answer);
    free(q);
}

static bool from_client(enum question_kind kind)
{
    return kind != ASK_AGENT_EVIDENCE && kind != ASK_EXPORTER_FIGURES;
}

void keeper_fail_question(struct keeper *k, struct question *q, const char *why)
{
    if (from_client(q->kind)) keeper_answer_fault(k, q->client, why);
    end_question(k, q);
}

static void ask_router_with(struct keeper *k, enum question_kind kind, uint32_t client, enum link_type type,
                            const char *words, int fd, instant now)
{
    if (k->router.state != CHILD_RUNNING) {
        if (from_client(kind)) keeper_answer_fault(k, client, "the router process is not running");
        return;
    }
    struct question *q = calloc(1, sizeof *q);
    if (!q) abort();
    *q = (struct question){.next = k->questions, .id = ++k->last_question, .client = client, .kind = kind,
                           .until = instant_after(now, duration_s(QUESTION_S))};
    k->questions = q;
    keeper_tell_router(k, &(struct link_message){.type = type, .token = q->id, .text = {span_of_text(words)}}, fd);
}

void keeper_ask_router(struct keeper *k, enum question_kind kind, uint32_t client, const char *words,
                       instant now)
{
    ask_router_with(k, kind, client, LINK_ASK, words, -1, now);
}

static void put_now(struct text *out)
{
    char date[40];
    time_t s = time(NULL);
    struct tm tm;
    gmtime_r(&s, &tm);
    strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%SZ", &tm);
    json_put_key(out, "at", date);
}

static void put_router(const struct intent *i, struct text *out)
{
    char id[ADDR_TEXT_MAX];
    struct addr a = addr_v4(i->router.id);
    text_add(out, "\"router\":{\"name\":");
    json_put(out, i->router.name);
    json_put_key(out, "id", addr_text(&a, id));
    text_addf(out, ",\"asn\":%u},\"revision\":%llu", i->router.asn, (unsigned long long)i->revision);
}

static void put_attachments(struct keeper *k, struct text *out)
{
    text_add(out, "\"attachments\":");
    spaces_show_attachments(k->spaces, keeper_running(k), out);
}

static void put_neighbors(struct keeper *k, struct text *out)
{
    text_add(out, "\"neighbors\":");
    spaces_show_neighbors(k->spaces, keeper_running(k), out);
}

static void put_unknown(struct keeper *k, struct text *out)
{
    text_add(out, "\"unknown_tags\":");
    spaces_show_unknown_tags(k->spaces, out);
}

/* The router's members with ours beside them. */
static void put_evidence(struct keeper *k, const struct text *share, struct text *out)
{
    text_add(out, "{");
    put_router(keeper_running(k), out);
    put_now(out);
    text_add(out, ",");
    text_add_n(out, text_get(share), share->n);
    text_add(out, ",");
    put_attachments(k, out);
    text_add(out, ",");
    put_neighbors(k, out);
    text_add(out, ",");
    put_unknown(k, out);
    text_add(out, ",\"nat\":");
    spaces_show_nat(k->spaces, out);
    text_add(out, ",\"qos\":");
    spaces_show_qos(k->spaces, out);
    text_add(out, ",\"fates\":");
    spaces_show_fates(k->spaces, out);
    text_add(out, "}");
}

static void put_drops(struct keeper *k, const struct text *share, struct text *out)
{
    text_add(out, "{\"drops\":[");
    text_add_n(out, text_get(share), share->n);
    spaces_show_drops(k->spaces, out);
    text_addf(out, "],\"routes_refused\":%zu,", spaces_routes_refused(k->spaces));
    put_unknown(k, out);
    text_add(out, "}");
}

static void put_rpki(struct keeper *k, const struct text *share, struct text *out)
{
    text_add(out, "{");
    validator_show(&k->validator, out);
    text_add(out, ",");
    text_add_n(out, text_get(share), share->n);
    text_add(out, "}");
}

static void answered(struct keeper *k, struct question *q)
{
    struct text out = {0};
    switch (q->kind) {
    case ASK_CLIENT: out = q->answer, q->answer = (struct text){0}; break;
    case ASK_CLIENT_DROPS: put_drops(k, &q->answer, &out); break;
    case ASK_CLIENT_RPKI: put_rpki(k, &q->answer, &out); break;
    case ASK_CLIENT_EVIDENCE: case ASK_AGENT_EVIDENCE: case ASK_EXPORTER_FIGURES: put_evidence(k, &q->answer, &out); break;
    }
    if (q->kind == ASK_EXPORTER_FIGURES)
        exporter_give(&k->exporter, &out);
    else if (from_client(q->kind))
        control_answer(k->control, q->client, &out);
    else if (k->agent.state == CHILD_RUNNING && !link_waiting(&k->agent.link) &&
             out.n <= LINK_TEXT_TOTAL_MAX) /* a slow control plane misses some, never the last */
        link_send_text(&k->agent.link, LINK_EVIDENCE, text_get(&out), out.n);
    text_drop(&out);
    end_question(k, q);
}

void keeper_on_answer(struct keeper *k, const struct link_message *m)
{
    struct question *q = k->questions;
    while (q && q->id != m->token) q = q->next;
    if (!q) return;
    if (q->answer.n + m->rest.n > ANSWER_MOST) {
        keeper_fail_question(k, q, "the answer is longer than 64 MiB");
        return;
    }
    text_add_n(&q->answer, (const char *)m->rest.p, m->rest.n);
    if (m->flag) answered(k, q);
}

/* --- questions from outside --- */

static void put_child(const struct child *c, struct text *out)
{
    static const char *const states[] = {"off", "waiting", "running", "stopped"};
    text_addf(out, "{\"pid\":%d,\"state\":\"%s\",\"restarts\":%u", (int)c->pid, states[c->state],
              c->starts ? c->starts - 1 : 0);
    json_put_key(out, "confined", c->confined);
    text_add(out, "}");
}

static const char *const dataplane_names[] = {"none", "namespaces", "fast"};

static void show_status(struct keeper *k, struct text *out)
{
    const struct intent *i = keeper_running(k);
    text_add(out, "{");
    put_router(i, out);
    text_addf(out, ",\"dataplane\":\"%s\",\"drained\":%s",
              dataplane_names[i->dataplane], k->drained ? "true" : "false");
    json_put_key(out, "intent_from", k->intent_from);
    text_addf(out, ",\"uptime_s\":%lld,\"keeper\":{\"pid\":%d",
              (long long)duration_to_s(instant_since(clock_now(), k->started)), (int)getpid());
    json_put_key(out, "confined", k->confined);
    text_add(out, "},\"router_process\":");
    put_child(&k->router, out);
    text_add(out, ",\"agent\":");
    put_child(&k->agent, out);
    text_addf(out, ",\"control\":{\"reached\":%s", k->reached ? "true" : "false");
    json_put_key(out, "url", k->local.intent->control.url);
    json_put_key(out, "why", k->unreached);
    text_addf(out, "},\"incomplete\":%s}", k->ensure_again ? "true" : "false");
}

static void show_attachments(struct keeper *k, struct text *out)
{
    text_add(out, "{");
    put_attachments(k, out);
    text_add(out, "}");
}

static void show_neighbors(struct keeper *k, struct text *out)
{
    text_add(out, "{");
    put_neighbors(k, out);
    text_add(out, "}");
}

static void show_fast(struct keeper *k, struct text *out) { spaces_show_fast(k->spaces, out); }
static void show_qos(struct keeper *k, struct text *out) { spaces_show_qos(k->spaces, out); }

static void show_nat(struct keeper *k, struct text *out) { spaces_show_nat(k->spaces, out); }

struct view {
    const char *name;
    enum question_kind kind;                             /* asked of the router process ... */
    void (*show)(struct keeper *k, struct text *out);    /* ... unless we know it ourselves */
};
static const struct view views[] = {
    {"bgp", ASK_CLIENT, NULL},
    {"routes", ASK_CLIENT, NULL},
    {"bfd", ASK_CLIENT, NULL},
    {"drops", ASK_CLIENT_DROPS, NULL},
    {"rpki", ASK_CLIENT_RPKI, NULL},
    {"figures", ASK_CLIENT_EVIDENCE, NULL},
    {"bmp", ASK_CLIENT, NULL},
    {"route", ASK_CLIENT, NULL},
    {"received", ASK_CLIENT, NULL},
    {"faults", ASK_CLIENT, NULL},
    {"advertised", ASK_CLIENT, NULL},
    {"evidence", ASK_CLIENT_EVIDENCE, NULL},
    {"attachments", ASK_CLIENT, show_attachments},
    {"neighbors", ASK_CLIENT, show_neighbors},
    {"status", ASK_CLIENT, show_status},
    {"nat", ASK_CLIENT, show_nat},
    {"qos", ASK_CLIENT, show_qos},
    {"fast", ASK_CLIENT, show_fast},
};

static void do_show(struct keeper *k, uint32_t client, const char *words)
{
    size_t n = strcspn(words, " ");
    for (size_t i = 0; i < ARRAY_LEN(views); i++) {
        if (strncmp(views[i].name, words, n) != 0 || views[i].name[n]) continue;
        struct text out = {0};
        if (!views[i].show) {
            keeper_ask_router(k, views[i].kind, client, words, clock_now());
            return;
        }
        views[i].show(k, &out);
        control_answer(k->control, client, &out);
        return;
    }
    keeper_answer_fault(k, client,
                 "show what? bgp, routes [DOMAIN], route PREFIX|ADDRESS [DOMAIN], received PEER, advertised PEER, "
                 "faults [PEER], bfd, drops, rpki, bmp, evidence, attachments, neighbors, status, nat, qos, fast");
}

static void wait_for_router(struct keeper *k, uint32_t client)
{
    if (k->router.state == CHILD_RUNNING && k->applying_n < ARRAY_LEN(k->applying))
        k->applying[k->applying_n++] = client;
    else
        keeper_answer_fault(k, client, "the router process is starting; it will take this intent");
}

static void do_apply(struct keeper *k, uint32_t client, const char *words)
{
    struct text why = {0};
    (void)words;
    if (keeper_reload(k, clock_now(), &why))
        wait_for_router(k, client);
    else
        keeper_answer_fault(k, client, text_get(&why));
    text_drop(&why);
}

static void do_drain(struct keeper *k, uint32_t client, const char *words)
{
    k->drained = strcmp(words, "off") != 0;
    k->leaving = strcmp(words, "graceful-shutdown") == 0;
    log_line(LOG_LINE_INFO, k->drained ? "drained" : "undrained", "", "paths out are %s",
             k->leaving ? "made longer and marked" : k->drained ? "made longer" : "as configured");
    keeper_apply_now(k, clock_now());
    wait_for_router(k, client);
}

static void ask_router_to(struct keeper *k, uint32_t client, const char *order, const char *words)
{
    struct text t = {0};
    text_addf(&t, "%s %.300s", order, words);
    keeper_ask_router(k, ASK_CLIENT, client, text_get(&t), clock_now());
    text_drop(&t);
}

static void do_reset(struct keeper *k, uint32_t client, const char *words)
{
    ask_router_to(k, client, "reset", words);
}
static void do_refresh(struct keeper *k, uint32_t client, const char *words)
{
    ask_router_to(k, client, "refresh", words);
}

/* A regular file, made anew or emptied; never through a link somebody left there. */
static int open_dump(const char *path, struct text *why)
{
    struct stat st;
    if (*path != '/') {
        text_add(why, "an absolute path is wanted");
        return -1;
    }
    int fd = open(path, O_WRONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0644);
    if (fd >= 0 && (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || ftruncate(fd, 0) != 0)) {
        close(fd);
        fd = -1;
        errno = EINVAL;
    }
    if (fd < 0) text_addf(why, "cannot write %.300s: %s", path, strerror(errno));
    return fd;
}

/* "table PATH", "table/DOMAIN PATH", "updates PATH", "stop" */
static void do_mrt(struct keeper *k, uint32_t client, const char *words)
{
    char what[WORD_ROOM];
    struct text why = {0};
    size_t n = strcspn(words, " ");
    snprintf(what, sizeof what, "%.*s", (int)(n < sizeof what ? n : sizeof what - 1), words);
    char *slash = strchr(what, '/');
    if (slash) *slash = ' ';
    int fd = strcmp(what, "stop") == 0 ? -1 : open_dump(words[n] ? words + n + 1 : "", &why);
    if (why.n)
        keeper_answer_fault(k, client, text_get(&why));
    else
        ask_router_with(k, ASK_CLIENT, client, LINK_DUMP, what, fd, clock_now());
    if (fd >= 0) close(fd);
    text_drop(&why);
}

static const struct {
    const char *word;
    bool changes; /* only for root and ourselves */
    void (*run)(struct keeper *k, uint32_t client, const char *words);
} orders[] = {{"show", false, do_show}, {"apply", true, do_apply}, {"drain", true, do_drain},
            {"mrt", true, do_mrt}, {"reset", true, do_reset}, {"refresh", true, do_refresh}};

void keeper_asked(void *ctx, uint32_t client, const char *line, int64_t uid)
{
    struct keeper *k = ctx;
    size_t n = strcspn(line, " ");
    for (size_t i = 0; i < ARRAY_LEN(orders); i++) {
        if (strncmp(orders[i].word, line, n) != 0 || orders[i].word[n]) continue;
        if (orders[i].changes && uid != 0 && uid != (int64_t)geteuid())
            keeper_answer_fault(k, client, "only root and the router's own user may do this");
        else
            orders[i].run(k, client, line + n + (line[n] == ' '));
        return;
    }
    keeper_answer_fault(k, client, "orders: show WHAT, apply, drain [off], reset PEER [WORDS], refresh PEER, "
                 "mrt table|updates PATH, mrt stop");
}
