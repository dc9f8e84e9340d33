/* lab/evidence.c - one function for each party that is asked. */
#include "lab/evidence.h"
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "evidence/arm_json.h"
#include "evidence/bird.h"
#include "evidence/edge_json.h"
#include "evidence/frr_json.h"
#include "evidence/records_json.h"
#include "lab/exchange.h"
#include "lab/measure.h"
#include "lab/wiring.h"

enum { PATH_LEN = 700, DOCUMENTS = 16, BIRDC_S = 5 };

struct taking {
    struct lab *lab;
    struct collector c;
    struct text *silent;
    struct arm_export arm;
    json_t *kept[DOCUMENTS]; /* what the export borrows */
    size_t kept_n;
    json_t *before[LAB_NODES]; /* what our routers said before the legs were probed; NULL: nothing */
};

enum { FOREIGN_MAX = 16 };
struct foreign { /* tags of one leg's customer that the exchange carries nowhere */
    struct foreign_tag {
        uint16_t tag;
        uint64_t packets;
    } seen[FOREIGN_MAX];
    size_t n;
    uint16_t own;
};

static int64_t wall_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void no_answer(struct taking *t, const char *who, struct text *why)
{
    size_t n = strlen(text_get(why));
    while (n && text_get(why)[n - 1] == '\n') n--;
    text_addf(t->silent, "%s: %.*s\n", who, n ? (int)n : 9, n ? text_get(why) : "no answer");
    text_drop(why);
}

/* ---- the control plane ---- */

static const struct {
    enum lab_person who;
    const char *path; /* first %s: the person's subscription; second: the group */
} questions[] = {
    {PERSON_CUSTOMER, "/subscriptions/%s"},
    {PERSON_CUSTOMER, "/subscriptions/%s/providers/Microsoft.Network"},
    {PERSON_CUSTOMER, "/subscriptions/%s/providers/Microsoft.Network/expressRouteServiceProviders"},
    {PERSON_CUSTOMER, "/subscriptions/%s/resourceGroups/%s/providers/Microsoft.Network/expressRouteCircuits"},
    {PERSON_CUSTOMER, "/subscriptions/%s/resourceGroups/%s/providers/Microsoft.Network/connections"},
    {PERSON_CUSTOMER, "/subscriptions/%s/resourceGroups/%s/providers/Microsoft.Network/virtualNetworkGateways"},
    {PERSON_CUSTOMER, "/subscriptions/%s/resourceGroups/%s/providers/Microsoft.Network/virtualNetworks"},
    {PERSON_PROVIDER, "/subscriptions/%s/providers/Microsoft.Network/expressRouteCrossConnections"},
};

/* The paths have one or two places to fill; a value too many is harmless. */
static void fill_path(const struct taking *t, enum lab_person who, const char *form, char out[static PATH_LEN])
{
    const struct lab_api *api = t->lab->api;
    const char *values[] = {api->subscription(api->ctx, who), t->lab->params->group};
    size_t n = 0, value = 0;
    for (; *form && n + 1 < PATH_LEN; form++) {
        if (form[0] != '%') {
            out[n++] = *form;
            continue;
        }
        n += (size_t)snprintf(out + n, PATH_LEN - n, "%s", values[value++ ? 1 : 0]);
        form++;
        if (n >= PATH_LEN) n = PATH_LEN - 1;
    }
    snprintf(out + n, PATH_LEN - n, "?api-version=2024-03-01");
}

static bool ask_control(struct taking *t, enum lab_person who, const char *form)
{
    char path[PATH_LEN];
    json_t *answer = NULL;
    struct text why = {0};
    fill_path(t, who, form, path);
    unsigned status = t->lab->api->call(t->lab->api->ctx, who, "GET", path, NULL, &answer, &why);
    if (status >= 200 && status < 300 && answer && t->kept_n < DOCUMENTS) {
        t->kept[t->kept_n++] = answer;
        arm_export_add(&t->arm, answer, "api", wall_ms());
        return true;
    }
    if (status) text_addf(&why, "GET %.*s: %u", (int)strcspn(path, "?"), path, status);
    no_answer(t, "control plane", &why);
    json_decref(answer);
    return status != 0; /* who does not answer once is not asked again */
}

