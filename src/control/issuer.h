/* control/issuer.h - an issuer of tokens besides ourselves (OpenID Connect), if the settings name
 * one. Its people get roles by role assignments to their oid (or sub); they are never taken for one
 * of ours. */
#pragma once
#include "control/control.h"

struct issuer;

/* NULL when the settings name none. Its keys are fetched with the first token that needs them. */
struct issuer *issuer_open(const struct settings *s);
void issuer_close(struct issuer *i); /* NULL is ignored */
/* May fetch the issuer's keys, waiting a few seconds, at most once a minute. */
MUST_USE enum token_verdict issuer_verify(struct control *c, const char *token,
                                          struct token_claims *out);
