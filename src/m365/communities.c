/* m365/communities.c - which community carries what. */
#include "m365/communities.h"
#include <stdio.h>
#include <string.h>
#include "base/text.h"

/* clang-format off */
const struct service_community service_communities[] = {
    {5010, "Exchange Online",                "Exchange",   false, APPROVAL_MICROSOFT, "includes Exchange Online Protection"},
    {5020, "SharePoint Online and OneDrive", "SharePoint", false, APPROVAL_MICROSOFT, ""},
    {5030, "Skype for Business and Teams",   "Skype",      false, APPROVAL_MICROSOFT, ""},
    {5100, "Other Office 365 services",      "Common",     false, APPROVAL_MICROSOFT, "portal, sign-in, Office in a browser"},
    {5040, "CRM Online",                     "",           false, APPROVAL_NONE,      "Dynamics v8.2 and earlier only"},
    {5050, "Azure Global Services",          "",           false, APPROVAL_NONE,      "only Azure DevOps"},
    {5060, "Azure Active Directory",         "",           false, APPROVAL_NONE,      "the same addresses as in 5100, cut differently"},
    {5070, "Azure Resource Manager",         "",           false, APPROVAL_NONE,      ""},
    {5220, "Defender for Identity",          "",           false, APPROVAL_NONE,      ""},
    {5250, "Microsoft PSTN services",        "",           false, APPROVAL_RESTRICTED, "SIP trunking, 52.120.0.0/15"},
    {5110, "Exchange Online",                "Exchange",   true,  APPROVAL_MICROSOFT, "US Government"},
    {5120, "SharePoint Online and OneDrive", "SharePoint", true,  APPROVAL_MICROSOFT, "US Government"},
    {5130, "Skype for Business and Teams",   "Skype",      true,  APPROVAL_MICROSOFT, "US Government"},
    {5160, "Azure Active Directory",         "",           true,  APPROVAL_NONE,      "US Government"},
    {5200, "Other Office 365 services",      "Common",     true,  APPROVAL_MICROSOFT, "US Government"},
    {0},
};

