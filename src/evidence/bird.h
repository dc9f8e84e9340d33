/* evidence/bird.h - what birdc prints of a customer's router, as facts: `show protocols all`,
 * `show bfd sessions` and `show route all`, of BIRD 2. A session is filed under the leg whose cloud address it talks to;
 * others (inside the site) are passed over. Lines that are not understood are passed over too. */
#pragma once
#include "evidence/collect.h"

/* Is it birdc's answer to one of these? */
bool bird_text_is(const char *text);
/* `router` names the router, as the design does. */
void bird_take(const struct collector *c, const char *router, const char *text);
