/* control/rates.h - how often somebody may do something: a bucket that leaks `rate` a second and holds
 * `burst`. */
#pragma once
#include "control/installation.h"

/* One more; false when the bucket has no room for it. */
bool rate_take(struct bucket *b, double rate, double burst, instant now);
/* Seconds until there is room for one, 0 when there is now. */
unsigned rate_wait_s(struct bucket *b, double rate, double burst, instant now);
