/* api/kinds.h - the hooks of each kind, and what they share. */
#pragma once
#include "api/api_priv.h"
#include "model/rules.h"

void circuit_write(struct write *w);
void circuit_render(struct call *c, const struct record *r, json_t *out);
void circuit_deletable(struct call *c, const struct record *r);
void circuit_removed(struct call *c, const struct record *r);

void authorization_write(struct write *w);
void authorization_render(struct call *c, const struct record *r, json_t *out);
void authorization_removed(struct call *c, const struct record *r);

void cross_write(struct write *w);
void cross_render(struct call *c, const struct record *r, json_t *out);

void peering_write(struct write *w);
void peering_render(struct call *c, const struct record *r, json_t *out);
void peering_deletable(struct call *c, const struct record *r);

void vnet_write(struct write *w);
void vnet_settled(struct write *w);
void vnet_render(struct call *c, const struct record *r, json_t *out);
void vnet_deletable(struct call *c, const struct record *r);
void subnet_write(struct write *w);
void public_ip_write(struct write *w);
void gateway_write(struct write *w);
void gateway_render(struct call *c, const struct record *r, json_t *out);
void gateway_removed(struct call *c, const struct record *r);
void connection_write(struct write *w);
void connection_render(struct call *c, const struct record *r, json_t *out);
void connection_removed(struct call *c, const struct record *r);
void connection_finish(struct call *c, struct record *r);

/* The agreed terms of a stored circuit. */
struct circuit_terms circuit_terms_of(const struct record *circuit);
bool circuit_provisioned(const struct record *circuit);
/* A stored peering as the rules see it; false when it cannot be read. */
bool peering_terms_of(struct call *c, const struct record *peering, struct peering_terms *out);
/* Address spaces of a stored network; an array in the call's arena. */
struct prefix *vnet_spaces(struct call *c, const struct record *vnet, size_t *out_n);
/* The key an identifier in a body stands for, if it is of that kind; NULL otherwise. */
const char *reference_key(struct call *c, const char *id, enum resource_kind kind);
/* The record it names; NULL and a fault with that target when there is none. */
struct record *reference(struct call *c, const char *id, enum resource_kind kind,
                         const char *target);
