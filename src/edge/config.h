/* edge/config.h - where intents come from: the file, the control plane, the copy kept in state_dir.
 * An intent is whole or refused; reasons are lines a person can act on. */
#pragma once
#include "base/hash.h"
#include "base/text.h"
#include "intent/intent.h"

struct config {
    struct arena arena; /* everything below lives here */
    struct intent *intent;
};

void config_drop(struct config *c);

/* False with lines "file:line:column: what; rule; fix" in `why`. */
MUST_USE bool config_read_file(const char *path, struct config *out, struct text *why);
/* An intent of the control plane: routing from it, this machine's own matters (namespace, sockets,
 * state, how the control plane is reached) from `local`. */
MUST_USE bool config_read_given(const char *json, size_t n, const struct intent *local, struct config *out,
                                struct text *why);

/* The control plane's last intent, DIR/intent.json, mode 0600, replaced as a whole. */
MUST_USE bool config_keep(const char *state_dir, const char *json, size_t n, struct text *why);
MUST_USE bool config_kept(const char *state_dir, struct text *out);

/* As JSON for the router process: keys of sessions are replaced by what only tells them apart, and
 * while draining every path out is made longer. */
void config_for_router(const struct intent *i, const struct hash_key *key, bool drained, bool leaving, struct text *out);
