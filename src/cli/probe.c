/* cli/probe.c - fairlead probe send and reflect: STAMP (RFC 8762) from the command line.
 * The sender measures loss, round trip and what became of the DSCP on the way; the reflector
 * answers anybody, as often as it is asked, and with no more bytes than it was sent. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/date.h"
#include "cli/command.h"
#include "cli/options.h"
#include "cli/probe.h"
#include "lab/pause.h"
#include "proto/stamp.h"
#include "sys/probe_socket.h"

enum { DSCP_MAX = 63, RATE_MAX = 100000 };

bool probe_number(const char *what, const char *s, long long least, long long most, long long *out)
{
    char *end;
    long long v = strtoll(s, &end, 10);
    if (*s && !*end && v >= least && v <= most) return *out = v, true;
    fprintf(stderr, "fairlead: %s takes a number from %lld to %lld\n", what, least, most);
    return false;
}

bool probe_address(const char *what, const char *s, struct addr *out)
{
    if (addr_parse(s, out)) return true;
    fprintf(stderr, "fairlead: %s takes an IP address\n", what);
    return false;
}

/* --- send --- */

struct send_options {
    struct probe_target target;
    struct stamp_conf conf;
    enum output output;
};

static bool send_options_read(int argc, char **argv, struct send_options *o)
{
    const char *to = NULL, *port = "862", *rate = "10", *count = NULL, *seconds = NULL, *dscp = "0",
               *source = NULL, *format = NULL;
    const struct option_row rows[] = {
        {"--port", "-p", &port, NULL},     {"--rate", "-r", &rate, NULL},
        {"--count", "-c", &count, NULL},   {"--duration", "-d", &seconds, NULL},
        {"--dscp", NULL, &dscp, NULL},     {"--source", "-s", &source, NULL},
        {"--output", "-o", &format, NULL}, {0}};
    long long n[5] = {0};
    int words = options_read(rows, argc, argv, &to, 1);
    if (words < 0 || !output_read(format, &o->output)) return false;
    if (!to) return fprintf(stderr, "fairlead: probe whom? fairlead probe send ADDRESS\n"), false;
    if (!probe_address("probe send", to, &o->target.to) || (source && !probe_address("--source", source, &o->target.source)))
        return false;
    if (!probe_number("--port", port, 1, UINT16_MAX, &n[0]) ||
        !probe_number("--rate", rate, 1, RATE_MAX, &n[1]) ||
        !probe_number("--dscp", dscp, 0, DSCP_MAX, &n[2]) ||
        (count && !probe_number("--count", count, 0, INT32_MAX, &n[3])) ||
        (seconds && !probe_number("--duration", seconds, 1, 86400, &n[4])))
        return false;
    if (!count && !seconds) n[3] = 10;
    if (seconds) n[3] = n[4] * n[1];
    o->target.port = (uint16_t)n[0];
    o->conf = (struct stamp_conf){.rate = (uint32_t)n[1],
                                  .count = (uint32_t)n[3],
                                  .dscp = (uint8_t)n[2],
                                  .ssid = (uint16_t)getpid(),
                                  .patience = duration_ms(PROBE_PATIENCE_MS)};
    return true;
}

static void take_answers(struct stamp_sender *s, struct probe_socket *socket)
{
    struct probe_datagram d;
    while (probe_socket_receive(socket, &d))
        stamp_sender_answer(s, span_of(d.bytes, d.n), d.at_us, d.dscp);
}

/* A send that the kernel refuses (no route) is a probe that was lost, as it would be on the way. */
static void send_due(struct stamp_sender *s, struct probe_socket *socket, const struct probe_target *t)
{
    uint8_t bytes[STAMP_BYTES_MAX];
    struct writer w = writer_on(bytes, sizeof bytes);
    while (stamp_sender_probe(s, now(), probe_wall_us(), &w)) {
        probe_socket_send(socket, &t->source, &t->to, t->port, s->conf.dscp, bytes, writer_len(&w));
        w = writer_on(bytes, sizeof bytes);
    }
}

bool probe_run(const struct probe_target *t, const struct stamp_conf *conf, struct stamp_sender *s)
{
    struct probe_socket socket;
    struct text why = {0};
    struct addr any = t->to.family == FAMILY_IPV6 ? (struct addr){.family = FAMILY_IPV6} : addr_v4(0);
    if (!probe_socket_open(&socket, addr_is_none(&t->source) ? &any : &t->source, 0, &why)) {
        fprintf(stderr, "fairlead: %s\n", text_get(&why));
        text_drop(&why);
        return false;
    }
    stamp_sender_start(s, conf, now());
    while (!stamp_sender_done(s, now())) {
        if (interrupted()) stamp_sender_stop(s);
        send_due(s, &socket, t);
        probe_socket_wait(&socket, instant_since(stamp_sender_next(s), now()));
        take_answers(s, &socket);
    }
    probe_socket_close(&socket);
    return true;
}

