/* lab/launch.h - starts the programs of a lab, each with a log of its own, and records them so that another
 * run can find and end them. All return false with a sentence in `why`. */
#pragma once
#include "lab/lab.h"

/* Starts `argv` in the node's namespace if `inside`; the log is <name>.log in the lab's directory. */
MUST_USE bool launch(struct lab *lab, const char *name, enum lab_node_id node, bool inside,
                     const char *const *argv, struct text *why);
/* The line of that program's log, after its first `from` octets, that begins with `prefix`, without the
 * prefix; text_drop it. False when the program ends, or says nothing in time. */
MUST_USE bool launch_await_line(struct lab *lab, const char *name, long from, const char *prefix,
                                struct text *line, struct text *why);
void launch_quote_log(const struct text *log, struct text *why); /* adds the last 300 octets to `why` */

MUST_USE bool launch_ce1(struct lab *lab, struct text *why);       /* fairlead-edge */
MUST_USE bool launch_ce2(struct lab *lab, struct text *why);       /* BIRD or FRR, as the parameters say */
MUST_USE bool launch_reflector(struct lab *lab, struct text *why); /* in the virtual network's host */

/* Within the lab's directory; `path` gets the whole path. Files are readable by their owner only. */
MUST_USE bool lab_make_dir(const struct lab *lab, const char *name, char path[static LAB_PATH_MAX],
                           struct text *why);
MUST_USE bool lab_write_in(const struct lab *lab, const char *dir, const char *name, const struct text *content,
                           char path[static LAB_PATH_MAX], struct text *why);
