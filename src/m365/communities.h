/* m365/communities.h - the BGP communities of Microsoft peering that Office, Dynamics and Azure
 * services come with. Pure tables. Sources: ExpressRoute routing article (newest edition), "BGP
 * communities in ExpressRoute for Office 365". The AS half is always 12076. */
#pragma once
#include "m365/feed.h"

enum approval { APPROVAL_NONE, APPROVAL_MICROSOFT, APPROVAL_RESTRICTED };

struct service_community {
    uint16_t value;
    const char *name;
    const char *area; /* of the feed; "" for services that are not in it */
    bool government;
    enum approval approval;
    const char *note; /* "" if none */
};
extern const struct service_community service_communities[]; /* ended by value 0 */
const struct service_community *community_of_value(uint32_t value);
/* The community that carries a service area of an instance; NULL: none does. */
const struct service_community *community_of_area(const char *area, enum feed_instance i);

struct region_community {
    uint16_t value;      /* on Microsoft peering: 51xxx */
    const char *region;  /* "westeurope" */
    const char *tag;     /* "AzureCloud.westeurope": the file spells some regions its own way */
    const char *display; /* "West Europe" */
    const char *cloud;   /* "Public", "AzureGovernment", "China" */
};
extern const struct region_community region_communities[]; /* ended by value 0 */
/* By region, display name or community value as text; any case, blanks ignored. */
const struct region_community *community_of_region(const char *name);

/* "exchange", "sharepoint", "teams", "common" and the feed's own names -> the feed's area; NULL: no
 * such service. */
const char *area_of_service(const char *service);
