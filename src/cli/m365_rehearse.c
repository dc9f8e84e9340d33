/* cli/m365_rehearse.c - `fairlead m365 rehearse`: one address of each service area of the feed becomes a
 * stand-in; the services selected go over the circuit, the others over the Internet. */
#include <stdio.h>
#include <unistd.h>
#include "cli/command.h"
#include "cli/m365.h"
#include "lab/pause.h"
#include "lab/rehearsal.h"
#include "m365/communities.h"

static void say(const char *what) { fprintf(stderr, "  %s\n", what); }

/* The first IPv4 range of the area that the circuit supports; false: it has none. */
static bool range_of(const struct m365_run *r, const char *area, struct prefix *out)
{
    for (size_t i = 0; i < r->feed.count; i++) {
        const struct endpoint_set *s = &r->feed.sets[i];
        if (!s->express_route || !text_same_nocase(s->area, area)) continue;
        for (size_t k = 0; k < s->ip_count; k++)
            if (s->ips[k].addr.family == FAMILY_IPV4) return *out = s->ips[k], true;
    }
    return false;
}

static bool is_selected(const struct selection *sel, const char *area)
{
    for (size_t i = 0; sel->areas[i]; i++)
        if (text_same_nocase(sel->areas[i], area)) return true;
    return false;
}

static size_t services_of(const struct m365_run *r, const struct selection *sel,
                          struct rehearsal_service out[REHEARSAL_SERVICES_MAX])
{
    static const char *const areas[] = {"Exchange", "SharePoint", "Skype", "Common"};
    size_t n = 0;
    for (size_t i = 0; i < ARRAY_LEN(areas); i++) {
        const struct service_community *c = community_of_area(areas[i], r->args.instance);
        struct rehearsal_service *s = &out[n];
        if (c && range_of(r, areas[i], &s->prefix)) {
            s->name = c->name;
            s->community = c->value;
            s->wanted = is_selected(sel, areas[i]);
            n++;
        }
    }
    return n;
}

static void print_rehearsal(const struct rehearsal *r)
{
    printf("%-32s %-12s %-16s %-9s %-9s %-9s %s\n", "SERVICE", "COMMUNITY", "STAND-IN", "BEFORE", "CUT", "AFTER",
           "SEEN FROM");
    for (size_t i = 0; i < r->rows; i++) {
        const struct rehearsal_row *w = &r->row[i];
        printf("%-32s 12076:%-6u %-16s %-9s %-9s %-9s %s%s\n", w->service->name, w->service->community, w->target,
               rehearsal_way_text(w->went[PHASE_BEFORE]), rehearsal_way_text(w->went[PHASE_CUT]),
               rehearsal_way_text(w->went[PHASE_AFTER]), w->source, w->service->wanted ? "" : "  (not selected)");
    }
    printf("routes of the circuit gone after %lld ms, back after %lld ms\n", (long long)r->noticed_ms,
           (long long)r->back_ms);
    puts(r->as_expected ? "as expected: what is selected takes the circuit, the rest the Internet; when the circuit is "
                          "cut everything\ntakes the Internet with another source address, so flows that were open "
                          "begin anew"
                        : "NOT as expected");
}

int m365_rehearse(struct m365_run *r)
{
    struct rehearsal_service services[REHEARSAL_SERVICES_MAX];
    struct selection sel = {0};
    struct rehearsal out;
    struct text why = {0};
    const char *list = r->args.services ? r->args.services : "exchange,teams";
    if (!m365_select_services(list, &r->arena, &sel)) return EXIT_USAGE;
    size_t n = services_of(r, &sel, services);
    interrupts_catch();
    bool fine = rehearse(services, n, say, &out, &why);
    interrupts_forget();
    if (!fine) fprintf(stderr, "fairlead m365 rehearse: %s\n", text_get(&why));
    text_drop(&why);
    if (!fine) return EXIT_ERROR;
    if (m365_json(r)) m365_print_json(rehearsal_json(&out));
    else print_rehearsal(&out);
    return out.as_expected ? EXIT_FINE : EXIT_ERROR;
}
