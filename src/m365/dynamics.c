/* m365/dynamics.c - regional communities for every version after 8.2, the service's own one before. */
#include "m365/dynamics.h"
#include <stdlib.h>
#include <string.h>
#include "base/text.h"

enum { CRM_ONLINE = 5040, LAST_WITH_OWN_MAJOR = 8, LAST_WITH_OWN_MINOR = 2 };

/* clang-format off */
const struct dynamics_pair dynamics_pairs[] = {
    {"europe",       {"westeurope", "northeurope"}},
    {"unitedstates", {"westus", "eastus"}},
    {0},
};

const struct dynamics_name dynamics_names[] = {
    {"*.crm.dynamics.com",               "environments in North America",                    DYNAMICS_CIRCUIT},
    {"*.crm2.dynamics.com",              "environments in South America",                    DYNAMICS_CIRCUIT},
    {"*.crm3.dynamics.com",              "environments in Canada",                           DYNAMICS_CIRCUIT},
    {"*.crm4.dynamics.com",              "environments in Europe, Middle East, Africa",      DYNAMICS_CIRCUIT},
    {"*.crm5.dynamics.com",              "environments in Asia and the Pacific",             DYNAMICS_CIRCUIT},
    {"*.crm6.dynamics.com",              "environments in Oceania",                          DYNAMICS_CIRCUIT},
    {"*.crm7.dynamics.com",              "environments in Japan",                            DYNAMICS_CIRCUIT},
    {"*.crm8.dynamics.com",              "environments in India",                            DYNAMICS_CIRCUIT},
    {"*.crm9.dynamics.com",              "environments of the US government",                DYNAMICS_CIRCUIT},
    {"*.crm11.dynamics.com",             "environments in the United Kingdom",               DYNAMICS_CIRCUIT},
    {"*.crm12.dynamics.com",             "environments in France",                           DYNAMICS_CIRCUIT},
    {"*.crm14.dynamics.com",             "environments in South Africa",                     DYNAMICS_CIRCUIT},
    {"*.crm15.dynamics.com",             "environments in the Emirates (and printed for EMEA)", DYNAMICS_CIRCUIT},
    {"*.crm16.dynamics.com",             "environments in Germany",                          DYNAMICS_CIRCUIT},
    {"*.crm17.dynamics.com",             "environments in Switzerland",                      DYNAMICS_CIRCUIT},
    {"*.crm19.dynamics.com",             "environments in Norway",                           DYNAMICS_CIRCUIT},
    {"*.crm20.dynamics.com",             "environments in Singapore",                        DYNAMICS_CIRCUIT},
    {"*.crm21.dynamics.com",             "environments in Korea",                            DYNAMICS_CIRCUIT},
    {"*.api.powerplatform.com",          "platform API",                                     DYNAMICS_CIRCUIT},
    {"*.powerplatform.com",              "platform API",                                     DYNAMICS_CIRCUIT},
    {"*.api.powerplatformusercontent.com", "platform content",                               DYNAMICS_CIRCUIT},
    {"*.powerplatformusercontent.com",   "platform content",                                 DYNAMICS_CIRCUIT},
    {"login.microsoftonline-p.com",      "sign-in",                                          DYNAMICS_SIGN_IN},
    {"login.live.com",                   "sign-in",                                          DYNAMICS_SIGN_IN},
    {"secure.aadcdn.microsoftonline-p.com", "sign-in",                                       DYNAMICS_SIGN_IN},
    {"auth.gfx.ms",                      "sign-in",                                          DYNAMICS_SIGN_IN},
    {"*.windows.net",                    "sign-in",                                          DYNAMICS_SIGN_IN},
    {"*.passport.net",                   "sign-in",                                          DYNAMICS_SIGN_IN},
    {"*.microsoftonline.com",            "sign-in",                                          DYNAMICS_SIGN_IN},
    {"*.azureedge.net",                  "content delivery: static, no customer data",       DYNAMICS_INTERNET},
    {"*.azurefd.net",                    "content delivery: static, no customer data",       DYNAMICS_INTERNET},
    {"admin.microsoft.com",              "admin centre",                                     DYNAMICS_INTERNET},
    {"crl.microsoft.com",                "certificate revocation",                           DYNAMICS_INTERNET},
    {0},
};

static const struct { const char *name, *regions_of; } clouds[] = {
    {"commercial", "Public"},
    {"GCC",        "AzureGovernment"},
    {"GCCHigh",    "AzureGovernment"},
    {"DoD",        "AzureGovernment"},
    {"China",      "China"},
};
/* clang-format on */

