/* cli/init.c - `fairlead init`: a design file to begin with, from a few questions or flags. What is
 * asked is what nobody can guess; everything else is written as a comment that says what it is for.
 * The file holds a fresh session key, so only its owner may read it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "cli/check_input.h"
#include "cli/command.h"
#include "cli/options.h"
#include "lab/state.h"
#include "net/asn.h"
#include "sys/entropy.h"

enum { ANSWER_MAX = 120, KEY_LEN = 24 };

enum question { Q_NAME, Q_REGION, Q_PROVIDER, Q_LOCATION, Q_BANDWIDTH, Q_SKU, Q_ASN, Q_SITE, Q_NETWORK, Q_PRIMARY, Q_SECONDARY, Q_VLAN, QUESTIONS };

struct answers {
    char a[QUESTIONS][ANSWER_MAX];
    const struct catalogue *catalogue;
};

/* A sentence when the answer cannot be used, else NULL. */
typedef const char *judge_answer(const struct answers *all, const char *s);

static const char *a_name(const struct answers *all, const char *s)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
    (void)all;
    return *s && strlen(s) <= 40 && s[strspn(s, letters)] == 0 && *s != '-' && *s != '.' ? NULL : "letters, digits, '-', '_' and '.', at most 40";
}
static const char *a_region(const struct answers *all, const char *s)
{
    return catalogue_geography_of(all->catalogue, s) ? NULL : "no region of the catalogue; for example westeurope, eastus, southeastasia";
}
static const char *a_provider(const struct answers *all, const char *s)
{
    static char text[200];
    const char *near = catalogue_near_provider(all->catalogue, s);
    if (catalogue_provider(all->catalogue, s)) return NULL;
    snprintf(text, sizeof text, "no provider of the catalogue%s%s%s", near ? ", did you mean '" : "", near ? near : "", near ? "'?" : "");
    return text;
}
static const char *a_location(const struct answers *all, const char *s)
{
    static char text[200];
    const struct catalogue_location *l = catalogue_location(all->catalogue, "global", s);
    const struct catalogue_provider *p = catalogue_provider(all->catalogue, all->a[Q_PROVIDER]);
    const char *near = catalogue_near_location(all->catalogue, "global", s);
    if (l && p && catalogue_serves(p, "global", l->name)) return NULL;
    if (l) snprintf(text, sizeof text, "%s is not listed at %s", all->a[Q_PROVIDER], l->name);
    else snprintf(text, sizeof text, "no peering location%s%s%s", near ? ", did you mean '" : "", near ? near : "", near ? "'?" : "");
    return text;
}
static const char *a_bandwidth(const struct answers *all, const char *s)
{
    char *end;
    unsigned long mbps = strtoul(s, &end, 10);
    return *s && !*end && catalogue_bandwidth_is(all->catalogue->limits.offered, (uint32_t)mbps) ? NULL : "50, 100, 200, 500, 1000, 2000, 5000 or 10000";
}
static const char *a_sku(const struct answers *all, const char *s)
{
    static const char *const skus[] = {"Local_UnlimitedData", "Standard_MeteredData", "Standard_UnlimitedData", "Premium_MeteredData", "Premium_UnlimitedData"};
    (void)all;
    for (size_t i = 0; i < ARRAY_LEN(skus); i++)
        if (strcmp(s, skus[i]) == 0) return NULL;
    return "Standard_MeteredData, Standard_UnlimitedData, Premium_MeteredData, Premium_UnlimitedData or Local_UnlimitedData";
}
static const char *an_asn(const struct answers *all, const char *s)
{
    char *end;
    unsigned long long n = strtoull(s, &end, 10);
    (void)all;
    if (!*s || *end || n > UINT32_MAX) return "an AS number";
    enum asn_refusal r = asn_check_peer((uint32_t)n);
    return r == ASN_USABLE ? NULL : asn_refusal_text(r);
}
static const char *a_prefix(const struct answers *all, const char *s)
{
    struct prefix p;
    (void)all;
    return prefix_parse(s, &p) == PREFIX_FINE && p.addr.family == FAMILY_IPV4 && p.len <= 26 && p.len >= 8 ? NULL
           : "an IPv4 prefix from /8 to /26 without host bits, such as 10.10.0.0/16";
}
static const char *a_link(const struct answers *all, const char *s)
{
    struct prefix p;
    (void)all;
    return prefix_parse(s, &p) == PREFIX_FINE && p.addr.family == FAMILY_IPV4 && p.len == 30 ? NULL : "a /30, such as 192.168.100.0/30";
}
static const char *a_vlan(const struct answers *all, const char *s)
{
    char *end;
    unsigned long v = strtoul(s, &end, 10);
    (void)all;
    return *s && !*end && v >= 1 && v <= 4094 ? NULL : "1 to 4094";
}