/* May the customer write? A deployment of nothing is checked and not made. */
static void ask_may_write(struct taking *t)
{
    char path[PATH_LEN];
    json_t *answer = NULL, *body = json_pack("{s:{s:s, s:{s:s, s:s, s:[]}}}", "properties", "mode", "Incremental",
                                             "template", "$schema",
                                             "https://schema.management.azure.com/schemas/2019-04-01/"
                                             "deploymentTemplate.json#",
                                             "contentVersion", "1.0.0.0", "resources");
    struct text why = {0};
    fill_path(t, PERSON_CUSTOMER,
              "/subscriptions/%s/resourcegroups/%s/providers/Microsoft.Resources/deployments/fairlead-check/validate",
              path);
    unsigned status = t->lab->api->call(t->lab->api->ctx, PERSON_CUSTOMER, "POST", path, body, &answer, &why);
    json_decref(body);
    json_decref(answer);
    t->c.source = "api";
    t->c.at_ms = wall_ms();
    if (status == 200 || status == 403)
        put(&t->c, FACT_SUBSCRIPTION_MAY_WRITE, "subscription", status == 200 ? "true" : "false");
    else
        no_answer(t, "control plane, right to write", &why);
    text_drop(&why);
}

static bool reach_control(struct taking *t)
{
    char dir[LAB_PATH_MAX];
    struct text why = {0};
    if (!t->lab->api) t->lab->api = t->lab->hooks->connect(lab_path(&t->lab->state, dir, "control"), &why);
    if (!t->lab->api) no_answer(t, "control plane", &why);
    text_drop(&why);
    return t->lab->api != NULL;
}

static void take_control(struct taking *t)
{
    if (!reach_control(t)) return;
    bool answers = true;
    for (size_t i = 0; i < ARRAY_LEN(questions) && answers; i++)
        answers = ask_control(t, questions[i].who, questions[i].path);
    arm_export_facts(&t->arm, t->c.facts, t->c.design);
    if (answers) ask_may_write(t);
}

bool lab_post_report(struct lab *lab, const json_t *report, struct text *why)
{
    char dir[LAB_PATH_MAX];
    json_t *answer = NULL;
    if (!lab->api) lab->api = lab->hooks->connect(lab_path(&lab->state, dir, "control"), why);
    if (!lab->api) return false;
    unsigned status =
        lab->api->call(lab->api->ctx, PERSON_CUSTOMER, "PUT", "/fairlead/v1/report", report, &answer, why);
    json_decref(answer);
    if (status >= 300) text_addf(why, "the control plane answered %u", status);
    return status >= 200 && status < 300;
}

/* ---- our routers ---- */

json_t *lab_router_evidence(const struct lab *lab, enum lab_node_id node, struct text *why)
{
    char socket[LAB_PATH_MAX];
    return lab->hooks->ask(lab_path(&lab->state, socket, "%s/control.sock", lab_nodes[node].name), "evidence", why);
}

/* What the control plane last heard of a router that does not answer; it ages, and so do its facts. */
static bool take_last_words(struct taking *t, const char *name)
{
    size_t i;
    json_t *edge, *all = NULL;
    bool found = false;
    struct text why = {0};
    if (!t->lab->api) return false;
    unsigned status =
        t->lab->api->call(t->lab->api->ctx, PERSON_CUSTOMER, "GET", "/fairlead/v1/evidence", NULL, &all, &why);
    json_array_foreach(status == 200 ? json_object_get(all, "edges") : NULL, i, edge)
    {
        const char *who = json_string_value(json_object_get(edge, "name"));
        if (!who || strcmp(who, name) != 0) continue;
        t->c.source = "control plane, last report";
        t->c.at_ms = wall_ms() - (int64_t)(json_number_value(json_object_get(edge, "age_s")) * 1000);
        edge_evidence_take(&t->c, json_object_get(edge, "evidence"));
        found = true;
    }
    json_decref(all);
    text_drop(&why);
    return found;
}