const char *dynamics_way_text(enum dynamics_way w)
{
    static const char *const texts[] = {"circuit", "internet", "internet unless sign-in is selected"};
    return texts[w];
}

const struct dynamics_pair *dynamics_pair(const char *environment)
{
    for (const struct dynamics_pair *p = dynamics_pairs; p->environment; p++)
        if (text_same_nocase(p->environment, environment)) return p;
    return NULL;
}

/* The file with the regions of a cloud; NULL: no such cloud. */
static const char *regions_of_cloud(const char *cloud)
{
    for (size_t i = 0; i < ARRAY_LEN(clouds); i++)
        if (text_same_nocase(clouds[i].name, cloud ? cloud : "commercial")) return clouds[i].regions_of;
    return NULL;
}

/* "8.2" and earlier have a community of their own. False: no version. */
static bool version_read(const char *s, bool *own_community)
{
    char *end;
    unsigned long major = strtoul(s, &end, 10), minor = 0;
    if (end == s || major > 99) return false;
    if (*end == '.') minor = strtoul(end + 1, &end, 10);
    *own_community =
        major < LAST_WITH_OWN_MAJOR || (major == LAST_WITH_OWN_MAJOR && minor <= LAST_WITH_OWN_MINOR);
    return *end == 0 || *end == '.';
}

static void note(struct dynamics_plan *p, const char *s)
{
    if (p->notes < DYNAMICS_NOTES_MAX) p->note[p->notes++] = s;
}

static void add(struct dynamics_plan *p, uint16_t community, const char *name)
{
    p->community[p->communities] = community;
    p->community_name[p->communities++] = name;
}

static bool add_regions(const struct dynamics_need *need, const char *file, struct problems *ps,
                        struct dynamics_plan *p)
{
    size_t before = ps->count;
    if (need->regions < 2 || need->regions > DYNAMICS_REGIONS_MAX)
        problem_add(ps, "regions", "the two data-centre regions of the environment, at most eight in all",
                    "--regions westeurope,northeurope", "%zu given", need->regions);
    for (size_t i = 0; i < need->regions && i < DYNAMICS_REGIONS_MAX; i++) {
        const struct region_community *r = community_of_region(need->region[i]);
        if (!r)
            problem_add(ps, need->region[i], "a region with a community on Microsoft peering", "",
                        "no such region");
        else if (strcmp(r->cloud, file) != 0)
            problem_add(ps, need->region[i], "the circuit and the environment are of one cloud", "",
                        "is a region of %s, not of %s", r->cloud, file);
        else
            add(p, r->value, r->display), p->tag[p->tags++] = r->tag;
    }
    return ps->count == before;
}

static void add_notes(struct dynamics_plan *p, bool own, const char *file)
{
    if (!own)
        note(p, "a regional community carries every public Azure service of its region: plan bandwidth and "
                "symmetric paths for all of them");
    if (strcmp(file, "Public") != 0)
        note(p, "only over a circuit of that sovereign cloud");
    note(p, "no authorisation is needed; SKU Standard is enough inside one geography, Premium otherwise");
    note(p, "nothing is configured in the Dynamics tenant; clients are sent to the circuit by your routing");
    note(p, "sign-in is shared with Office 365 and stays on the Internet unless 12076:5100 or 12076:5060 is "
            "selected");
    note(p, "calls from the service to you (plug-ins, web hooks) need public DNS and an address inside an "
            "advertised prefix: treat them as Internet traffic");
}

bool dynamics_plan(const struct dynamics_need *need, struct problems *ps, struct dynamics_plan *out)
{
    bool own = false;
    const char *file = regions_of_cloud(need->cloud);
    *out = (struct dynamics_plan){0};
    if (!file)
        problem_add(ps, need->cloud, "commercial, GCC, GCCHigh, DoD or China", "", "no such cloud");
    if (need->version && !version_read(need->version, &own))
        problem_add(ps, need->version, "a version such as 8.2 or 9.1", "", "is no version");
    if (ps->count) return false;
    if (own)
        add(out, CRM_ONLINE, community_of_value(CRM_ONLINE)->name);
    else if (!add_regions(need, file, ps, out))
        return false;
    if (!own) out->tag[out->tags++] = "MicrosoftAzureFluidRelay";
    add_notes(out, own, file);
    return true;
}
