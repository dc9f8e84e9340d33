/* evidence/collect.h - what every translator of this folder needs: where facts go, whose they are, and
 * which leg of which circuit an address belongs to.
 * The folder turns what other programs say (our routers, the resource manager, BIRD, FRR, records of
 * drills and probes) into facts of intent/facts.h. What a document does not say gives no fact, never a
 * guessed one. Pure: documents come as values, their time as an argument. */
#pragma once
#include "intent/facts.h"
#include "model/design.h"

struct json_t;

struct collector {
    struct facts *facts;
    const struct design *design; /* tells which addresses belong to which leg; may be NULL */
    const char *source;          /* "edge edge1", "router ce2", "api" */
    int64_t at_ms;               /* when the document was true, wall clock */
    /* Where the cloud's side shows no timers (a real subscription), the customer's router tells them of
     * the session as well: hold time and BFD are agreed between both ends. */
    bool tells_both_ends;
    const struct json_t *before; /* an earlier evidence document of the same router: what grew since is told. May be NULL */
};

enum { SUBJECT_MAX = 160 };

enum leg_side { SIDE_CUSTOMER, SIDE_CLOUD };
/* The leg of the design that has this address at that side: writes "circuit/C/private/primary". */
bool leg_of_address(const struct design *d, const struct addr *a, enum leg_side side,
                    char subject[static SUBJECT_MAX]);

/* "Established" and "up" for whatever case and separators a router writes them in. */
void put_session_state(const struct collector *c, enum fact_name name, const char *subject,
                       const char *state);
/* One fact, unless the value is NULL or empty. */
void put(const struct collector *c, enum fact_name name, const char *subject, const char *value);
void put_number(const struct collector *c, enum fact_name name, const char *subject, uint64_t value);
