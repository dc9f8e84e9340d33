/* cli/export_steps.c - see the header. */
#include "cli/export_steps.h"
#include <string.h>
#include "base/defs.h"

#define FACTS(...)                                                                                  \
    .facts = {__VA_ARGS__},                                                                         \
    .facts_n = sizeof((enum fact_name[]){__VA_ARGS__}) / sizeof(enum fact_name)

// clang-format off
const struct export_step export_steps[] = {
    {PER_EXPORT, "", "subscription.json",
     {"az account show -o json", "Get-AzSubscription -SubscriptionId (Get-AzContext).Subscription.Id | ConvertTo-Json"},
     FACTS(FACT_SUBSCRIPTION_STATE)},
    {PER_EXPORT, "", "provider.json",
     {"az provider show -n Microsoft.Network --query '{namespace:namespace,registrationState:registrationState}' -o json",
      "Get-AzResourceProvider -ProviderNamespace Microsoft.Network | Select-Object -First 1 ProviderNamespace,RegistrationState | ConvertTo-Json"},
     FACTS(FACT_SUBSCRIPTION_PROVIDER)},
    {PER_EXPORT, "", "permissions.json",
     {"az rest --method get --url \"/subscriptions/$(az account show --query id -o tsv)/resourceGroups/{group}/providers/Microsoft.Authorization/permissions?api-version=2022-04-01\"",
      "(Invoke-AzRestMethod -Path \"/subscriptions/$((Get-AzContext).Subscription.Id)/resourceGroups/{group}/providers/Microsoft.Authorization/permissions?api-version=2022-04-01\").Content"},
     FACTS(FACT_SUBSCRIPTION_MAY_WRITE)},
    {PER_EXPORT, "", "service-providers.json",
     {"az network express-route list-service-providers -o json", "Get-AzExpressRouteServiceProvider | ConvertTo-Json -Depth 5"},
     FACTS(FACT_PROVIDER_LISTED, FACT_CIRCUIT_OFFERED)},
    {PER_CIRCUIT, "", "{circuit}.json",
     {"az network express-route show -g {group} -n {circuit} -o json",
      "Get-AzExpressRouteCircuit -ResourceGroupName {group} -Name {circuit} | ConvertTo-Json -Depth 10"},
     FACTS(FACT_CIRCUIT_STATE, FACT_CIRCUIT_PROVIDER_STATE, FACT_CIRCUIT_SKU, FACT_CIRCUIT_BANDWIDTH,
           FACT_PEERING_STATE, FACT_PEERING_VLAN, FACT_PEERING_CLOUD_ASN, FACT_PEERING_MANAGED_BY)},
    {PER_EXPORT, "", "gateways.json",
     {"az network vnet-gateway list -g {group} -o json", "Get-AzVirtualNetworkGateway -ResourceGroupName {group} | ConvertTo-Json -Depth 10"},
     FACTS(FACT_GATEWAY_ZONES)},
    {PER_EXPORT, "", "connections.json",
     {"az network vpn-connection list -g {group} -o json", "Get-AzVirtualNetworkGatewayConnection -ResourceGroupName {group} | ConvertTo-Json -Depth 10"},
     FACTS(FACT_LINK_STATE, FACT_CIRCUIT_LINKS, FACT_CONNECTION_WEIGHT)},
    {PER_EXPORT, "", "networks.json",
     {"az network vnet list -g {group} -o json", "Get-AzVirtualNetwork -ResourceGroupName {group} | ConvertTo-Json -Depth 10"}, .facts_n = 0},
    {PER_EXPORT, "", "route-filters.json",
     {"az network route-filter list -g {group} -o json", "Get-AzRouteFilter -ResourceGroupName {group} | ConvertTo-Json -Depth 10"},
     FACTS(FACT_FILTER_RULE)},
    {PER_LEG, "", "{circuit}.{peering}.{leg}.arp.json",
     {"az network express-route list-arp-tables -g {group} -n {circuit} --peering-name {peering-name} --path {leg} -o json",
      "Get-AzExpressRouteCircuitARPTable -ResourceGroupName {group} -ExpressRouteCircuitName {circuit} -PeeringType {peering-name} -DevicePath {leg} | ConvertTo-Json -AsArray"},
     FACTS(FACT_NEIGHBOR, FACT_ATTACHMENT_ADDRESS)},
    {PER_LEG, "", "{circuit}.{peering}.{leg}.routes.json",
     {"az network express-route list-route-tables -g {group} -n {circuit} --peering-name {peering-name} --path {leg} -o json",
      "Get-AzExpressRouteCircuitRouteTable -ResourceGroupName {group} -ExpressRouteCircuitName {circuit} -PeeringType {peering-name} -DevicePath {leg} | ConvertTo-Json -AsArray"},
     FACTS(FACT_ROUTE, FACT_M365_REJECTED)},
    {PER_LEG, "", "{circuit}.{peering}.{leg}.summary.json",
     {"az network express-route list-route-tables-summary -g {group} -n {circuit} --peering-name {peering-name} --path {leg} -o json",
      "Get-AzExpressRouteCircuitRouteTableSummary -ResourceGroupName {group} -ExpressRouteCircuitName {circuit} -PeeringType {peering-name} -DevicePath {leg} | ConvertTo-Json -AsArray"},
     FACTS(FACT_SESSION_STATE, FACT_SESSION_PEER, FACT_SESSION_ASN, FACT_SESSION_UPTIME, FACT_SESSION_RECEIVED)},
    {PER_PEERING, "", "{circuit}.{peering}.stats.json",
     {"az network express-route peering get-stats -g {group} --circuit-name {circuit} -n {peering-name} -o json",
      "Get-AzExpressRouteCircuitStat -ResourceGroupName {group} -ExpressRouteCircuitName {circuit} -PeeringType {peering-name} | ConvertTo-Json"},
     FACTS(FACT_ATTACHMENT_RX, FACT_ATTACHMENT_TX)},
    {PER_CIRCUIT, "", "{circuit}.cross-connection.json",
     {"az rest --method get --url \"/subscriptions/$(az account show --query id -o tsv)/providers/Microsoft.Network/expressRouteCrossConnections?api-version=2022-01-01\"   # by the provider, in its own subscription",
      "Get-AzExpressRouteCrossConnection | ConvertTo-Json -Depth 10   # by the provider, in its own subscription"},
     FACTS(FACT_CROSS_STATE, FACT_CROSS_BANDWIDTH, FACT_CROSS_STAG)},
    {PER_OFFICE, "", "feed-changes.json",
     {"curl -s \"https://endpoints.office.com/changes/Worldwide/{applied}?ClientRequestId=$(cat /proc/sys/kernel/random/uuid)\"",
      "(Invoke-WebRequest -UseBasicParsing \"https://endpoints.office.com/changes/Worldwide/{applied}?ClientRequestId=$([guid]::NewGuid())\").Content"},
     FACTS(FACT_FEED_LATE, FACT_FEED_FLAG_CHANGE)},
    {PER_OFFICE, "", "feed.json", {"cat \"${XDG_CACHE_HOME:-$HOME/.cache}/fairlead/m365/Worldwide.json\"", NULL},
     FACTS(FACT_FEED_LATEST, FACT_FEED_POLLED, FACT_M365_UNCOVERED)},
    {PER_SITE, "", "{site}.flows.txt", {"conntrack -L -p tcp   # on the routers of {site}, as root", NULL},
     FACTS(FACT_M365_ASYMMETRIC)},
    {PER_SITE, "", "{site}.requests.json",
     {"for url in https://outlook.office365.com/ https://login.microsoftonline.com/ \"$SHAREPOINT_FILE\"; do curl -s -o /dev/null --max-time 30 -w '%{json}\\n' \"$url\"; done   # in {site}; SHAREPOINT_FILE: URL of a file of at least 1 MB",
      NULL},
     FACTS(FACT_M365_PROBE, FACT_SITE_DNS, FACT_SITE_DOWNLOAD)},
    {PER_SITE, "", "{site}.connections.txt", {"ss -tinH state established   # in {site}, while something of the service is open", NULL},
     FACTS(FACT_SITE_TCP)},
    {PER_SITE, "", "{site}.sessions.txt", {"sysctl net.netfilter.nf_conntrack_count net.netfilter.nf_conntrack_max   # on the edge device of {site}", NULL},
     FACTS(FACT_SITE_SESSIONS)},
    {PER_SITE, "", "{site}.load.json", {"printf '{\"interface_percent\": %s}\\n' \"$PEAK\"   # PEAK: busiest interface of {site}'s edge at its peak, from your monitoring", NULL},
     FACTS(FACT_SITE_LOAD)},
    {PER_SITE, "", "{site}.media.json", {"cat /var/tmp/{site}.media   # filled for a week by cron on a client, */10 * * * *: fairlead probe send $REFLECTOR --rate 50 --duration 15 --dscp 46 -o json >> /var/tmp/{site}.media", NULL},
     FACTS(FACT_SITE_MEDIA)},
    {PER_SITE, "", "{site}.edge-media.json", {"cat /var/tmp/{site}.edge-media   # the same from the edge of {site}", NULL},
     FACTS(FACT_SITE_EDGE_MEDIA)},
    {PER_ROUTER, "fairlead", "{router}.fairlead.json", {"fairlead edge show evidence -o json", NULL},
     FACTS(FACT_CUSTOMER_ROUTER, FACT_CUSTOMER_STATE, FACT_CUSTOMER_REMOTE_ASN, FACT_CUSTOMER_HOLD,
           FACT_CUSTOMER_BFD, FACT_CUSTOMER_IMPORTED, FACT_CUSTOMER_ROUTE)},
    {PER_ROUTER, "frr", "{router}.frr-bgp.json", {"ssh {router} vtysh -c \"'show bgp neighbors json'\"", NULL},
     FACTS(FACT_CUSTOMER_ROUTER, FACT_CUSTOMER_STATE, FACT_CUSTOMER_REMOTE_ASN, FACT_CUSTOMER_HOLD, FACT_CUSTOMER_IMPORTED)},
    {PER_ROUTER, "frr", "{router}.frr-bfd.json", {"ssh {router} vtysh -c \"'show bfd peers json'\"", NULL},
     FACTS(FACT_CUSTOMER_BFD)},
    {PER_ROUTER, "frr", "{router}.frr-routes.json", {"ssh {router} vtysh -c \"'show bgp ipv4 unicast json'\"", NULL},
     FACTS(FACT_CUSTOMER_ROUTE)},
    {PER_ROUTER, "bird", "{router}.bird-routes.txt", {"ssh {router} birdc show route all", NULL},
     FACTS(FACT_CUSTOMER_ROUTE)},
    {PER_ROUTER, "bird", "{router}.bird.txt", {"ssh {router} birdc show protocols all", NULL},
     FACTS(FACT_CUSTOMER_ROUTER, FACT_CUSTOMER_STATE, FACT_CUSTOMER_REMOTE_ASN, FACT_CUSTOMER_HOLD, FACT_CUSTOMER_IMPORTED)},
    {PER_ROUTER, "bird", "{router}.bird-bfd.txt", {"ssh {router} birdc show bfd sessions", NULL},
     FACTS(FACT_CUSTOMER_BFD)},
};
// clang-format on
const size_t export_steps_n = ARRAY_LEN(export_steps);

