/* control/page.h - GET /: the status page. Rendered here, readable without scripts, nothing
 * fetched. */
#pragma once
#include "control/control.h"

void page_serve(struct request *r);