static void take_router(struct taking *t, enum lab_node_id node, const char *role)
{
    char source[40];
    struct text why = {0};
    json_t *document = lab_router_evidence(t->lab, node, &why);
    if (document && edge_evidence_is(document)) {
        snprintf(source, sizeof source, "%s %s", role, lab_nodes[node].name);
        t->c.source = source;
        t->c.at_ms = wall_ms();
        t->c.before = t->before[node];
        edge_evidence_take(&t->c, document);
        t->c.before = NULL;
    } else {
        no_answer(t, lab_nodes[node].name, &why);
        if (node != NODE_CE1) take_last_words(t, lab_nodes[node].name);
    }
    json_decref(document);
    text_drop(&why);
}

static const enum lab_node_id watched[] = {NODE_CE1, NODE_EDGE1, NODE_EDGE2};

static void look_at_routers(struct taking *t)
{
    struct text why = {0};
    for (size_t i = 0; i < ARRAY_LEN(watched); i++) t->before[watched[i]] = lab_router_evidence(t->lab, watched[i], &why);
    text_drop(&why);
}

/* ---- ce2 ---- */

static bool run(const char *const *argv, struct text *said, struct text *why)
{
    int status = process_run(&(struct process_spec){.argv = argv}, NULL, duration_s(BIRDC_S), said, why);
    if (status > 0) text_addf(why, "%s ended with %d: %.120s", argv[0], status, text_get(said));
    return status == 0;
}

static void take_bird(struct taking *t)
{
    static const char *const questions_bird[][4] = {{"show", "protocols", "all", NULL},
                                                    {"show", "bfd", "sessions", NULL},
                                                    {"show", "route", "all", NULL}};
    char socket[LAB_PATH_MAX];
    bool answers = true;
    lab_path(&t->lab->state, socket, "ce2/bird.ctl");
    for (size_t i = 0; i < ARRAY_LEN(questions_bird) && answers; i++) {
        const char *const *q = questions_bird[i];
        const char *const argv[] = {"birdc", "-s", socket, q[0], q[1], q[2], NULL};
        struct text said = {0}, why = {0};
        t->c.source = "router ce2 (bird)";
        t->c.at_ms = wall_ms();
        answers = run(argv, &said, &why);
        if (answers) bird_take(&t->c, "ce2", text_get(&said));
        else no_answer(t, "ce2", &why);
        text_drop(&said);
        text_drop(&why);
    }
}

static void take_frr(struct taking *t)
{
    static const char *const questions_frr[] = {"show bgp neighbors json", "show bfd peers json",
                                                 "show bgp ipv4 unicast json"};
    char dir[LAB_PATH_MAX];
    bool answers = true;
    lab_path(&t->lab->state, dir, "ce2");
    for (size_t i = 0; i < ARRAY_LEN(questions_frr) && answers; i++) {
        const char *const argv[] = {"vtysh", "--vty_socket", dir, "-c", questions_frr[i], NULL};
        struct text said = {0}, why = {0};
        t->c.source = "router ce2 (frr)";
        t->c.at_ms = wall_ms();
        json_t *document = run(argv, &said, &why) ? json_loads(text_get(&said), 0, NULL) : NULL;
        answers = document != NULL;
        if (document) frr_take(&t->c, "ce2", document);
        else no_answer(t, "ce2", &why);
        json_decref(document);
        text_drop(&said);
        text_drop(&why);
    }
}

/* ---- the exchange ---- */

/* Its counters keep what an old mistake left behind, so only what grows while the legs are probed is
 * told. The leg's own tag is dropped while the circuit is not provisioned: that is no foreign tag. */
static void note_foreign(void *ctx, struct tags tags, uint64_t packets)
{
    struct foreign *f = ctx;
    if (f->n < FOREIGN_MAX && tags.c != f->own) f->seen[f->n++] = (struct foreign_tag){tags.c, packets};
}

static void look_at_exchange(const struct taking *t, struct foreign out[static LAB_LEGS])
{
    for (enum lab_leg leg = 0; leg < LAB_LEGS; leg++) {
        out[leg] = (struct foreign){.own = t->lab->params->vlan};
        exchange_each_foreign(t->lab->params, leg, note_foreign, &out[leg]);
    }
}

static uint64_t packets_before(const struct foreign *before, uint16_t tag)
{
    for (size_t i = 0; i < before->n; i++)
        if (before->seen[i].tag == tag) return before->seen[i].packets;
    return 0;
}