static const struct {
    const char *flag, *text, *usual;
    judge_answer *judge;
} questions[QUESTIONS] = {
    [Q_NAME] = {"--name", "What is the site or project called", "office", a_name},
    [Q_REGION] = {"--region", "Region of the virtual network", "westeurope", a_region},
    [Q_PROVIDER] = {"--provider", "Connectivity provider or exchange", "Equinix", a_provider},
    [Q_LOCATION] = {"--location", "Peering location", "Amsterdam", a_location},
    [Q_BANDWIDTH] = {"--bandwidth", "Bandwidth in Mbps", "200", a_bandwidth},
    [Q_SKU] = {"--sku", "Tier and billing", "Standard_MeteredData", a_sku},
    [Q_ASN] = {"--asn", "Your AS number", "65010", an_asn},
    [Q_SITE] = {"--site-prefix", "Addresses of the site", "10.10.0.0/16", a_prefix},
    [Q_NETWORK] = {"--network-prefix", "Addresses of the virtual network", "10.20.0.0/16", a_prefix},
    [Q_PRIMARY] = {"--primary", "Subnet of the primary link", "192.168.100.128/30", a_link},
    [Q_SECONDARY] = {"--secondary", "Subnet of the secondary link", "192.168.100.132/30", a_link},
    [Q_VLAN] = {"--vlan", "VLAN id of private peering", "100", a_vlan},
};

/* ---- asking ---- */

static bool take(struct answers *all, enum question q, const char *s)
{
    const char *fault = questions[q].judge(all, s);
    if (fault) {
        fprintf(stderr, "fairlead init: %s '%.60s': %s\n", questions[q].flag, s, fault);
        return false;
    }
    snprintf(all->a[q], ANSWER_MAX, "%s", s);
    return true;
}

static bool ask(struct answers *all, enum question q)
{
    char line[ANSWER_MAX];
    for (;;) {
        fprintf(stderr, "%s [%s]: ", questions[q].text, questions[q].usual);
        if (!fgets(line, sizeof line, stdin)) return false;
        line[strcspn(line, "\r\n")] = 0;
        if (take(all, q, *line ? line : questions[q].usual)) return true;
    }
}

static bool answer_all(struct answers *all, const char *const flags[QUESTIONS], bool usual)
{
    bool talk = !usual && isatty(STDIN_FILENO);
    for (enum question q = 0; q < QUESTIONS; q++) {
        if (flags[q] ? !take(all, q, flags[q]) : talk ? !ask(all, q) : !take(all, q, questions[q].usual)) return false;
    }
    return true;
}

/* ---- the file ---- */

static void fresh_key(char out[static KEY_LEN + 1])
{
    static const char letters[] = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789";
    unsigned char bytes[KEY_LEN];
    random_bytes(bytes, sizeof bytes);
    for (size_t i = 0; i < KEY_LEN; i++) out[i] = letters[bytes[i] % (sizeof letters - 1)];
    out[KEY_LEN] = 0;
}

static const char *sub(const char *prefix, uint32_t host_bits_at, uint8_t len, char out[static PREFIX_TEXT_MAX])
{
    struct prefix p, whole;
    if (prefix_parse(prefix, &whole) != PREFIX_FINE) return prefix;
    p = (struct prefix){prefix_host(&whole, host_bits_at), len};
    return prefix_text(&p, out);
}