static void print_json(const struct stamp_sender *s, const struct stamp_report *r)
{
    json_t *json = json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:{s:I, s:I, s:I, s:I}}", "sent",
                             (json_int_t)r->sent, "received", (json_int_t)r->answered, "lost",
                             (json_int_t)r->lost, "duplicates", (json_int_t)r->duplicates,
                             "longest_loss", (json_int_t)r->longest_loss, "outage_ms",
                             (json_int_t)(r->outage_us / 1000), "rtt_us", "min",
                             (json_int_t)r->rtt_min_us, "median", (json_int_t)r->rtt_median_us,
                             "p99", (json_int_t)r->rtt_p99_us, "max", (json_int_t)r->rtt_max_us);
    char at[DATE_TEXT_MAX];
    json_object_set_new(json, "at", json_string(date_time_text(probe_wall_us() / 1000000, at)));
    json_object_set_new(json, "rate", json_integer(s->conf.rate));
    json_object_set_new(json, "jitter_us", json_integer(r->jitter_us));
    json_object_set_new(json, "reordered", json_integer(r->reordered));
    if (s->has_class) {
        json_object_set_new(json, "dscp_sent", json_integer(s->conf.dscp));
        json_object_set_new(json, "dscp_seen", json_integer(s->class_.dscp_seen));
        json_object_set_new(json, "dscp_back", json_integer(s->dscp_back));
    }
    if (s->has_location) {
        char source[ADDR_TEXT_MAX];
        json_object_set_new(json, "source_seen",
                            json_string(addr_text(&s->location.source, source)));
        json_object_set_new(json, "source_port_seen", json_integer(s->location.source_port));
    }
    if (r->answered) json_object_set_new(json, "ttl_seen", json_integer(s->ttl_seen));
    json_dumpf(json, stdout, JSON_INDENT(2));
    putchar('\n');
    json_decref(json);
}

static void print_text(const struct stamp_sender *s, const struct stamp_report *r)
{
    char source[ADDR_TEXT_MAX];
    printf("%u sent, %u received, %u lost; longest silence %lld ms\n", r->sent, r->answered,
           r->lost, (long long)(r->outage_us / 1000));
    if (r->answered)
        printf("round trip min/median/p99/max %u/%u/%u/%u us\n", r->rtt_min_us, r->rtt_median_us,
               r->rtt_p99_us, r->rtt_max_us);
    if (s->has_class)
        printf("DSCP sent %u, seen by the reflector %u, on the answer %u\n", s->conf.dscp,
               s->class_.dscp_seen, s->dscp_back);
    if (s->has_location)
        printf("seen from %s port %u, TTL %u\n", addr_text(&s->location.source, source),
               s->location.source_port, s->ttl_seen);
}

static int probe_send_command(int argc, char **argv)
{
    struct send_options o = {.target.port = STAMP_PORT};
    struct stamp_sender sender;
    struct stamp_report report;
    if (!send_options_read(argc, argv, &o)) return EXIT_USAGE;
    interrupts_catch();
    if (!probe_run(&o.target, &o.conf, &sender)) return EXIT_ERROR;
    stamp_sender_report(&sender, &report);
    if (o.output == OUTPUT_JSON)
        print_json(&sender, &report);
    else
        print_text(&sender, &report);
    stamp_sender_drop(&sender);
    return report.answered > 0 ? EXIT_FINE : EXIT_ERROR;
}

/* --- reflect --- */

static void reflect_one(struct probe_socket *socket, uint16_t port, const struct probe_datagram *d)
{
    uint8_t bytes[STAMP_BYTES_MAX], dscp;
    struct writer w = writer_on(bytes, sizeof bytes);
    struct stamp_seen seen = {
        .received_us = d->at_us, .ttl = d->ttl, .dscp = d->dscp, .ecn = d->ecn};
    seen.location = (struct stamp_location){port, d->from_port, d->to, d->from};
    if (d->n > sizeof bytes) return;
    if (stamp_reflect(span_of(d->bytes, d->n), &seen, probe_wall_us(), &w, &dscp) == STAMP_FINE)
        probe_socket_send(socket, &d->to, &d->from, d->from_port, dscp, bytes, writer_len(&w));
}

static void reflect_until_told(struct probe_socket *socket, uint16_t port)
{
    struct probe_datagram d;
    while (!interrupted())
        if (probe_socket_wait(socket, duration_s(60)))
            while (probe_socket_receive(socket, &d)) reflect_one(socket, port, &d);
}

static int probe_reflect_command(int argc, char **argv)
{
    const char *port_text = "862", *bind_text = "0.0.0.0";
    const struct option_row rows[] = {
        {"--port", "-p", &port_text, NULL}, {"--bind", "-b", &bind_text, NULL}, {0}};
    long long port;
    struct addr bind;
    struct probe_socket socket;
    struct text why = {0};
    if (options_read(rows, argc, argv, NULL, 0) < 0 ||
        !probe_number("--port", port_text, 1, UINT16_MAX, &port) || !probe_address("--bind", bind_text, &bind))
        return EXIT_USAGE;
    interrupts_catch();
    if (!probe_socket_open(&socket, &bind, (uint16_t)port, &why)) {
        fprintf(stderr, "fairlead: %s\n", text_get(&why));
        text_drop(&why);
        return EXIT_ERROR;
    }
    puts("ready");
    fflush(stdout);
    reflect_until_told(&socket, (uint16_t)port);
    probe_socket_close(&socket);
    return EXIT_FINE;
}

const struct command probe_commands[] = {
    {"probe", "send",
     "ADDRESS [--rate N] [--count N | --duration S] [--dscp N] [--source A] [--port P]",
     "loss, round trip and DSCP to a reflector (STAMP, RFC 8762)", probe_send_command},
    {"probe", "classes",
     "ADDRESS [--peering microsoft|private] [--profile P] [--count N] [--source A] [--port P] [-o table|json]",
     "what becomes of every DSCP value on the way there and back (RFC 8972)", probe_classes_command},
    {"probe", "reflect", "[--port P] [--bind A]", "answers STAMP probes", probe_reflect_command},
    {0},
};
