/* lab/pause.h - the lab's clock and its way of waiting: for a condition, with a deadline, and never
 * deaf to Ctrl-C. */
#pragma once
#include "base/instant.h"

instant now(void);

/* From then on SIGINT, SIGTERM and SIGHUP only set a flag. */
void interrupts_catch(void);
bool interrupted(void);
void interrupts_forget(void); /* the flag is cleared: cleaning up goes on */

/* Sleeps that long at most; returns early when interrupted. */
void pause_for(duration d);
