/* lab/rehearsal.h - Office 365 over both paths, with real packets and a stand-in for the service.
 *
 *                       +-- C-tag 200 -- line -- edge --+
 *   client --- site ----+                               +-- office (every service's address)
 *                       +------------- inet ------------+
 *
 * site is a customer router (fairlead-edge) that translates to the circuit's pool or to the Internet's
 * address; edge is a cloud edge with a Microsoft domain that announces the services its route filter
 * lets out. Probes to each service tell by the source that the stand-in sees which way they went; then
 * the circuit's line falls silent without a port going down, and comes back. Everything is made for the rehearsal and removed at its end. */
#pragma once
#include <jansson.h>
#include "base/arena.h"
#include "base/text.h"
#include "net/prefix.h"

enum { REHEARSAL_SERVICES_MAX = 8 };

enum rehearsal_way { WAY_NONE, WAY_CIRCUIT, WAY_INTERNET, WAY_OTHER };
const char *rehearsal_way_text(enum rehearsal_way w); /* "lost", "circuit", "internet", "other" */

struct rehearsal_service {
    const char *name;
    uint16_t community;   /* 12076:n */
    struct prefix prefix; /* announced by the edge, IPv4 */
    bool wanted;          /* the route filter lets it out */
};

enum rehearsal_phase { PHASE_BEFORE, PHASE_CUT, PHASE_AFTER, REHEARSAL_PHASES };
struct rehearsal_row {
    const struct rehearsal_service *service;
    char target[ADDR_TEXT_MAX];
    enum rehearsal_way expected[REHEARSAL_PHASES], went[REHEARSAL_PHASES];
    int64_t sent[REHEARSAL_PHASES], lost[REHEARSAL_PHASES];
    char source[ADDR_TEXT_MAX]; /* that the stand-in saw before the cut */
};
struct rehearsal {
    struct rehearsal_row row[REHEARSAL_SERVICES_MAX];
    size_t rows;
    int64_t noticed_ms, back_ms; /* until every route was gone, and there again */
    bool as_expected;
};

/* Needs root. `progress` gets a sentence at each stage. False with `why` when it could not be carried
 * out; the namespaces are gone then, too. */
MUST_USE bool rehearse(const struct rehearsal_service *services, size_t n,
                       void (*progress)(const char *what), struct rehearsal *out, struct text *why);
json_t *rehearsal_json(const struct rehearsal *r); /* new reference */
