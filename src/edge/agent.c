/* edge/agent.c - two threads around two HTTPS connections: one waits for intents, the other carries
 * evidence. Loss of the control plane is no event for the router: both try again, a second later and
 * then ever slower up to ten. When the keeper goes, the process goes. */
#include "edge/agent.h"
#include <jansson.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "sys/confine.h"
#include "sys/http_client.h"
#include "sys/link.h"
#include "sys/log.h"

enum { WAIT_S = 30, PATIENCE_S = 45, POST_S = 10, PAUSE_FIRST_MS = 1000, PAUSE_LAST_MS = 10000,
       FIELD_ROOM = 1024 };

static struct agent {
    pthread_mutex_t lock; /* of the link's sending side and of reached */
    struct link link;
    bool reached, told;
    uint64_t revision;
    char name[64], url[FIELD_ROOM], ca[FIELD_ROOM], cert[FIELD_ROOM], key[FIELD_ROOM];
} agent = {.lock = PTHREAD_MUTEX_INITIALIZER};

static void say(const struct link_message *m)
{
    pthread_mutex_lock(&agent.lock);
    link_send(&agent.link, m, -1);
    pthread_mutex_unlock(&agent.lock);
}

/* One line and one message when it changes. */
static void reached(bool yes, const char *why)
{
    pthread_mutex_lock(&agent.lock);
    bool news = !agent.told || agent.reached != yes;
    agent.told = true;
    agent.reached = yes;
    pthread_mutex_unlock(&agent.lock);
    if (!news) return;
    log_line(yes ? LOG_LINE_INFO : LOG_LINE_WARN, yes ? "control-reached" : "control-lost", agent.url, "%s",
             yes ? "the control plane answers" : why);
    size_t n = strlen(why) < LINK_TEXT_MAX ? strlen(why) : LINK_TEXT_MAX;
    say(&(struct link_message){.type = LINK_REACHED, .flag = yes, .text = {span_of(why, n)}});
}

static struct http_client *client(void)
{
    return http_client_new(&(struct http_identity){agent.ca, agent.cert, agent.key});
}

static void rest_for(unsigned ms)
{
    nanosleep(&(struct timespec){ms / 1000, (long)(ms % 1000) * 1000000}, NULL);
}

static unsigned slower(unsigned ms) { return ms * 2 < PAUSE_LAST_MS ? ms * 2 : PAUSE_LAST_MS; }

/* --- intents --- */

static uint64_t revision_in(const struct text *body)
{
    json_t *json = json_loadb(text_get(body), body->n, 0, NULL);
    json_int_t revision = json_integer_value(json_object_get(json, "revision"));
    json_decref(json);
    return revision > 0 ? (uint64_t)revision : 0;
}

/* Whatever the keeper makes of it, the same one is not asked for again. False: it is none. */
static bool hand_over(const struct http_answer *a)
{
    uint64_t revision = revision_in(&a->body);
    if (a->body.n == 0 || a->body.n > LINK_TEXT_TOTAL_MAX || revision <= agent.revision) return false;
    pthread_mutex_lock(&agent.lock);
    link_send_text(&agent.link, LINK_INTENT, text_get(&a->body), a->body.n);
    pthread_mutex_unlock(&agent.lock);
    agent.revision = revision;
    return true;
}

static void *poll_intents(void *ctx)
{
    struct http_client *c = ctx;
    struct http_answer a = {0};
    unsigned pause = PAUSE_FIRST_MS;
    for (;;) {
        char url[2 * FIELD_ROOM];
        struct text why = {0};
        snprintf(url, sizeof url, "%s/fairlead/v1/edges/%s/intent?revision=%llu&wait=%d", agent.url,
                 agent.name, (unsigned long long)agent.revision, WAIT_S);
        struct http_request r = {.method = "GET", .url = url, .patience = duration_s(PATIENCE_S)};
        bool answered = http_send(c, &r, &a, &why);
        bool fine = answered && (a.status == 200 || a.status == 204);
        if (answered && !fine) text_addf(&why, "the control plane answers %u", a.status);
        reached(fine, text_get(&why));
        if (fine && a.status == 200) fine = hand_over(&a);
        pause = fine ? PAUSE_FIRST_MS : slower(pause);
        if (!fine) rest_for(pause);
        text_drop(&why);
    }
    return NULL;
}