static const char *peering_name(const char *word)
{
    return strcmp(word, "microsoft") == 0 ? "MicrosoftPeering" : "AzurePrivatePeering";
}

static bool begins(const char *s, const char *word, size_t *len)
{
    *len = strlen(word);
    return strncmp(s, word, *len) == 0;
}

static const char *or(const char *s, const char *placeholder) { return s && *s ? s : placeholder; }

static void fill(const char *form, const struct export_names *n, struct text *out)
{
    const struct {
        const char *mark, *value;
    } marks[] = {{"{group}", or(n->group, "$GROUP")},
                 {"{circuit}", or(n->circuit, "$CIRCUIT")},
                 {"{peering-name}", peering_name(or(n->peering, "private"))},
                 {"{peering}", or(n->peering, "private")},
                 {"{leg}", or(n->leg, "primary")},
                 {"{router}", or(n->router, "$ROUTER")},
                 {"{site}", or(n->site, "$SITE")},
                 {"{applied}", or(n->applied, "$VERSION")}};
    while (*form) {
        size_t len = 0, i = 0;
        while (i < ARRAY_LEN(marks) && !begins(form, marks[i].mark, &len)) i++;
        if (i < ARRAY_LEN(marks)) text_add(out, marks[i].value);
        else text_add_n(out, form, len = 1);
        form += len;
    }
}

void export_step_text(const struct export_step *s, enum export_dialect d, const struct export_names *n,
                      struct text *out)
{
    const char *command = s->command[d] ? s->command[d] : s->command[DIALECT_AZ];
    const char *comment = strstr(command, "   #");
    struct text body = {0};
    fill(command, n, &body);
    const char *cut = comment ? strstr(text_get(&body), "   #") : NULL;
    text_add_n(out, text_get(&body), cut ? (size_t)(cut - text_get(&body)) : body.n);
    text_add(out, d == DIALECT_POWERSHELL ? " | Out-File -Encoding utf8 " : " > ");
    fill(s->file, n, out);
    if (cut) text_add(out, cut);
    text_drop(&body);
}

const struct export_step *export_step_for(enum fact_name fact, const char *router_kind)
{
    for (size_t i = 0; i < export_steps_n; i++) {
        const struct export_step *s = &export_steps[i];
        if (*s->router_kind && *router_kind && strcmp(s->router_kind, router_kind) != 0) continue;
        for (size_t k = 0; k < s->facts_n; k++)
            if (s->facts[k] == fact) return s;
    }
    return NULL;
}
