/* lab/people.h - the people of the story, played through the API: the operator who registers the
 * cloud's routers, the customer who orders, the provider who provisions, the customer again who
 * configures the peering and links the virtual network. Each does only what that person's account
 * may do. How a request is sent is the caller's affair (struct lab_api), because clients live a
 * floor above. */
#pragma once
#include <jansson.h>
#include "lab/pause.h"
#include "lab/progress.h"
#include "lab/topology.h"

enum lab_person { PERSON_OPERATOR, PERSON_CUSTOMER, PERSON_PROVIDER, LAB_PERSONS };

struct lab_api {
    void *ctx;
    /* Sends as that person; `body` may be NULL and is borrowed; *out gets the answer's JSON as a
     * new reference, NULL if there was none. The HTTP status; 0 with `why` if there was no answer.
     */
    unsigned (*call)(void *ctx, enum lab_person who, const char *method, const char *path,
                     const json_t *body, json_t **out, struct text *why);
    const char *(*subscription)(void *ctx, enum lab_person who);
};

struct people {
    const struct lab_api *api;
    const struct lab_params *params;
    struct progress *progress;
    char service_key[64];
    uint16_t stag; /* what provider and cloud agreed on; 0 until provisioned */
};

/* Files a router needs to reach the control plane, as PEM texts. Owned by the caller. */
struct lab_credentials {
    struct text cert, key, ca;
};
void lab_credentials_drop(struct lab_credentials *c);

/* Each step returns false with a sentence in `why`: which request, which answer. */
MUST_USE bool people_register(struct people *p, enum lab_node_id node, struct lab_credentials *out,
                              struct text *why);
MUST_USE bool people_order(struct people *p, struct text *why); /* group and circuit */
MUST_USE bool people_accept(struct people *p,
                            struct text *why); /* provider sees the order: Provisioning */
MUST_USE bool people_provision(struct people *p,
                               struct text *why); /* provider is done: Provisioned, S-tag */
MUST_USE bool people_peer(struct people *p, struct text *why); /* private peering */
MUST_USE bool people_link(struct people *p, struct text *why); /* network, gateway, connection */
/* {"edges":[{"name","age_s","evidence"}]}; NULL with `why`. New reference. */
json_t *people_evidence(struct people *p, struct text *why);
