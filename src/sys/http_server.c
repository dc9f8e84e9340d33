/* sys/http_server.c - libmicrohttpd with its own epoll set and no threads.
 * The library bounds the bytes of a head and the silence of a connection; it does not bound the
 * time that a drip of single bytes may take, so every connection has a deadline here: for its next
 * head, for its body, for sending the answer. A connection past it is shut down, which the library
 * notices. Of a body without Content-Length (chunked) the excess is noticed as it comes; such a
 * connection is closed without an answer, because the library takes none in the middle of a body.
 */
#include "sys/http_server.h"
#include <arpa/inet.h>
#include <errno.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>
#include "sys/tls.h"

enum {
    HEAD_BYTES = 64 << 10, /* of one connection: head, and the library's own needs */
    FIELDS_MAX = 100,
    ANSWER_S = 120,
    REQUESTS_MAX = 10000, /* of one connection */
    ADDRESS_TEXT = INET6_ADDRSTRLEN + 8,
    BACKLOG = 512,
};

static const struct http_limits defaults = {4 << 20, 4096, 256, 30, 120, 75};

struct connection {
    struct connection *next, **link;
    int fd;
    instant deadline; /* NEVER: we are the one to act */
    unsigned requests;
};

struct http_server {
    struct MHD_Daemon *daemon;
    struct http_hooks hooks;
    struct http_limits limits;
    struct connection *connections;
    size_t connections_n;
    struct http_exchange *waiting;
    instant now, swept;
    char address[ADDRESS_TEXT];
    bool loopback;
};

struct http_exchange {
    struct http_server *server;
    struct MHD_Connection *on;
    struct connection *connection;
    struct http_exchange *next, **link; /* among those that wait for their answer */
    char *method, *target;
    char source[INET6_ADDRSTRLEN];
    struct text body;
    size_t body_most;
    void *tag;
    struct MHD_Response *answer;
    unsigned status;
    bool known, suspended, served;
    bool too_large; /* the body is read over, and refused when it is whole */
};

/* --- connections and their deadlines --- */

