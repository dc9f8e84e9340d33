/* control/report.h - the newest checklist report somebody posted: what `fairlead check -o json`
 * gives. */
#pragma once
#include "control/control.h"

void report_put(struct request *r);  /* PUT /fairlead/v1/report */
void report_show(struct request *r); /* GET: {"received_at","by","report"} or 404 */
/* {"received_ms","received_at","by","report"}; new reference, NULL: there is none. */
json_t *report_load(struct control *c);
