/* edge/control.h - the control socket: one line in, one JSON value out, closed (RB-205). Answers may
 * take a while; a client is named by a number until it got one. */
#pragma once
#include "base/text.h"
#include "sys/loop.h"

struct control;

/* The handler gets each line with the user at the other end; it answers now or later.
 * NULL with `why`. */
struct control *control_open(struct loop *l, const char *path,
                             void (*asked)(void *ctx, uint32_t client, const char *line, int64_t uid),
                             void *ctx, struct text *why);
void control_close(struct control *c); /* removes the socket from the file system */

/* The text is taken over. A client that went away is no matter. */
void control_answer(struct control *c, uint32_t client, struct text *answer);
void control_tick(struct control *c, instant now); /* clients that say nothing */
instant control_next(const struct control *c);