/* --- evidence --- */

static void post(struct http_client *c, const struct text *evidence)
{
    char url[2 * FIELD_ROOM];
    struct text why = {0};
    struct http_answer a = {0};
    static const char *const headers[] = {"Content-Type: application/json", NULL};
    snprintf(url, sizeof url, "%s/fairlead/v1/edges/%s/evidence", agent.url, agent.name);
    struct http_request r = {.method = "POST", .url = url, .headers = headers,
                             .body = text_get(evidence), .patience = duration_s(POST_S)};
    bool answered = http_send(c, &r, &a, &why);
    if (answered && a.status >= 300)
        log_line(LOG_LINE_WARN, "evidence-refused", agent.url, "the control plane answers %u", a.status);
    http_answer_drop(&a);
    text_drop(&why);
}

/* Reads what the keeper has said; the last whole evidence is what counts. False: the keeper is gone. */
static bool listen_to_keeper(struct text *whole, bool *fresh)
{
    static struct text parts;
    struct link_message m;
    const char *why = NULL;
    int fd;
    enum link_got got;
    while ((got = link_receive(&agent.link, &m, &fd, &why)) == LINK_GOT) {
        if (m.type != LINK_EVIDENCE) continue;
        enum link_part part = link_join(&m, &parts);
        if (part == LINK_PART_WHOLE) {
            text_clear(whole);
            text_add_n(whole, text_get(&parts), parts.n);
            *fresh = true;
        }
        if (part != LINK_PART_MORE) text_clear(&parts);
    }
    return got == LINK_NOTHING;
}

static void wait_for_keeper(void)
{
    pthread_mutex_lock(&agent.lock);
    short events = link_waiting(&agent.link) ? POLLIN | POLLOUT : POLLIN;
    pthread_mutex_unlock(&agent.lock);
    struct pollfd p = {agent.link.fd, events, 0};
    poll(&p, 1, 1000);
    if (!(p.revents & POLLOUT)) return;
    pthread_mutex_lock(&agent.lock);
    link_flush(&agent.link);
    pthread_mutex_unlock(&agent.lock);
}

static int carry_evidence(struct http_client *c)
{
    struct text evidence = {0};
    bool fresh = false;
    while (listen_to_keeper(&evidence, &fresh)) {
        if (fresh) post(c, &evidence);
        fresh = false;
        wait_for_keeper();
    }
    return 0;
}

/* --- start --- */

static bool get_control(void)
{
    struct link_message m = {0};
    const char *why = NULL;
    int fd;
    for (;;) {
        enum link_got got = link_receive(&agent.link, &m, &fd, &why);
        if (got == LINK_GOT && m.type == LINK_CONTROL) break;
        if (got != LINK_GOT && got != LINK_NOTHING) return false;
        wait_for_keeper();
    }
    agent.revision = m.number[0];
    return link_text(m.text[0], agent.name, sizeof agent.name) &&
           link_text(m.text[1], agent.url, sizeof agent.url) &&
           link_text(m.text[2], agent.ca, sizeof agent.ca) &&
           link_text(m.text[3], agent.cert, sizeof agent.cert) &&
           link_text(m.text[4], agent.key, sizeof agent.key);
}

int agent_process(int fd)
{
    struct text how = {0}, why = {0};
    pthread_t poller;
    link_init(&agent.link, fd, LINK_KEEPER);
    if (!confine_agent(&how, &why)) {
        log_line(LOG_LINE_ERROR, "not-confined", "", "%s", text_get(&why));
        return 1;
    }
    say(&(struct link_message){.type = LINK_READY, .text = {span_of(text_get(&how), how.n)}});
    text_drop(&how);
    if (!get_control()) return 1;
    struct http_client *intents = client(), *evidence = client(); /* while there is one thread */
    if (pthread_create(&poller, NULL, poll_intents, intents) != 0) abort();
    int status = carry_evidence(evidence);
    _exit(status); /* the poller waits in a request; there is nothing to tidy */
}