/* The exchange would put its S-tag in front, so that is the outer tag of what it did not carry. */
static void take_exchange(struct taking *t, const struct foreign before[static LAB_LEGS])
{
    struct foreign after[LAB_LEGS];
    char subject[SUBJECT_MAX];
    look_at_exchange(t, after);
    t->c.source = "exchange";
    t->c.at_ms = wall_ms();
    for (enum lab_leg leg = 0; leg < LAB_LEGS; leg++)
        for (size_t i = 0; i < after[leg].n; i++) {
            const struct foreign_tag *f = &after[leg].seen[i];
            uint64_t grown = f->packets - packets_before(&before[leg], f->tag);
            if (!grown) continue;
            snprintf(subject, sizeof subject, "circuit/%.80s/private/%s", t->lab->params->circuit, lab_leg_name(leg));
            facts_addf(t->c.facts, FACT_WRONG_TAG, subject, t->c.source, t->c.at_ms, "%u %u %llu",
                       t->lab->state.stag, f->tag, (unsigned long long)grown);
        }
}

/* ---- signatures the edges refused ---- */

/* Sum of the MD5 counters of the leg's domain; as with tags, only growth is told. */
static uint64_t key_faults(const struct taking *t, enum lab_leg leg)
{
    char socket[LAB_PATH_MAX], domain[120];
    enum lab_node_id edge = leg == LEG_PRIMARY ? NODE_EDGE1 : NODE_EDGE2;
    struct text why = {0};
    uint64_t sum = 0;
    size_t i;
    json_t *row, *answer = t->lab->hooks->ask(
        lab_path(&t->lab->state, socket, "%s/control.sock", lab_nodes[edge].name), "drops", &why);
    snprintf(domain, sizeof domain, "domain %.80s-private", t->lab->params->circuit);
    json_array_foreach(json_object_get(answer, "drops"), i, row)
    {
        const char *where = json_string_value(json_object_get(row, "where"));
        const char *reason = json_string_value(json_object_get(row, "reason"));
        if (where && reason && strcmp(where, domain) == 0 && strstr(reason, "MD5"))
            sum += (uint64_t)json_integer_value(json_object_get(row, "packets"));
    }
    json_decref(answer);
    text_drop(&why);
    return sum;
}

static void look_at_keys(const struct taking *t, uint64_t out[static LAB_LEGS])
{
    for (enum lab_leg leg = 0; leg < LAB_LEGS; leg++) out[leg] = key_faults(t, leg);
}

static void take_key_faults(struct taking *t, const uint64_t before[static LAB_LEGS])
{
    for (enum lab_leg leg = 0; leg < LAB_LEGS; leg++) {
        char subject[SUBJECT_MAX];
        uint64_t now_n = key_faults(t, leg);
        if (now_n <= before[leg]) continue;
        snprintf(subject, sizeof subject, "circuit/%.80s/private/%s", t->lab->params->circuit, lab_leg_name(leg));
        t->c.source = leg == LEG_PRIMARY ? "edge edge1" : "edge edge2";
        t->c.at_ms = wall_ms();
        facts_addf(t->c.facts, FACT_KEY_FAULT, subject, t->c.source, t->c.at_ms,
                   "%llu segments arrived without the right MD5 signature", (unsigned long long)(now_n - before[leg]));
    }
}

/* ---- probes and records ---- */

static const json_t *row_with_subject(const json_t *list, const char *subject)
{
    size_t i;
    json_t *row;
    json_array_foreach((json_t *)list, i, row)
    {
        const char *s = json_string_value(json_object_get(row, "subject"));
        if (s && strcmp(s, subject) == 0) return row;
    }
    return NULL;
}

/* The kernel trusts an ARP entry for half a minute after its owner fell silent. Where the session of a
 * leg is down the edge's kernel is told to ask again, so that the evidence is of now. Returns whether
 * there is an answer to wait for. */
