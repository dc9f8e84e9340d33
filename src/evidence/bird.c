/* evidence/bird.c - line by line; a session is complete when the next protocol begins. */
#include "evidence/bird.h"
#include <stdio.h>
#include <string.h>

enum { LINE = 256 };

struct session { /* of `show protocols all` */
    bool bgp;
    char neighbor[64], state[32], error[128];
    unsigned remote_asn, hold, imported;
    bool has_hold, has_imported;
};

static bool value_after(const char *line, const char *key, char *out, size_t room)
{
    size_t n = strlen(key);
    while (*line == ' ') line++;
    if (strncmp(line, key, n) != 0) return false;
    for (line += n; *line == ' ';) line++;
    snprintf(out, room, "%s", line);
    return true;
}

static void take_line(struct session *s, const char *line)
{
    char value[LINE];
    unsigned left, hold;
    if (value_after(line, "BGP state:", s->state, sizeof s->state) ||
        value_after(line, "Neighbor address:", s->neighbor, sizeof s->neighbor) ||
        value_after(line, "Last error:", s->error, sizeof s->error))
        return;
    if (value_after(line, "Neighbor AS:", value, sizeof value)) sscanf(value, "%u", &s->remote_asn);
    if (value_after(line, "Hold timer:", value, sizeof value))
        s->has_hold = sscanf(value, "%u.%*u/%u", &left, &hold) == 2 ? (s->hold = hold, true) : false;
    if (value_after(line, "Routes:", value, sizeof value) && sscanf(value, "%u imported", &left) == 1) {
        s->imported += left; /* one line a family */
        s->has_imported = true;
    }
}

static void finish(const struct collector *c, const char *router, struct session *s)
{
    char subject[SUBJECT_MAX];
    struct addr a;
    if (s->bgp && addr_parse(s->neighbor, &a) && leg_of_address(c->design, &a, SIDE_CLOUD, subject)) {
        put(c, FACT_CUSTOMER_ROUTER, subject, router);
        put_session_state(c, FACT_CUSTOMER_STATE, subject, s->state);
        put_number(c, FACT_CUSTOMER_REMOTE_ASN, subject, s->remote_asn);
        if (s->has_hold) put_number(c, FACT_CUSTOMER_HOLD, subject, s->hold);
        if (s->has_hold && c->tells_both_ends) put_number(c, FACT_SESSION_HOLD, subject, s->hold);
        if (s->has_imported) put_number(c, FACT_CUSTOMER_IMPORTED, subject, s->imported);
    }
    *s = (struct session){0};
}

/* "192.168.100.134           leg0       Up         15:45:21.270    0.300    0.900" */
static void take_bfd_row(const struct collector *c, const char *line)
{
    char address[64], state[16], subject[SUBJECT_MAX];
    double timeout = 0;
    struct addr a;
    if (sscanf(line, "%63s %*s %15s %*s %*s %lf", address, state, &timeout) < 2 || !addr_parse(address, &a)) return;
    if (!leg_of_address(c->design, &a, SIDE_CLOUD, subject)) return;
    bool up = strcmp(state, "Up") == 0, init = strcmp(state, "Init") == 0;
    put(c, FACT_CUSTOMER_BFD, subject, up ? "up" : init ? "init" : "down");
    if (!c->tells_both_ends) return;
    put(c, FACT_BFD_STATE, subject, up ? "up" : init ? "init" : "down");
    if (up && timeout > 0) put_number(c, FACT_BFD_DETECT, subject, (uint64_t)(timeout * 1e6));
}

/* Of `show route all`: a prefix, then a path a paragraph: where it goes, then its attributes. */
struct route {
    char prefix[64], subject[SUBJECT_MAX], communities[200];
};

static void finish_route(const struct collector *c, struct route *r)
{
    if (*r->subject)
        facts_addf(c->facts, FACT_CUSTOMER_ROUTE, r->subject, c->source, c->at_ms, "%s%s%s", r->prefix,
                   *r->communities ? " " : "", r->communities);
    *r->subject = *r->communities = 0;
}

/* "(12076,50002) (12076,5010)" -> "12076:50002,12076:5010" */
static void take_communities(struct route *r, const char *s)
{
    unsigned a, b;
    for (size_t n = 0; (s = strchr(s, '(')) && sscanf(s, "(%u,%u)", &a, &b) == 2; s++)
        if (n < sizeof r->communities - 24)
            n += (size_t)snprintf(r->communities + n, sizeof r->communities - n, "%s%u:%u", n ? "," : "", a, b);
}

static void take_route_line(const struct collector *c, struct route *r, const char *line)
{
    char value[LINE];
    struct addr a;
    if (strstr(line, " unicast [") || strstr(line, " unreachable [") || strstr(line, " blackhole [")) {
        finish_route(c, r);
        if (*line != ' ') snprintf(r->prefix, sizeof r->prefix, "%.*s", (int)strcspn(line, " "), line);
    } else if (value_after(line, "\tvia ", value, sizeof value) || value_after(line, "via ", value, sizeof value)) {
        value[strcspn(value, " ")] = 0;
        if (!addr_parse(value, &a) || !leg_of_address(c->design, &a, SIDE_CLOUD, r->subject)) *r->subject = 0;
    } else if (value_after(line, "\tBGP.community:", value, sizeof value)) {
        take_communities(r, value);
    }
}

/* The next line into `line`, without its end; false after the last. */
static bool next_line(const char **at, char line[static LINE])
{
    size_t n = strcspn(*at, "\r\n");
    if (!**at) return false;
    snprintf(line, LINE, "%.*s", (int)(n < LINE ? n : LINE - 1), *at);
    *at += n;
    *at += **at == '\r';
    *at += **at == '\n';
    return true;
}

bool bird_text_is(const char *text)
{
    return strncmp(text, "BIRD ", 5) == 0 || strstr(text, "\nName       Proto") != NULL ||
           strncmp(text, "Name       Proto", 16) == 0 || strstr(text, "IP address                Interface") != NULL ||
           (strstr(text, "Table ") && strstr(text, "unicast ["));
}

void bird_take(const struct collector *c, const char *router, const char *text)
{
    char line[LINE], proto[32];
    struct session s = {0};
    struct route r = {0};
    enum { PROTOCOLS, SESSIONS_OF_BFD, ROUTES } part = PROTOCOLS;
    while (next_line(&text, line)) {
        bool indented = *line == ' ' || *line == 0;
        if (strncmp(line, "IP address", 10) == 0) part = SESSIONS_OF_BFD;
        else if (strncmp(line, "Name ", 5) == 0) part = PROTOCOLS;
        else if (strncmp(line, "Table ", 6) == 0) part = ROUTES;
        else if (part == SESSIONS_OF_BFD) take_bfd_row(c, line);
        else if (part == ROUTES) take_route_line(c, &r, line);
        else if (indented) take_line(&s, line);
        else {
            finish(c, router, &s);
            s.bgp = sscanf(line, "%*s %31s", proto) == 1 && strcmp(proto, "BGP") == 0;
        }
    }
    finish(c, router, &s);
    finish_route(c, &r);
}
