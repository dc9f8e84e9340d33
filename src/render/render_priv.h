/* render/render_priv.h - for the dialects of this folder. */
#pragma once
#include <string.h>
#include "render/render.h"

void render_fairlead(const struct render_router *r, struct text *out);
void render_frr(const struct render_router *r, struct text *out);
void render_bird(const struct render_router *r, struct text *out);
void render_ios_xe(const struct render_router *r, struct text *out);
void render_junos(const struct render_router *r, struct text *out);

/* Lines every dialect begins with: which router, what for, and what Linux has to have besides. `mark`
 * begins a comment. */
void render_head(const struct render_router *r, const char *mark, struct text *out);
/* Interfaces, NAT and shaping of a Linux router, as commands in comments. */
void render_linux(const struct render_router *r, const char *mark, struct text *out);

static inline bool has_addr(const struct addr *a) { return !addr_is_none(a); }
static inline bool is_six(const struct prefix *p) { return p->addr.family == FAMILY_IPV6; }
bool has_six(const struct prefix *list, size_t n);
const char *dscp_class(uint8_t dscp, char buf[static 8]); /* "ef", "af41", else the number */

/* Text forms in one expression: each call uses its own buffer of the caller. */
#define ADDR(a) addr_text((a), (char[ADDR_TEXT_MAX]){0})
#define PREFIX(p) prefix_text((p), (char[PREFIX_TEXT_MAX]){0})
