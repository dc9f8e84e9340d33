/* api/kinds.h - the hooks of each kind, and what they share. */
#pragma once
#include "api/api_priv.h"
#include "model/rules.h"

void circuit_write(struct write *w);
void circuit_render(struct call *c, const struct record *r, json_t *out);
void circuit_deletable(struct call *c, const struct record *r);
void circuit_removed(struct call *c, const struct record *r);

/* of circuits and of ports */
void authorization_write(struct write *w);
void authorization_render(struct call *c, const struct record *r, json_t *out);
void authorization_removed(struct call *c, const struct record *r);

void cross_write(struct write *w);
void cross_render(struct call *c, const struct record *r, json_t *out);

void peering_write(struct write *w);
void peering_render(struct call *c, const struct record *r, json_t *out);
void peering_deletable(struct call *c, const struct record *r);
void peering_approve(struct call *c, struct record *r, const char *proof);

void reach_write(struct write *w);
void reach_render(struct call *c, const struct record *r, json_t *out);
void reach_removed(struct call *c, const struct record *r);
void reach_finish(struct call *c, struct record *r);
void peer_reach_render(struct call *c, const struct record *r, json_t *out);

void filter_write(struct write *w);
void filter_render(struct call *c, const struct record *r, json_t *out);
void filter_rule_write(struct write *w);

void port_write(struct write *w);
void port_settled(struct write *w);
void port_render(struct call *c, const struct record *r, json_t *out);
void port_removed(struct call *c, const struct record *r);

void vnet_write(struct write *w);
void vnet_settled(struct write *w);
void vnet_render(struct call *c, const struct record *r, json_t *out);
void vnet_deletable(struct call *c, const struct record *r);
void subnet_write(struct write *w);
void subnet_render(struct call *c, const struct record *r, json_t *out);
void public_ip_write(struct write *w);
void public_ip_render(struct call *c, const struct record *r, json_t *out);
void gateway_write(struct write *w);
void gateway_render(struct call *c, const struct record *r, json_t *out);
void gateway_removed(struct call *c, const struct record *r);
void hub_gateway_write(struct write *w);
void hub_gateway_render(struct call *c, const struct record *r, json_t *out);
void connection_write(struct write *w);
void connection_render(struct call *c, const struct record *r, json_t *out);
void connection_removed(struct call *c, const struct record *r);
void connection_finish(struct call *c, struct record *r);
void hub_connection_write(struct write *w);
void hub_connection_render(struct call *c, const struct record *r, json_t *out);

/* The agreed terms of a stored circuit. */
struct circuit_terms circuit_terms_of(const struct record *circuit);
bool circuit_provisioned(const struct record *circuit);
bool circuit_on_port(const struct record *circuit); /* one's own, not a provider's */
/* The key of the circuit a stored peering, or what is below it, belongs to. */
const char *circuit_key_of(struct call *c, const char *below);
/* The ports a circuit is to run on; NULL and a fault when they are not to be had. */
const struct record *port_of_circuit(struct write *w, const char *id, struct circuit_port *out,
                                     const char **out_authorization);
/* "Provisioned" with a private peering? Else a fault. */
void circuit_ready_check(struct call *c, const struct record *circuit, const char *target);
/* Has the circuit a link to spare? Else a fault. */
void circuit_limit_check(struct call *c, const struct record *circuit, const char *target);

/* Something that may be another customer's, named by `key` (NULL: by nothing): its owner needs no
 * authorization key, everybody else one that is not spent. *out_authorization: what was used, or
 * "". */
struct shared {
    enum resource_kind kind, authorization; /* of the thing, and of its authorizations */
    const char *id, *key, *target, *secret;
};
struct record *shared_reference(struct write *w, const struct shared *s,
                                const char **out_authorization);
/* The communities that a stored route filter allows; an array in the call's arena. */
const char *const *filter_communities(struct call *c, const char *filter_key, size_t *out_n);
/* May Global Reach stay when the circuit gets these terms? Else a fault about its tier. */
bool reach_stays(struct call *c, const struct record *link, const struct record *circuit,
                 const struct circuit_terms *terms);
/* A tag that tells one link of the edges from the others; 0 and a fault when none is left. */
unsigned link_tag_take(struct call *c, const char *owner);
void link_tag_give(struct call *c, const struct record *r);
const char *guid_once(struct write *w);
const char *without_spaces(struct call *c, const char *s);
/* The logical name of one of the two ports at a location. A new reference. */
json_t *port_name(struct call *c, const char *location, const char *leg);
/* Does a link prefix of the circuit's private peering lie in one of the spaces? */
bool links_overlap(struct call *c, const char *circuit_key, const struct prefix *spaces, size_t n);
/* A stored peering as the rules see it; false when it cannot be read. */
bool peering_terms_of(struct call *c, const struct record *peering, struct peering_terms *out);
/* Address spaces of a stored network; an array in the call's arena. */
struct prefix *vnet_spaces(struct call *c, const struct record *vnet, size_t *out_n);
/* The key an identifier in a body stands for, if it is of that kind; NULL otherwise. */
const char *reference_key(struct call *c, const char *id, enum resource_kind kind);
/* The same for callers who hold one of `roles` on it; a fault for others, whether it is there or not. */
struct record *reference_of(struct call *c, const char *id, enum resource_kind kind,
                            unsigned roles, const char *target);
/* The record it names; NULL and a fault with that target when there is none. */
struct record *reference(struct call *c, const char *id, enum resource_kind kind,
                         const char *target);