static bool ask_arp_again(struct taking *t, enum lab_leg leg)
{
    char ns[NETNS_PATH_MAX], address[ADDR_TEXT_MAX], subject[SUBJECT_MAX];
    enum lab_node_id edge = leg == LEG_PRIMARY ? NODE_EDGE1 : NODE_EDGE2;
    struct text why = {0}, said = {0};
    snprintf(subject, sizeof subject, "circuit/%.80s/private/%s", t->lab->params->circuit, lab_leg_name(leg));
    json_t *document = lab_router_evidence(t->lab, edge, &why);
    const json_t *at = row_with_subject(json_object_get(document, "attachments"), subject);
    const char *domain = json_string_value(json_object_get(at, "domain"));
    const char *port = json_string_value(json_object_get(at, "name"));
    const json_t *peer = row_with_subject(json_object_get(document, "peers"), subject);
    const char *state = json_string_value(json_object_get(peer, "state"));
    bool asked = false;
    if (domain && port && state && strcmp(state, "Established") != 0) {
        const char *const argv[] = {"ip", "neighbour", "change",
                                    addr_text(&t->lab->params->legs[leg].customer, address),
                                    "dev", port, "nud", "probe", NULL};
        struct process_spec spec = {
            .argv = argv, .namespace_path = wiring_path(t->lab->state.lab, edge, domain, ns)};
        asked = process_run(&spec, NULL, duration_s(BIRDC_S), &said, &why) == 0;
    }
    json_decref(document);
    text_drop(&said);
    text_drop(&why);
    return asked;
}

/* Three requests, a second apart, are what the kernel makes. */
static void confirm_neighbours(struct taking *t)
{
    enum { ARP_TAKES_MS = 3400 };
    bool asked = false;
    for (enum lab_leg leg = 0; leg < LAB_LEGS; leg++)
        asked = ask_arp_again(t, leg) || asked;
    if (asked) pause_for(duration_ms(ARP_TAKES_MS));
}

static void take_probes(struct taking *t)
{
    struct measure_row rows[LAB_LEGS];
    struct text why = {0};
    bool measured = measure_legs(t->lab, rows, &why);
    t->c.source = "probe";
    t->c.at_ms = wall_ms();
    for (size_t i = 0; measured && i < LAB_LEGS; i++) {
        json_t *one = measure_rows_json(&rows[i], 1);
        measured_take(&t->c, t->lab->params->circuit, one);
        json_decref(one);
    }
    if (!measured) no_answer(t, "probe", &why);
    text_drop(&why);
}

static void take_record(struct taking *t, const char *name)
{
    char path[LAB_PATH_MAX];
    struct text content = {0};
    if (!lab_read_file(lab_path(&t->lab->state, path, "records/%s", name), &content)) return;
    json_t *document = json_loads(text_get(&content), 0, NULL);
    t->c.source = "drill record";
    t->c.at_ms = wall_ms();
    if (drill_record_is(document)) drill_record_take(&t->c, document);
    json_decref(document);
    text_drop(&content);
}

static void take_records(struct taking *t)
{
    char path[LAB_PATH_MAX];
    DIR *d = opendir(lab_path(&t->lab->state, path, "records"));
    for (struct dirent *e; d && (e = readdir(d));) {
        size_t n = strlen(e->d_name);
        if (n > 5 && n < 100 && strcmp(e->d_name + n - 5, ".json") == 0) take_record(t, e->d_name);
    }
    if (d) closedir(d);
}

void lab_evidence_take(struct lab *lab, const struct design *design, struct facts *out, struct text *silent)
{
    struct taking t = {.lab = lab, .c = {.facts = out, .design = design}, .silent = silent};
    struct foreign foreign[LAB_LEGS];
    uint64_t keys[LAB_LEGS];
    facts_init(out);
    arm_export_init(&t.arm);
    look_at_exchange(&t, foreign);
    look_at_keys(&t, keys);
    look_at_routers(&t);
    take_probes(&t);
    confirm_neighbours(&t);
    take_exchange(&t, foreign);
    take_key_faults(&t, keys);
    take_control(&t);
    take_router(&t, NODE_CE1, "router");
    take_router(&t, NODE_EDGE1, "edge");
    take_router(&t, NODE_EDGE2, "edge");
    take_router(&t, NODE_GW, "gateway");
    if (lab->params->ce2_kind == LAB_CE_FRR) take_frr(&t);
    else take_bird(&t);
    take_records(&t);
    arm_export_drop(&t.arm);
    for (size_t i = 0; i < t.kept_n; i++) json_decref(t.kept[i]);
    for (size_t i = 0; i < ARRAY_LEN(watched); i++) json_decref(t.before[watched[i]]);
    facts_sort(out);
}
