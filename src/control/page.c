/* control/page.c - the status page from top to bottom: figures, circuits, routers, checklist. */
#include "control/page.h"
#include <stdio.h>
#include <string.h>
#include <time.h>
#include "control/edges.h"
#include "control/page_parts.h"

enum { REFRESH_S = 5 };

/* --- figures at the top --- */

static void tile(struct page *p, const char *look, const char *figure, const char *caption)
{
    put(p, "<div class=\"tile ");
    put(p, look);
    put(p, "\"><b>");
    put_safe(p, figure);
    put(p, "</b>");
    put(p, caption);
    put(p, "</div>");
}

static size_t count_type(const struct page *p, const char *type)
{
    size_t i, n = 0;
    json_t *r;
    json_array_foreach((json_t *)p->resources, i, r) n += is_type(r, type);
    return n;
}

struct counted {
    unsigned up, all;
};

static void count_peer(struct page *p, const json_t *edge, const json_t *peer, void *ctx)
{
    struct counted *c = ctx;
    (void)p;
    c->all++;
    c->up += number_in(edge, "age_s") <= PAGE_STALE_S &&
             text_same_nocase(text_in(peer, "state"), "established");
}

static struct counted count_edges(const struct page *p)
{
    size_t i;
    json_t *e;
    struct counted c = {0};
    json_array_foreach((json_t *)p->edges, i, e)
    {
        const json_t *age = json_object_get(e, "age_s");
        c.all++;
        c.up += json_is_number(age) && json_number_value(age) <= PAGE_STALE_S;
    }
    return c;
}

static void counted_tile(struct page *p, struct counted c, const char *caption)
{
    char figure[32];
    snprintf(figure, sizeof figure, "%u / %u", c.up, c.all);
    tile(p, c.all == 0 ? "" : c.up == c.all ? "good" : c.up ? "warn" : "bad", figure, caption);
}

static void number_tile(struct page *p, size_t n, const char *one, const char *many)
{
    char figure[32];
    snprintf(figure, sizeof figure, "%zu", n);
    tile(p, "", figure, n == 1 ? one : many);
}

static void tiles(struct page *p)
{
    struct counted sessions = {0};
    each_peer(p, "circuit/", count_peer, &sessions);
    each_peer(p, "connection/", count_peer, &sessions);
    put(p, "<div class=\"tiles\">");
    number_tile(p, count_type(p, "expressRouteCircuits"), "circuit", "circuits");
    counted_tile(p, sessions, "sessions established");
    counted_tile(p, count_edges(p), "routers reporting");
    number_tile(p, count_type(p, "connections"), "linked network", "linked networks");
    put(p, "</div>");
}

/* --- routers --- */

static void router_row(struct page *p, const json_t *e)
{
    const json_t *age = json_object_get(e, "age_s");
    bool fresh = json_is_number(age) && json_number_value(age) <= PAGE_STALE_S;
    put(p, "<tr><td><b>");
    put_safe(p, text_in(e, "name"));
    put(p, "</b></td><td>");
    put_safe(p, text_in(e, "role"));
    put(p, "</td><td>");
    put_safe(p, *text_in(e, "location") ? text_in(e, "location") : text_in(e, "region"));
    put(p, "</td><td>");
    put_safe(p, text_in(e, "leg"));
    put(p, "</td><td class=\"n\">");
    put_safe(p, text_in(e, "router_id"));
    putf(p, "</td><td class=\"n\">%.0f</td><td class=\"n\">", number_in(e, "revision"));
    if (json_object_get(e, "applied_revision"))
        putf(p, "%.0f", number_in(e, "applied_revision"));
    else
        put(p, "&ndash;");
    put(p, "</td><td>");
    put_badge(p, fresh ? "good" : "unknown", fresh ? "reporting" : age ? "silent" : "never seen");
    if (age) {
        put(p, " <span class=\"dim\">");
        put_age(p, json_number_value(age));
        put(p, " ago</span>");
    }
    put(p, "</td></tr>");
}

static void routers(struct page *p)
{
    size_t i;
    json_t *e;
    put(p, "<h2>Routers</h2><section class=\"card\">");
    if (json_array_size(p->edges) == 0) put(p, "<p>No router is registered.</p>");
    if (json_array_size(p->edges) > 0)
        put(p,
            "<div class=\"scroll\"><table><tr><th>name</th><th>role</th><th>place</th><th>leg</th>"
            "<th>router id</th><th>intent</th><th>applied</th><th>evidence</th></tr>");
    json_array_foreach((json_t *)p->edges, i, e) router_row(p, e);
    if (json_array_size(p->edges) > 0) put(p, "</table></div>");
    put(p, "</section>");
}

/* --- the page --- */

static void beginning(struct page *p)
{
    char at[32];
    time_t now = (time_t)(p->control->now_ms / 1000);
    struct tm tm;
    gmtime_r(&now, &tm);
    strftime(at, sizeof at, "%Y-%m-%d %H:%M:%S", &tm);
    put(p, "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">");
    putf(p, "<meta http-equiv=\"refresh\" content=\"%d\">", REFRESH_S);
    put(p, "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">"
           "<title>Fairlead</title><style>");
    put(p, page_style);
    put(p, "</style></head><body><main><header><h1>Fairlead</h1><span class=\"dim\">private cloud "
           "interconnect, as of ");
    putf(p, "%s UTC", at);
    putf(p, "</span><span class=\"dim small\">renews every %d s</span></header>", REFRESH_S);
}

void page_serve(struct request *r)
{
    struct text html = {0};
    json_t *resources = api_resources(r->control->api), *edges = edges_all(r->control);
    struct page p = {.out = &html,
                     .control = r->control,
                     .resources = resources,
                     .edges = edges,
                     .evidence = edges_all_evidence(r->control)};
    beginning(&p);
    tiles(&p);
    page_circuits(&p);
    page_checklist(&p);
    routers(&p);
    put(&p, "</main></body></html>\n");
    reply_text(r, "text/html; charset=utf-8", &html);
    text_drop(&html);
    json_decref(resources), json_decref(edges);
}
