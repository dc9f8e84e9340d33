/* checklist/office.h - what the rows about Office 365 and Dynamics 365 ask of a design; for the files of
 * this folder. */
#pragma once
#include "checklist/judge.h"
#include "m365/communities.h"

/* Does the filter of a circuit's Microsoft peering select 12076:value? */
bool office_filter_has(const struct design *d, const struct design_circuit *c, uint32_t value);
/* Does it select any community that needs Microsoft's permission? */
bool office_selected(const struct design *d, const struct design_circuit *c);
/* The design's instance; INSTANCE_UNKNOWN when its name is none, Worldwide when unsaid. */
enum feed_instance office_instance(const struct design *d);
/* The community of a service in that instance; NULL if there is none. */
const struct service_community *office_community(const struct design *d, const char *service);

const char *if_either(const struct judging *j); /* Office or Dynamics */
