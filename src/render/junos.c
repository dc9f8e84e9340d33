/* render/junos.c - Junos, as a hierarchy for `load merge`. */
#include "render/render_priv.h"

static void put_interface(const struct render_session *s, struct text *out)
{
    text_addf(out, "    %s {\n        %s\n        encapsulation flexible-ethernet-services;\n        unit %u {\n            description \"%s\";\n",
              s->port, s->stag ? "flexible-vlan-tagging;" : "vlan-tagging;", s->vlan, s->name);
    if (s->stag) text_addf(out, "            vlan-tags outer %u inner %u;\n", s->stag, s->vlan);
    else text_addf(out, "            vlan-id %u;\n", s->vlan);
    if (has_addr(&s->customer)) text_addf(out, "            family inet {\n                address %s/%u;\n            }\n", ADDR(&s->customer), s->link.len);
    if (has_addr(&s->customer6)) text_addf(out, "            family inet6 {\n                address %s/%u;\n            }\n", ADDR(&s->customer6), s->link6.len);
    text_add(out, "        }\n    }\n");
}

static void put_lists(const struct render_session *s, uint32_t asn, struct text *out)
{
    text_addf(out, "    policy-statement %s-out {\n        term own {\n            from {\n", s->name);
    for (size_t i = 0; i < s->announce_n; i++) text_addf(out, "                route-filter %s exact;\n", PREFIX(&s->announce[i]));
    text_add(out, "            }\n            then {\n");
    if (s->med) text_addf(out, "                metric %u;\n", s->med);
    if (s->prepend) {
        text_add(out, "                as-path-prepend \"");
        for (uint8_t i = 0; i < s->prepend; i++) text_addf(out, "%s%u", i ? " " : "", asn);
        text_add(out, "\";\n");
    }
    text_add(out, "                accept;\n            }\n        }\n        term rest {\n            then reject;\n        }\n    }\n");
    text_addf(out, "    policy-statement %s-in {\n        term cloud {\n            from {\n", s->name);
    for (size_t i = 0; i < s->accept_n; i++) text_addf(out, "                route-filter %s orlonger;\n", PREFIX(&s->accept[i]));
    if (!s->accept_n) text_add(out, "                route-filter 0.0.0.0/0 longer;\n");
    if (s->communities_n) text_addf(out, "                community %s-services;\n", s->name);
    text_add(out, "            }\n            then {\n");
    if (s->local_pref) text_addf(out, "                local-preference %u;\n", s->local_pref);
    text_add(out, "                accept;\n            }\n        }\n        term rest {\n            then reject;\n        }\n    }\n");
    if (!s->communities_n) return;
    text_addf(out, "    community %s-services members \"(", s->name); /* any of them, not all */
    for (size_t i = 0; i < s->communities_n; i++) text_addf(out, "%s%s", i ? "|" : "", s->communities[i]);
    text_add(out, ")\";\n");
}

static void put_neighbor(const struct render_session *s, const struct addr *cloud, bool six, struct text *out)
{
    text_addf(out, "            neighbor %s {\n                description \"%s\";\n                hold-time %u;\n                peer-as %u;\n",
              ADDR(cloud), s->name, s->hold_s, s->remote_asn);
    if (*s->key) text_addf(out, "                authentication-key \"%s\";\n", s->key);
    text_addf(out, "                import %s-in;\n                export %s-out;\n", s->name, s->name);
    text_addf(out, "                family %s {\n                    unicast {\n                        prefix-limit {\n                            maximum %u;\n"
                   "                        }\n                    }\n                }\n", six ? "inet6" : "inet", s->max_prefixes);
    if (s->bfd.on == SAID_YES)
        text_addf(out, "                bfd-liveness-detection {\n                    minimum-interval %u;\n                    multiplier %u;\n                }\n",
                  s->bfd.min_tx_ms > s->bfd.min_rx_ms ? s->bfd.min_tx_ms : s->bfd.min_rx_ms, s->bfd.multiplier);
    text_add(out, "            }\n");
}

