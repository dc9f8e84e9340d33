/* checklist/why_priv.h - one leg of one question, and the words of its rungs; for the why files alone. */
#pragma once
#include "checklist/why.h"

enum { SUBJECT_ROOM = 200 };

struct climb { /* one leg of one question */
    const struct why_input *in;
    struct arena *arena;
    const struct design_circuit *circuit;
    const struct design_peering *peering;
    const struct design_connection *connection; /* NULL: the other end is a cloud service */
    enum peering_kind kind;
    enum leg leg;
    struct addr outer; /* the site as the cloud sees it: where Microsoft peering translates, an address of the pool */
    struct addr site, cloud; /* the two ends, whoever began */
    bool from_site;
    char subject[SUBJECT_ROOM], on_peering[SUBJECT_ROOM], on_circuit[SUBJECT_ROOM], on_connection[SUBJECT_ROOM];
    struct why_rung *rung;
    bool session_up;
};

void why_say(struct climb *k, enum why_answer ok, const char *owner, const char *remedy, const char *fmt, ...)
    PRINTF_LIKE(5, 6);
void why_cite(struct climb *k, const struct fact *f); /* becomes part of the rung's evidence */
const char *why_keep(struct climb *k, const char *s);
bool why_fresh(const struct climb *k, const struct fact *f);
/* The newest fresh value, cited; NULL if there is none. */
const char *why_seen(struct climb *k, enum fact_name name, const char *subject);
const char *why_show(struct climb *k, const struct addr *a);
const char *why_party(const struct climb *k);  /* who runs the customer's side */
const char *why_router(const struct climb *k); /* its name */
bool why_public(const struct addr *a);

struct addr why_outer(const struct climb *k);

/* why_forward.c: what edges do to packets besides forwarding them. */
void why_rung_nat(struct climb *k);
void why_rung_qos(struct climb *k);
/* Does the receiver of a direction let the packets in? Says NO when a rule or a list of sources does not. */
void why_filters(struct climb *k, bool towards_cloud);