static struct connection *connection_of(struct MHD_Connection *c)
{
    const union MHD_ConnectionInfo *i =
        MHD_get_connection_info(c, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    return i ? i->socket_context : NULL;
}

static void expect_within(const struct http_server *s, struct connection *c, unsigned seconds)
{
    if (c) c->deadline = instant_after(s->now, duration_s(seconds));
}

static void on_connection(void *cls, struct MHD_Connection *on, void **context,
                          enum MHD_ConnectionNotificationCode what)
{
    struct http_server *s = cls;
    struct connection *c = *context;
    if (what == MHD_CONNECTION_NOTIFY_STARTED) {
        const union MHD_ConnectionInfo *i =
            MHD_get_connection_info(on, MHD_CONNECTION_INFO_CONNECTION_FD);
        if (!(c = calloc(1, sizeof *c))) abort();
        *c = (struct connection){s->connections, &s->connections, i ? i->connect_fd : -1, NEVER, 0};
        if (c->next) c->next->link = &c->next;
        s->connections = c;
        s->connections_n++;
        expect_within(s, c, s->limits.head_s);
        *context = c;
    } else if (c) {
        *c->link = c->next;
        if (c->next) c->next->link = c->link;
        s->connections_n--;
        free(c);
        *context = NULL;
    }
}

static void sweep(struct http_server *s)
{
    if (instant_since(s->now, s->swept).us < 1000000) return;
    s->swept = s->now;
    for (struct connection *c = s->connections; c; c = c->next)
        if (instant_reached(c->deadline, s->now)) {
            shutdown(c->fd, SHUT_RDWR);
            c->deadline = NEVER;
        }
}

/* --- an exchange's life --- */

static char *copied(const char *s)
{
    char *c = strdup(s);
    if (!c) abort();
    return c;
}

/* The request line is there: the exchange begins. */
static void *on_target(void *cls, const char *target, struct MHD_Connection *on)
{
    struct http_server *s = cls;
    struct http_exchange *x = calloc(1, sizeof *x);
    if (!x) abort();
    x->server = s;
    x->on = on;
    x->connection = connection_of(on);
    x->target = copied(target);
    expect_within(s, x->connection, s->limits.head_s);
    return x;
}

static void on_completed(void *cls, struct MHD_Connection *on, void **context,
                         enum MHD_RequestTerminationCode why)
{
    struct http_server *s = cls;
    struct http_exchange *x = *context;
    (void)on, (void)why;
    if (!x) return;
    if (x->served && !x->answer && s->hooks.gone) s->hooks.gone(s->hooks.ctx, x);
    if (x->link) {
        *x->link = x->next;
        if (x->next) x->next->link = x->link;
    }
    expect_within(s, x->connection, s->limits.idle_s);
    if (x->answer) MHD_destroy_response(x->answer);
    tls_wipe(&x->body);
    free(x->method), free(x->target);
    free(x);
    *context = NULL;
}

/* --- judging a head --- */

struct head {
    unsigned fields, hosts, lengths, codings, expects;
    const char *length, *transfer, *coding;
};

static enum MHD_Result on_field(void *cls, enum MHD_ValueKind kind, const char *name,
                                const char *value)
{
    struct head *h = cls;
    (void)kind;
    h->fields++;
    if (strcasecmp(name, "Host") == 0) h->hosts++;
    if (strcasecmp(name, "Content-Length") == 0) h->lengths++, h->length = value;
    if (strcasecmp(name, "Transfer-Encoding") == 0) h->codings++, h->transfer = value;
    if (strcasecmp(name, "Content-Encoding") == 0) h->coding = value;
    return MHD_YES;
}

static bool is_number(const char *s)
{
    size_t n = strspn(s, "0123456789");
    return n > 0 && n < 19 && s[n] == '\0';
}

struct verdict {
    unsigned status; /* 0: fine */
    const char *what;
};

/* A client that is still sending when its connection ends never reads why: what is not much too large is
 * taken, thrown away, and answered then. */
static const struct verdict too_large = {413, "the body is too large"};
enum { SWALLOW_MOST = 1 << 20 };

static struct verdict judge_head(const struct http_exchange *x, const struct head *h)
{
    /* clang-format off */
    if (h->fields > FIELDS_MAX)          return (struct verdict){431, "too many header fields"};
    if (h->hosts != 1)                   return (struct verdict){400, "exactly one Host field is needed"};
    if (h->lengths > 1 || h->codings > 1 || (h->lengths && h->codings))
                                         return (struct verdict){400, "the length of the body is given more than once"};
    if (h->length && !is_number(h->length))
                                         return (struct verdict){400, "Content-Length is no number"};
    if (h->transfer && strcasecmp(h->transfer, "chunked") != 0)
                                         return (struct verdict){501, "the only transfer coding is chunked"};
    if (h->coding && strcasecmp(h->coding, "identity") != 0)
                                         return (struct verdict){415, "bodies with a content coding are not taken"};
    if (h->length && strtoull(h->length, NULL, 10) > x->body_most)
                                         return too_large;
    if (x->target[0] != '/')             return (struct verdict){400, "the target must begin with '/'"};
    /* clang-format on */
    return (struct verdict){0, NULL};
}

/* --- answers --- */

static enum MHD_Result send_answer(struct http_exchange *x)
{
    expect_within(x->server, x->connection, ANSWER_S);
    return MHD_queue_response(x->on, x->status, x->answer);
}

static void make_answer(struct http_exchange *x, const struct http_output *o)
{
    x->status = o->status;
    x->answer =
        MHD_create_response_from_buffer(o->n, (void *)(o->n ? o->body : ""), MHD_RESPMEM_MUST_COPY);
    if (!x->answer) abort();
    if (o->type) MHD_add_response_header(x->answer, "Content-Type", o->type);
    MHD_add_response_header(x->answer, "X-Content-Type-Options", "nosniff");
    for (const struct http_reply_field *f = o->fields; f && f->name; f++)
        MHD_add_response_header(x->answer, f->name, f->value);
    if (x->connection && ++x->connection->requests >= REQUESTS_MAX)
        MHD_add_response_header(x->answer, "Connection", "close");
}

static enum MHD_Result refuse(struct http_exchange *x, struct verdict v)
{
    struct text body = {0};
    const struct http_reply_field fields[] = {{"Connection", "close"}, {0}};
    x->server->hooks.refusal(x->server->hooks.ctx, v.status, v.what, &body);
    make_answer(x, &(struct http_output){v.status, "application/json; charset=utf-8",
                                         text_get(&body), body.n, fields});
    text_drop(&body);
    return send_answer(x);
}

void http_reply(struct http_exchange *x, const struct http_output *o)
{
    make_answer(x, o);
    if (x->suspended) {
        x->suspended = false;
        MHD_resume_connection(x->on);
    }
}

/* --- the request's stages --- */

static void note_source(struct http_exchange *x)
{
    const union MHD_ConnectionInfo *i =
        MHD_get_connection_info(x->on, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    const struct sockaddr *a = i ? i->client_addr : NULL;
    if (a && a->sa_family == AF_INET)
        inet_ntop(AF_INET, &((const struct sockaddr_in *)a)->sin_addr, x->source, sizeof x->source);
    if (a && a->sa_family == AF_INET6)
        inet_ntop(AF_INET6, &((const struct sockaddr_in6 *)a)->sin6_addr, x->source,
                  sizeof x->source);
}

static enum MHD_Result head_came(struct http_exchange *x, const char *method)
{
    struct http_server *s = x->server;
    struct head h = {0};
    x->known = true;
    x->method = copied(method);
    note_source(x);
    if (s->hooks.body_limit) x->body_most = s->hooks.body_limit(s->hooks.ctx, x->method, x->target);
    if (!x->body_most) x->body_most = s->limits.body;
    MHD_get_connection_values(x->on, MHD_HEADER_KIND, on_field, &h);
    struct verdict v = judge_head(x, &h);
    expect_within(s, x->connection, s->limits.body_s);
    x->too_large = v.status == 413 && strtoull(h.length, NULL, 10) <= SWALLOW_MOST;
    if (x->too_large) return MHD_YES;
    return v.status ? refuse(x, v) : MHD_YES;
}

static enum MHD_Result body_came(struct http_exchange *x, const char *bytes, size_t *n)
{
    if (!x->too_large && x->body.n + *n > x->body_most) return MHD_NO;
    if (!x->too_large) text_add_n(&x->body, bytes, *n);
    *n = 0;
    return MHD_YES;
}

static enum MHD_Result all_came(struct http_exchange *x)
{
    struct http_server *s = x->server;
    if (x->too_large) return refuse(x, too_large);
    if (!x->served) {
        x->served = true;
        if (x->connection) x->connection->deadline = NEVER;
        s->hooks.serve(s->hooks.ctx, x);
    }
    if (x->answer) return send_answer(x);
    if (!x->link) {
        x->next = s->waiting;
        x->link = &s->waiting;
        if (x->next) x->next->link = &x->next;
        s->waiting = x;
    }
    x->suspended = true;
    MHD_suspend_connection(x->on);
    return MHD_YES;
}

static enum MHD_Result on_request(void *cls, struct MHD_Connection *on, const char *url,
                                  const char *method, const char *version, const char *bytes,
                                  size_t *n, void **context)
{
    struct http_exchange *x = *context;
    (void)cls, (void)on, (void)url, (void)version;
    if (!x->known) return head_came(x, method);
    return *n ? body_came(x, bytes, n) : all_came(x);
}

/* --- listening --- */

struct place {
    struct sockaddr_storage address;
    socklen_t n;
    bool loopback;
};

static bool port_parse(const char *s, uint16_t *out)
{
    char *end;
    unsigned long port = strtoul(s, &end, 10);
    *out = (uint16_t)port;
    return *s >= '0' && *s <= '9' && !*end && port <= 65535;
}

static bool place_parse(const char *listen, struct place *out)
{
    char host[INET6_ADDRSTRLEN + 2];
    uint16_t port;
    const char *colon = strrchr(listen, ':');
    size_t n = colon ? (size_t)(colon - listen) : 0;
    if (!n || n >= sizeof host || !port_parse(colon + 1, &port)) return false;
    memcpy(host, listen, n);
    host[n] = '\0';
    struct sockaddr_in *v4 = (struct sockaddr_in *)&out->address;
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&out->address;
    *out = (struct place){0};
    if (inet_pton(AF_INET, host, &v4->sin_addr) == 1) {
        v4->sin_family = AF_INET;
        v4->sin_port = htons(port);
        out->n = sizeof *v4;
        out->loopback = ntohl(v4->sin_addr.s_addr) >> 24 == 127;
        return true;
    }
    if (host[0] != '[' || host[n - 1] != ']') return false;
    host[n - 1] = '\0';
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons(port);
    out->n = sizeof *v6;
    bool fine = inet_pton(AF_INET6, host + 1, &v6->sin6_addr) == 1;
    out->loopback = fine && IN6_IS_ADDR_LOOPBACK(&v6->sin6_addr);
    return fine;
}

static int listen_at(const struct place *p)
{
    int one = 1, fd = socket(p->address.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) return -1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (bind(fd, (const struct sockaddr *)&p->address, p->n) == 0 && listen(fd, BACKLOG) == 0)
        return fd;
    int fault = errno;
    close(fd);
    errno = fault;
    return -1;
}

static void name_address(struct http_server *s, int fd)
{
    struct sockaddr_storage a;
    socklen_t n = sizeof a;
    char host[INET6_ADDRSTRLEN] = "";
    bool known = getsockname(fd, (struct sockaddr *)&a, &n) == 0;
    const struct sockaddr_in *v4 = (const struct sockaddr_in *)&a;
    const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)&a;
    if (known && a.ss_family == AF_INET) {
        inet_ntop(AF_INET, &v4->sin_addr, host, sizeof host);
        snprintf(s->address, sizeof s->address, "%s:%u", host, ntohs(v4->sin_port));
    } else if (known) {
        inet_ntop(AF_INET6, &v6->sin6_addr, host, sizeof host);
        snprintf(s->address, sizeof s->address, "[%s]:%u", host, ntohs(v6->sin6_port));
    }
}

static unsigned either(unsigned wanted, unsigned usual) { return wanted ? wanted : usual; }

static struct http_limits limits_of(const struct http_limits *w)
{
    return (struct http_limits){
        .body = w->body ? w->body : defaults.body,
        .connections = either(w->connections, defaults.connections),
        .connections_per_address =
            either(w->connections_per_address, defaults.connections_per_address),
        .head_s = either(w->head_s, defaults.head_s),
        .body_s = either(w->body_s, defaults.body_s),
        .idle_s = either(w->idle_s, defaults.idle_s),
    };
}

static void quiet(void *cls, const char *fmt, va_list args) { (void)cls, (void)fmt, (void)args; }

static bool start(struct http_server *s, const struct http_server_setup *setup, int fd)
{
    const struct MHD_OptionItem options[] = {
        {MHD_OPTION_EXTERNAL_LOGGER, (intptr_t)quiet, NULL},
        {MHD_OPTION_LISTEN_SOCKET, fd, NULL},
        {MHD_OPTION_HTTPS_MEM_KEY, 0, (void *)setup->key},
        {MHD_OPTION_HTTPS_MEM_CERT, 0, (void *)setup->cert},
        {MHD_OPTION_HTTPS_MEM_TRUST, 0, (void *)setup->client_authority},
        {MHD_OPTION_HTTPS_PRIORITIES, 0, (void *)tls_server_priorities},
        {MHD_OPTION_CONNECTION_MEMORY_LIMIT, HEAD_BYTES, NULL},
        {MHD_OPTION_CONNECTION_LIMIT, s->limits.connections, NULL},
        {MHD_OPTION_PER_IP_CONNECTION_LIMIT, s->limits.connections_per_address, NULL},
        {MHD_OPTION_CONNECTION_TIMEOUT, s->limits.idle_s, NULL},
        {MHD_OPTION_URI_LOG_CALLBACK, (intptr_t)on_target, s},
        {MHD_OPTION_NOTIFY_COMPLETED, (intptr_t)on_completed, s},
        {MHD_OPTION_NOTIFY_CONNECTION, (intptr_t)on_connection, s},
        {MHD_OPTION_STRICT_FOR_CLIENT, 1, NULL},
        {MHD_OPTION_SIGPIPE_HANDLED_BY_APP, 1, NULL},
        {MHD_OPTION_END, 0, NULL},
    };
    s->daemon =
        MHD_start_daemon(MHD_USE_ERROR_LOG | MHD_USE_EPOLL | MHD_USE_TLS | MHD_ALLOW_SUSPEND_RESUME,
                         0, NULL, NULL, on_request, s, MHD_OPTION_ARRAY, options, MHD_OPTION_END);
    return s->daemon != NULL;
}

struct http_server *http_server_open(const struct http_server_setup *setup, struct text *why)
{
    struct place place;
    if (!place_parse(setup->listen, &place)) {
        text_addf(why, "'%s' is no address to listen at; write 127.0.0.1:8443", setup->listen);
        return NULL;
    }
    int fd = listen_at(&place);
    if (fd < 0) {
        text_addf(why, "cannot listen at %s: %s", setup->listen, strerror(errno));
        return NULL;
    }
    struct http_server *s = calloc(1, sizeof *s);
    if (!s) abort();
    s->hooks = setup->hooks;
    s->limits = limits_of(&setup->limits);
    s->loopback = place.loopback;
    name_address(s, fd);
    if (start(s, setup, fd)) return s;
    text_addf(why, "the HTTPS server at %s does not start: its key, certificate or limits",
              s->address);
    close(fd);
    free(s);
    return NULL;
}

void http_server_close(struct http_server *s)
{
    if (!s) return;
    while (s->waiting) {
        struct http_exchange *x = s->waiting;
        s->waiting = x->next;
        if (x->next) x->next->link = &s->waiting;
        x->link = NULL;
        if (s->hooks.gone) s->hooks.gone(s->hooks.ctx, x);
        http_reply(x, &(struct http_output){.status = MHD_HTTP_SERVICE_UNAVAILABLE});
    }
    MHD_run(s->daemon);
    MHD_stop_daemon(s->daemon);
    free(s);
}

const char *http_server_address(const struct http_server *s) { return s->address; }
bool http_server_loopback(const struct http_server *s) { return s->loopback; }
size_t http_server_connections(const struct http_server *s) { return s->connections_n; }

int http_server_fd(const struct http_server *s)
{
    const union MHD_DaemonInfo *i = MHD_get_daemon_info(s->daemon, MHD_DAEMON_INFO_EPOLL_FD);
    return i ? i->epoll_fd : -1;
}

void http_server_turn(struct http_server *s, instant now)
{
    s->now = now;
    sweep(s);
    MHD_run(s->daemon);
}

instant http_server_next(const struct http_server *s, instant now)
{
    MHD_UNSIGNED_LONG_LONG ms;
    instant next = s->connections ? instant_after(now, duration_s(1)) : NEVER;
    if (MHD_get_timeout(s->daemon, &ms) == MHD_YES)
        next = instant_first(next, instant_after(now, duration_ms((int64_t)ms)));
    return next;
}

/* --- questions about an exchange --- */

const char *http_method(const struct http_exchange *x) { return x->method; }
const char *http_target(const struct http_exchange *x) { return x->target; }
const char *http_source(const struct http_exchange *x) { return x->source; }
void http_tag(struct http_exchange *x, void *tag) { x->tag = tag; }
void *http_tagged(const struct http_exchange *x) { return x->tag; }

const char *http_field(const struct http_exchange *x, const char *name)
{
    return MHD_lookup_connection_value(x->on, MHD_HEADER_KIND, name);
}

struct counting {
    const char *name;
    size_t n;
};

static enum MHD_Result count_field(void *cls, enum MHD_ValueKind kind, const char *name,
                                   const char *value)
{
    struct counting *c = cls;
    (void)kind, (void)value;
    c->n += strcasecmp(name, c->name) == 0;
    return MHD_YES;
}

size_t http_field_count(const struct http_exchange *x, const char *name)
{
    struct counting c = {name, 0};
    MHD_get_connection_values(x->on, MHD_HEADER_KIND, count_field, &c);
    return c.n;
}

const char *http_body(const struct http_exchange *x, size_t *n)
{
    *n = x->body.n;
    return text_get(&x->body);
}

bool http_peer(const struct http_exchange *x, struct tls_peer *out)
{
    const union MHD_ConnectionInfo *i =
        MHD_get_connection_info(x->on, MHD_CONNECTION_INFO_GNUTLS_SESSION);
    return i && i->tls_session && tls_peer(i->tls_session, out);
}