static void put_nat(const struct render_router *r, struct text *out)
{
    if (!r->pools_n) return;
    text_add(out, "security {\n    nat {\n        source {\n");
    for (size_t p = 0; p < r->pools_n; p++)
        text_addf(out, "            pool %s {\n                address {\n                    %s;\n                }\n            }\n", r->pools[p]->name,
                  PREFIX(&r->pools[p]->prefix));
    text_add(out, "            rule-set microsoft-peering {\n                from zone trust;\n                to zone microsoft;\n");
    for (size_t p = 0; p < r->pools_n; p++) {
        text_addf(out, "                rule %s {\n                    match {\n                        source-address [", r->pools[p]->name);
        for (size_t k = 0; k < r->pools[p]->sources_n; k++) text_addf(out, " %s", PREFIX(&r->pools[p]->sources[k]));
        text_addf(out, " ];\n                    }\n                    then {\n                        source-nat {\n                            pool {\n"
                       "                                %s;\n                            }\n                        }\n                    }\n                }\n", r->pools[p]->name);
    }
    text_add(out, "            }\n        }\n    }\n}\n");
}

static void put_qos(const struct render_router *r, struct text *out)
{
    text_add(out, "class-of-service {\n");
    if (r->classes_n) text_add(out, "    classifiers {\n        dscp site {\n");
    for (size_t k = 0; k < r->classes_n; k++) {
        char dscp[8];
        text_addf(out, "            forwarding-class %s {\n                loss-priority low code-points %s;\n            }\n",
                  r->classes[k]->workload, dscp_class(r->classes[k]->dscp, dscp));
    }
    if (r->classes_n) text_add(out, "        }\n    }\n");
    text_add(out, "    interfaces {\n");
    for (size_t i = 0; i < r->sessions_n; i++)
        text_addf(out, "        %s {\n            unit %u {\n                shaping-rate %um;\n            }\n        }\n", r->sessions[i].port,
                  r->sessions[i].vlan, r->sessions[i].bandwidth_mbps);
    text_add(out, "    }\n}\n");
}

void render_junos(const struct render_router *r, struct text *out)
{
    render_head(r, "#", out);
    text_addf(out, "system {\n    host-name %s;\n}\ninterfaces {\n", r->name);
    for (size_t i = 0; i < r->sessions_n; i++) put_interface(&r->sessions[i], out);
    text_addf(out, "}\nrouting-options {\n    router-id %s;\n    autonomous-system %u;\n    graceful-restart;\n    static {\n", ADDR(&r->id), r->asn);
    for (size_t i = 0; i < r->own_n; i++)
        if (!is_six(&r->own[i])) text_addf(out, "        route %s discard;\n", PREFIX(&r->own[i]));
    text_add(out, "    }\n}\npolicy-options {\n");
    for (size_t i = 0; i < r->sessions_n; i++) put_lists(&r->sessions[i], r->asn, out);
    text_add(out, "}\nprotocols {\n    bgp {\n        group cloud {\n            type external;\n            multipath;\n");
    for (size_t i = 0; i < r->sessions_n; i++) {
        if (has_addr(&r->sessions[i].cloud)) put_neighbor(&r->sessions[i], &r->sessions[i].cloud, false, out);
        if (has_addr(&r->sessions[i].cloud6)) put_neighbor(&r->sessions[i], &r->sessions[i].cloud6, true, out);
    }
    text_add(out, "        }\n");
    if (r->near_n) text_addf(out, "        group site {\n            type internal;\n            local-address %s;\n", ADDR(&r->lan));
    for (size_t i = 0; i < r->near_n; i++) text_addf(out, "            neighbor %s;\n", ADDR(&r->near[i].address));
    if (r->near_n) text_add(out, "        }\n");
    text_add(out, "    }\n}\n");
    put_nat(r, out);
    put_qos(r, out);
}