static void write_design(const struct answers *all, struct text *t)
{
    const char *const *a = (const char *const[QUESTIONS]){
        all->a[0], all->a[1], all->a[2], all->a[3], all->a[4], all->a[5], all->a[6], all->a[7], all->a[8], all->a[9], all->a[10], all->a[11]};
    char key[KEY_LEN + 1], lan[PREFIX_TEXT_MAX], work[PREFIX_TEXT_MAX], gateway[PREFIX_TEXT_MAX], r1[ADDR_TEXT_MAX], r2[ADDR_TEXT_MAX];
    struct prefix site, network;
    (void)(prefix_parse(a[Q_SITE], &site) == PREFIX_FINE && prefix_parse(a[Q_NETWORK], &network) == PREFIX_FINE);
    uint32_t room = 1U << (32 - network.len);
    struct addr first = prefix_host(&site, 1), second = prefix_host(&site, 2);
    fresh_key(key);
    sub(a[Q_SITE], 0, site.len < 24 ? 24 : site.len, lan);
    sub(a[Q_NETWORK], 0, (uint8_t)(network.len < 24 ? 24 : network.len + 1), work);
    sub(a[Q_NETWORK], room - 32, 27, gateway);
    text_addf(t, "# What is wanted, in one file. `fairlead check FILE` judges it, `fairlead config render FILE --for frr` makes the\n"
                 "# routers' configuration, `fairlead lab up FILE` builds it with real packets. Keys: docs/design-file.md.\n"
                 "name: %s\ncloud: global\nregion: %s\nresource_group: rg-%s\n\n", a[Q_NAME], a[Q_REGION], a[Q_NAME]);
    text_add(t, "# subscription:            # what the account looks like; a check asks for it\n#   state: Enabled\n#   may_write: true\n"
                "#   providers: [Microsoft.Network]\n\n");
    text_addf(t, "sites:\n  - name: %s\n    asn: %s\n    prefixes: [%s]   # what the site announces to the cloud\n    lan: %s\n    routers:\n", a[Q_NAME],
              a[Q_ASN], a[Q_SITE], lan);
    text_addf(t, "      # kind: fairlead, frr, bird or other. ignores_as_path: does the router ignore the length of AS paths?\n"
                 "      - {name: ce1, kind: fairlead, address: %s, ignores_as_path: false}\n"
                 "      - {name: ce2, kind: bird, address: %s, ignores_as_path: false}\n\n", addr_text(&first, r1), addr_text(&second, r2));
    text_addf(t, "circuits:\n  - name: er-%s\n    provider: %s\n    peering_location: %s\n    bandwidth_mbps: %s\n    sku: %s\n"
                 "    model: exchange              # exchange, p2p, ipvpn or direct\n    l3_managed_by: customer      # who speaks BGP with the cloud\n"
                 "    # peak_mbps: 120             # planned peak of one direction: one leg must carry it alone\n    links:\n",
              a[Q_NAME], a[Q_PROVIDER], a[Q_LOCATION], a[Q_BANDWIDTH], a[Q_SKU]);
    for (int leg = 0; leg < 2; leg++)
        text_addf(t, "      %s:\n        router: ce%d\n        port: wan0\n        # outer_tag: 1001          # S-tag, as the provider tells\n"
                     "        # access_path: [duct-%c]    # devices and ducts between site and exchange; the legs share none\n"
                     "        # provider_path: [switch-%c]\n", leg ? "secondary" : "primary", leg + 1, 'a' + leg, 'a' + leg);
    text_addf(t, "    peerings:\n      private:\n        vlan: %s\n        peer_asn: %s\n        primary_prefix: %s     # first address yours, second the cloud's\n"
                 "        secondary_prefix: %s\n        shared_key: %s   # made for this file; keep it to yourself\n        bfd: true\n\n",
              a[Q_VLAN], a[Q_ASN], a[Q_PRIMARY], a[Q_SECONDARY], key);
    text_addf(t, "virtual_networks:\n  - name: vnet-%s\n    region: %s\n    address_spaces: [%s]\n    subnets:\n"
                 "      - {name: GatewaySubnet, prefix: %s}   # /27 or larger, nothing else in it\n      - {name: workload, prefix: %s}\n\n",
              a[Q_NAME], a[Q_REGION], a[Q_NETWORK], gateway, work);
    text_addf(t, "gateways:\n  - {name: gw-%s, virtual_network: vnet-%s, sku: ErGw1AZ, zones: redundant}\n\nconnections:\n"
                 "  - {name: conn-%s, circuit: er-%s, gateway: gw-%s}\n\n", a[Q_NAME], a[Q_NAME], a[Q_NAME], a[Q_NAME], a[Q_NAME]);
    text_add(t, "# drills:                  # exercises done by hand; those of a lab are recorded there\n"
                "#   - {circuit: er-NAME, leg: primary, date: 2026-01-31}\n");
}

static int write_file(const char *file, const struct answers *all, bool force)
{
    struct text t = {0}, why = {0};
    if (!force && access(file, F_OK) == 0) {
        fprintf(stderr, "fairlead init: %s is there already; --force writes over it\n", file);
        return EXIT_ERROR;
    }
    write_design(all, &t);
    bool wrote = lab_write_file(file, text_get(&t), 0600, &why);
    if (wrote) printf("%s is written. Next: fairlead check %s\n", file, file);
    else fprintf(stderr, "fairlead init: %s\n", text_get(&why));
    text_drop(&t);
    text_drop(&why);
    return wrote ? EXIT_FINE : EXIT_ERROR;
}

static int run_init(int argc, char **argv)
{
    const char *flags[QUESTIONS] = {0}, *words[1] = {NULL};
    bool force = false, usual = false;
    struct option_row rows[QUESTIONS + 3] = {{"--force", NULL, NULL, &force}, {"--yes", "-y", NULL, &usual}};
    for (enum question q = 0; q < QUESTIONS; q++) rows[q + 2] = (struct option_row){questions[q].flag, NULL, &flags[q], NULL};
    int n = options_read(rows, argc, argv, words, 1);
    if (n < 0) return EXIT_USAGE;
    struct check k = {0};
    struct answers all = {0};
    int status = check_open_registries(&k);
    all.catalogue = k.catalogue;
    if (status == EXIT_FINE && !answer_all(&all, flags, usual)) status = EXIT_USAGE;
    if (status == EXIT_FINE) status = write_file(n ? words[0] : "design.yaml", &all, force);
    check_close(&k);
    return status;
}

const struct command init_commands[] = {
    {"init", NULL, "[FILE] [--name N] [--provider P] [--location L] [--region R] [--bandwidth MBPS] [--sku S] [--asn N] [--vlan V] "
                   "[--site-prefix P] [--network-prefix P] [--primary P] [--secondary P] [--yes] [--force]",
     "a commented design file, from a few questions or flags", run_init},
    {0},
};