const struct region_community region_communities[] = {
    {51002, "westeurope",         "AzureCloud.westeurope",         "West Europe",          "Public"},
    {51003, "northeurope",        "AzureCloud.northeurope",        "North Europe",         "Public"},
    {51004, "eastus",             "AzureCloud.eastus",             "East US",              "Public"},
    {51005, "eastus2",            "AzureCloud.eastus2",            "East US 2",            "Public"},
    {51006, "westus",             "AzureCloud.westus",             "West US",              "Public"},
    {51007, "northcentralus",     "AzureCloud.northcentralus",     "North Central US",     "Public"},
    {51008, "southcentralus",     "AzureCloud.southcentralus",     "South Central US",     "Public"},
    {51009, "centralus",          "AzureCloud.centralus",          "Central US",           "Public"},
    {51010, "eastasia",           "AzureCloud.eastasia",           "East Asia",            "Public"},
    {51011, "southeastasia",      "AzureCloud.southeastasia",      "Southeast Asia",       "Public"},
    {51012, "japaneast",          "AzureCloud.japaneast",          "Japan East",           "Public"},
    {51013, "japanwest",          "AzureCloud.japanwest",          "Japan West",           "Public"},
    {51014, "brazilsouth",        "AzureCloud.brazilsouth",        "Brazil South",         "Public"},
    {51015, "australiaeast",      "AzureCloud.australiaeast",      "Australia East",       "Public"},
    {51016, "australiasoutheast", "AzureCloud.australiasoutheast", "Australia Southeast",  "Public"},
    {51017, "centralindia",       "AzureCloud.centralindia",       "India Central",        "Public"},
    {51018, "westindia",          "AzureCloud.westindia",          "India West",           "Public"},
    {51019, "southindia",         "AzureCloud.southindia",         "India South",          "Public"},
    {51020, "canadacentral",      "AzureCloud.canadacentral",      "Canada Central",       "Public"},
    {51021, "canadaeast",         "AzureCloud.canadaeast",         "Canada East",          "Public"},
    {51024, "uksouth",            "AzureCloud.uksouth",            "UK South",             "Public"},
    {51025, "ukwest",             "AzureCloud.ukwest",             "UK West",              "Public"},
    {51026, "westus2",            "AzureCloud.westus2",            "West US 2",            "Public"},
    {51027, "westcentralus",      "AzureCloud.westcentralus",      "West Central US",      "Public"},
    {51028, "koreasouth",         "AzureCloud.koreasouth",         "Korea South",          "Public"},
    {51029, "koreacentral",       "AzureCloud.koreacentral",       "Korea Central",        "Public"},
    {51030, "francecentral",      "AzureCloud.centralfrance",      "France Central",       "Public"},
    {51031, "francesouth",        "AzureCloud.southfrance",        "France South",         "Public"},
    {51032, "australiacentral",   "AzureCloud.australiacentral",   "Australia Central",    "Public"},
    {51033, "australiacentral2",  "AzureCloud.australiacentral2",  "Australia Central 2",  "Public"},
    {51034, "southafricanorth",   "AzureCloud.southafricanorth",   "South Africa North",   "Public"},
    {51035, "southafricawest",    "AzureCloud.southafricawest",    "South Africa West",    "Public"},
    {51036, "uaenorth",           "AzureCloud.uaenorth",           "UAE North",            "Public"},
    {51037, "uaecentral",         "AzureCloud.uaecentral",         "UAE Central",          "Public"},
    {51038, "switzerlandnorth",   "AzureCloud.switzerlandn",       "Switzerland North",    "Public"},
    {51039, "switzerlandwest",    "AzureCloud.switzerlandw",       "Switzerland West",     "Public"},
    {51040, "germanynorth",       "AzureCloud.germanyn",           "Germany North",        "Public"},
    {51041, "germanywestcentral", "AzureCloud.germanywc",          "Germany West Central", "Public"},
    {51042, "norwayeast",         "AzureCloud.norwaye",            "Norway East",          "Public"},
    {51043, "norwaywest",         "AzureCloud.norwayw",            "Norway West",          "Public"},
    {51044, "westus3",            "AzureCloud.westus3",            "West US 3",            "Public"},
    {51059, "newzealandnorth",    "AzureCloud.newzealandnorth",    "New Zealand North",    "Public"},
    {51105, "usgovvirginia",      "AzureCloud.usgovvirginia",      "US Gov Virginia",      "AzureGovernment"},
    {51106, "usgovarizona",       "AzureCloud.usgovarizona",       "US Gov Arizona",       "AzureGovernment"},
    {51108, "usgovtexas",         "AzureCloud.usgovtexas",         "US Gov Texas",         "AzureGovernment"},
    {51109, "usgoviowa",          "AzureCloud.usgoviowa",          "US Gov Iowa",          "AzureGovernment"},
    {51205, "usdodeast",          "AzureCloud.usdodeast",          "US DoD East",          "AzureGovernment"},
    {51209, "usdodcentral",       "AzureCloud.usdodcentral",       "US DoD Central",       "AzureGovernment"},
    {51301, "chinanorth",         "AzureCloud.chinanorth",         "China North",          "China"},
    {51302, "chinaeast",          "AzureCloud.chinaeast",          "China East",           "China"},
    {51303, "chinaeast2",         "AzureCloud.chinaeast2",         "China East 2",         "China"},
    {51304, "chinanorth2",        "AzureCloud.chinanorth2",        "China North 2",        "China"},
    {51305, "chinanorth3",        "AzureCloud.chinanorth3",        "China North 3",        "China"},
    {0},
};

static const struct { const char *service, *area; } services[] = {
    {"exchange",   "Exchange"},
    {"sharepoint", "SharePoint"}, {"onedrive", "SharePoint"},
    {"skype",      "Skype"},      {"teams",    "Skype"},
    {"common",     "Common"},     {"portal",   "Common"},
};
/* clang-format on */

const struct service_community *community_of_value(uint32_t value)
{
    for (const struct service_community *c = service_communities; c->value; c++)
        if (c->value == value) return c;
    return NULL;
}

const struct service_community *community_of_area(const char *area, enum feed_instance i)
{
    bool government = i == USGOV_DOD || i == USGOV_GCCHIGH;
    if (i == CHINA || i == GERMANY) return NULL;
    for (const struct service_community *c = service_communities; c->value; c++)
        if (*c->area && c->government == government && text_same_nocase(c->area, area)) return c;
    return NULL;
}

static void squeeze(const char *s, char *out, size_t room)
{
    size_t n = 0;
    for (; *s && n + 1 < room; s++)
        if (*s != ' ') out[n++] = *s;
    out[n] = 0;
}

const struct region_community *community_of_region(const char *name)
{
    char wanted[48], display[48], value[8];
    squeeze(name, wanted, sizeof wanted);
    for (const struct region_community *r = region_communities; r->value; r++) {
        squeeze(r->display, display, sizeof display);
        snprintf(value, sizeof value, "%u", r->value);
        if (text_same_nocase(wanted, r->region) || text_same_nocase(wanted, display) ||
            !strcmp(wanted, value))
            return r;
    }
    return NULL;
}

const char *area_of_service(const char *service)
{
    for (size_t i = 0; i < ARRAY_LEN(services); i++)
        if (text_same_nocase(service, services[i].service)) return services[i].area;
    return NULL;
}
