/* lab/routers.c - configuration of the lab's routers, from its parameters.
 * Both customer routers announce the site's prefix, detect a dead leg by BFD, and tell each other
 * over the LAN what the cloud announced, so that a router whose leg is lost detours through the
 * other. */
#include "lab/routers.h"
#include <assert.h>
#include <jansson.h>
#include <stdlib.h>
#include "net/asn.h"

const char lab_site_domain[] = "site";

enum { BFD_MS = 300, BFD_MULTIPLIER = 3, HOLD_S = 180 };

struct addr router_id_of(enum lab_node_id node)
{
    enum { DOCUMENTATION_NET = (192U << 24) | (2U << 8), FIRST = 10 };
    return addr_v4((uint32_t)DOCUMENTATION_NET + FIRST + (uint32_t)(node - NODE_EDGE1) + 1);
}

static json_t *addr_json(const struct addr *a)
{
    char buf[ADDR_TEXT_MAX];
    return json_string(addr_text(a, buf));
}

static json_t *prefix_json(const struct prefix *p)
{
    char buf[PREFIX_TEXT_MAX];
    return json_string(prefix_text(p, buf));
}

static json_t *interface_address(const struct addr *a, uint8_t len)
{
    char buf[ADDR_TEXT_MAX];
    return json_sprintf("%s/%u", addr_text(a, buf), len);
}

/* A secret-bearing dump: the text is wiped by nobody, so it goes straight into the caller's. */
static void dump(json_t *root, struct text *out)
{
    char *s = json_dumps(root, JSON_INDENT(2));
    assert(s);
    text_add(out, s);
    text_add(out, "\n");
    free(s);
    json_decref(root);
}

static json_t *base_file(const struct lab_params *p, enum lab_node_id node, const struct addr *id,
                         uint32_t asn, const char *dir)
{
    char ns[LAB_NAMESPACE_MAX];
    return json_pack("{s:{s:s, s:o, s:I, s:s}, s:s, s:o, s:o}", "router", "name",
                     lab_nodes[node].name, "id", addr_json(id), "asn", (json_int_t)asn, "namespace",
                     lab_namespace(p->lab, node, NULL, ns), "dataplane", "namespaces",
                     "control_socket", json_sprintf("%s/control.sock", dir), "state_dir",
                     json_sprintf("%s/state", dir));
}

static json_t *ce1_attachments(const struct lab_params *p)
{
    const struct lab_circuit_leg *leg = &p->legs[LEG_PRIMARY];
    return json_pack("[{s:s, s:s, s:i, s:i, s:[o]}, {s:s, s:s, s:i, s:i, s:[o], s:o}]", "name",
                     "lan", "port", "lan0", "stag", 0, "ctag", 0, "addresses",
                     interface_address(&p->ce[LEG_PRIMARY], p->lan.len), "name", "leg", "port",
                     "wan0", "stag", 0, "ctag", (int)p->vlan, "addresses",
                     interface_address(&leg->customer, leg->link.len), "subject",
                     json_sprintf("circuit/%s/private/primary", p->circuit));
}

static json_t *ce1_cloud_peer(const struct lab_params *p)
{
    const struct lab_circuit_leg *leg = &p->legs[LEG_PRIMARY];
    json_t *peer = json_pack("{s:s, s:o, s:o, s:o, s:i, s:s, s:i, s:b}", "name", "cloud", "subject",
                             json_sprintf("circuit/%s/private/primary", p->circuit), "address",
                             addr_json(&leg->cloud), "local", addr_json(&leg->customer), "asn",
                             ASN_CLOUD, "role", "cloud", "hold", HOLD_S, "bfd", p->bfd);
    if (p->shared_key[0]) json_object_set_new(peer, "md5", json_string(p->shared_key));
    return peer;
}

static json_t *ce1_site_peer(const struct lab_params *p)
{
    return json_pack("{s:s, s:o, s:o, s:I, s:s, s:b}", "name", "ce2", "address",
                     addr_json(&p->ce[LEG_SECONDARY]), "local", addr_json(&p->ce[LEG_PRIMARY]),
                     "asn", (json_int_t)p->site_asn, "role", "internal", "next_hop_self", 1);
}

void router_file_ce1(const struct lab_params *p, const char *dir, struct text *out)
{
    json_t *root = base_file(p, NODE_CE1, &p->ce[LEG_PRIMARY], p->site_asn, dir);
    json_object_set_new(root, "domains",
                        json_pack("[{s:s, s:s, s:o, s:[{s:o}], s:[o, o]}]", "name", lab_site_domain,
                                  "kind", "plain", "attachments", ce1_attachments(p), "networks",
                                  "prefix", prefix_json(&p->site), "peers", ce1_cloud_peer(p),
                                  ce1_site_peer(p)));
    dump(root, out);
}

void router_file_cloud(const struct lab_params *p, enum lab_node_id node, const char *dir,
                       const struct lab_control_access *control, struct text *out)
{
    struct addr id = router_id_of(node);
    uint32_t asn = node == NODE_GW ? ASN_GATEWAY : ASN_CLOUD;
    json_t *root = base_file(p, node, &id, asn, dir);
    json_object_set_new(root, "control",
                        json_pack("{s:s, s:s, s:s, s:s}", "url", control->url, "ca", control->ca,
                                  "cert", control->cert, "key", control->key));
    dump(root, out);
}

/* --- BIRD --- */

static void bird_cloud_session(const struct lab_params *p, struct text *out)
{
    const struct lab_circuit_leg *leg = &p->legs[LEG_SECONDARY];
    char local[ADDR_TEXT_MAX], remote[ADDR_TEXT_MAX];
    text_addf(out,
              "protocol bgp cloud {\n"
              "  local %s as %u;\n"
              "  neighbor %s as %u;\n"
              "  hold time %d;\n"
              "  connect retry time 2;\n"
              "  connect delay time 1;\n"
              "  error wait time 1, 10;\n"
              "  startup hold time 30;\n",
              addr_text(&leg->customer, local), p->site_asn, addr_text(&leg->cloud, remote),
              ASN_CLOUD, HOLD_S);
    if (p->shared_key[0]) text_addf(out, "  password \"%s\";\n", p->shared_key);
    if (p->bfd) text_add(out, "  bfd on;\n");
    text_add(out,
             "  ipv4 { import all; export where source = RTS_STATIC; next hop self; };\n}\n\n");
}

static void bird_site_session(const struct lab_params *p, struct text *out)
{
    char local[ADDR_TEXT_MAX], remote[ADDR_TEXT_MAX];
    text_addf(out,
              "protocol bgp ce1 {\n"
              "  local %s as %u;\n"
              "  neighbor %s as %u;\n"
              "  connect retry time 2;\n"
              "  connect delay time 1;\n"
              "  error wait time 1, 10;\n"
              "  direct;\n"
              "  ipv4 { import all; export where source = RTS_BGP; next hop self; };\n"
              "}\n",
              addr_text(&p->ce[LEG_SECONDARY], local), p->site_asn,
              addr_text(&p->ce[LEG_PRIMARY], remote), p->site_asn);
}

void router_file_bird(const struct lab_params *p, const char *dir, struct text *out)
{
    char id[ADDR_TEXT_MAX], site[PREFIX_TEXT_MAX];
    text_addf(out, "router id %s;\nlog \"%s/bird.log\" all;\n\n",
              addr_text(&p->ce[LEG_SECONDARY], id), dir);
    text_add(out, "protocol device { scan time 2; }\n\n");
    text_addf(out, "protocol static site { ipv4; route %s unreachable; }\n\n",
              prefix_text(&p->site, site));
    text_add(out, "protocol kernel { ipv4 { import none; export where source = RTS_BGP; }; }\n\n");
    if (p->bfd)
        text_addf(out,
                  "protocol bfd { interface \"%s\" { min rx interval %d ms; min tx interval %d ms;"
                  " idle tx interval 300 ms; multiplier %d; }; }\n\n",
                  lab_ce2_leg_port, BFD_MS, BFD_MS, BFD_MULTIPLIER);
    bird_cloud_session(p, out);
    bird_site_session(p, out);
}

/* --- FRR --- */

void router_file_frr(const struct lab_params *p, const char *dir, struct text *out)
{
    const struct lab_circuit_leg *leg = &p->legs[LEG_SECONDARY];
    char id[ADDR_TEXT_MAX], cloud[ADDR_TEXT_MAX], ce1[ADDR_TEXT_MAX], site[PREFIX_TEXT_MAX];
    addr_text(&leg->cloud, cloud);
    addr_text(&p->ce[LEG_PRIMARY], ce1);
    prefix_text(&p->site, site);
    text_addf(out, "frr defaults traditional\nlog file %s/frr.log\n!\nip route %s blackhole\n!\n",
              dir, site);
    text_addf(out, "router bgp %u\n bgp router-id %s\n no bgp ebgp-requires-policy\n", p->site_asn,
              addr_text(&p->ce[LEG_SECONDARY], id));
    text_addf(out, " neighbor %s remote-as %u\n neighbor %s timers connect 2\n", cloud, ASN_CLOUD,
              cloud);
    if (p->shared_key[0]) text_addf(out, " neighbor %s password %s\n", cloud, p->shared_key);
    if (p->bfd)
        text_addf(out, " neighbor %s bfd %d %d %d\n", cloud, BFD_MULTIPLIER, BFD_MS, BFD_MS);
    text_addf(out, " neighbor %s remote-as %u\n neighbor %s timers connect 2\n", ce1, p->site_asn,
              ce1);
    text_addf(out, " address-family ipv4 unicast\n  network %s\n  neighbor %s next-hop-self\n",
              site, ce1);
    text_add(out, " exit-address-family\n!\n");
}
