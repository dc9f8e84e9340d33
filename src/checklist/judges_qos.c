/* checklist/judges_qos.c - NET-QOS: marking, queues, and what survives the way. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "checklist/judge.h"

enum { DSCP_VOICE = 46, QUEUES_LEAST = 3, VALUES = 64 };

static const struct {
    const char *workload;
    uint8_t dscp;
} listed[] = {{"voice", 46}, {"video", 34}, {"sharing", 18}, {"files", 10}, {"other", 0}};

static const struct design_class *class_of(const struct design *d, const char *workload)
{
    for (size_t i = 0; i < d->qos.classes_n; i++)
        if (strcmp(d->qos.classes[i].workload, workload) == 0) return &d->qos.classes[i];
    return NULL;
}
static const char *if_planned(const struct judging *j)
{
    bool planned = class_of(j->d, "voice") || class_of(j->d, "video");
    return planned ? NULL : "no voice or video is planned";
}
static const char *if_voice(const struct judging *j)
{
    return class_of(j->d, "voice") ? NULL : "no voice is planned";
}
static const char *if_others(const struct judging *j)
{
    bool planned = class_of(j->d, "video") || class_of(j->d, "sharing") || class_of(j->d, "files");
    return planned ? NULL : "no video, sharing or file transfer is planned";
}
static const char *if_signalling(const struct judging *j)
{
    return class_of(j->d, "signalling") ? NULL : "no signalling is planned";
}

static void where_design(struct judging *j)
{
    for (size_t i = 0; i < j->d->qos.classes_n; i++) {
        const struct design_class *c = &j->d->qos.classes[i];
        if (strcmp(c->workload, "voice") != 0 && strcmp(c->workload, "video") != 0) continue;
        at_key(j, say(j, "/qos/classes/%zu/peering", i));
        if (!*c->peering) untold(j, "the design does not say which peering carries %s", c->workload);
        else if (strcmp(c->peering, "microsoft") != 0)
            broken(j, "%s relies on DSCP over %s peering", c->workload, c->peering);
        else holds(j);
    }
}

/* Packets seen on a leg by value; false when nothing was seen. */
static bool packets_seen(struct judging *j, enum fact_name name, unsigned long long out[static VALUES])
{
    size_t n;
    const struct fact *const *list = seen_all(j, name, j->subject, &n);
    memset(out, 0, VALUES * sizeof *out);
    for (size_t i = 0; i < n; i++) {
        unsigned dscp;
        unsigned long long packets;
        if (sscanf(list[i]->value, "%u %llu", &dscp, &packets) == 2 && dscp < VALUES) out[dscp] += packets;
    }
    return n > 0;
}
static bool is_listed(const struct judging *j, unsigned dscp)
{
    for (size_t i = 0; i < ARRAY_LEN(listed); i++)
        if (listed[i].dscp == dscp) return true;
    return dscp == 24 && strcmp(j->d->qos.profile, "2015-10") == 0;
}

static void voice_design(struct judging *j)
{
    const struct design_class *c = class_of(j->d, "voice");
    at_key(j, "/qos/classes");
    if (c->dscp == DSCP_UNSAID) untold(j, "the design does not say how voice is marked");
    else if (c->dscp == DSCP_VOICE) holds(j);
    else broken(j, "voice leaves with DSCP %u", c->dscp);
}

static const struct design_queue *queue_of(const struct design *d, const char *name)
{
    for (size_t i = 0; i < d->qos.queues_n; i++)
        if (strcmp(d->qos.queues[i].name, name) == 0) return &d->qos.queues[i];
    return NULL;
}
static void queue_design(struct judging *j)
{
    const struct design_class *voice = class_of(j->d, "voice");
    const struct design_queue *q = queue_of(j->d, voice->queue);
    at_key(j, "/qos/queues");
    if (!j->d->qos.queues_n || !*voice->queue) {
        untold(j, "the design does not say which queue voice has");
        return;
    }
    if (!q) broken(j, "there is no queue '%s'", voice->queue);
    else if (q->strict == SAID_NO) broken(j, "queue %s is not strict", q->name);
    else if (q->strict == UNSAID) untold(j, "the design does not say whether queue %s is strict", q->name);
    else if (!q->percent) broken(j, "queue %s has no bound and may starve the others", q->name);
    if (j->d->qos.queues_n < QUEUES_LEAST) broken(j, "there are %zu queues only", j->d->qos.queues_n);
    for (size_t i = 0; i < j->d->qos.classes_n; i++) {
        const struct design_class *c = &j->d->qos.classes[i];
        if (c != voice && strcmp(c->queue, voice->queue) == 0) broken(j, "voice shares queue %s with %s", c->queue, c->workload);
    }
    holds(j);
}

static void values_design(struct judging *j)
{
    for (size_t i = 0; i < j->d->qos.classes_n; i++)
        for (size_t k = 1; k < ARRAY_LEN(listed); k++) { /* voice has a row of its own */
            const struct design_class *c = &j->d->qos.classes[i];
            if (strcmp(c->workload, listed[k].workload) != 0) continue;
            at_key(j, say(j, "/qos/classes/%zu/dscp", i));
            if (c->dscp == DSCP_UNSAID) untold(j, "the design does not say how %s is marked", c->workload);
            else if (c->dscp != listed[k].dscp)
                broken(j, "%s leaves with DSCP %u, expected %u", c->workload, c->dscp, listed[k].dscp);
            holds(j);
        }
}

static void survive_design(struct judging *j)
{
    for (size_t i = 0; i < j->d->qos.rewrites_n; i++) {
        const struct design_rewrite *r = &j->d->qos.rewrites[i];
        at_key(j, say(j, "/qos/rewrites/%zu", i));
        if (r->from && is_listed(j, r->from) && r->to != r->from)
            broken(j, "DSCP %u becomes %u at %s", r->from, r->to, r->at);
    }
    must_say(j, j->d->qos.trusted_path, SAID_YES, "/qos/trusted_path", "a hop rewrites listed markings");
}

static void zeroed_design(struct judging *j)
{
    j->where = ""; /* one key for all legs */
    must_say(j, j->d->qos.zero_others, SAID_YES, "/qos/zero_others", "unlisted markings enter Microsoft peering");
}
static void only_listed(struct judging *j, enum fact_name name, const char *from, bool needed)
{
    unsigned long long packets[VALUES];
    if (!packets_seen(j, name, packets)) {
        if (needed) unclear(j, "no evidence of %s for %s", fact_kinds[name].name, j->subject);
        return;
    }
    for (unsigned dscp = 0; dscp < VALUES; dscp++)
        if (packets[dscp] && !is_listed(j, dscp)) broken(j, "DSCP %u comes from the %s (%llu packets)", dscp, from, packets[dscp]);
    holds(j);
}
static void zeroed_live(struct judging *j) { only_listed(j, FACT_DSCP_IN, "customer", false); }
static void cloud_live(struct judging *j) { only_listed(j, FACT_DSCP_OUT, "cloud", true); }

static void signalling_design(struct judging *j)
{
    const struct design_class *c = class_of(j->d, "signalling");
    bool old = strcmp(j->d->qos.profile, "2015-10") == 0;
    at_key(j, "/qos/profile");
    if (!*j->d->qos.profile) untold(j, "the design names no QoS profile");
    else if (!old && strcmp(j->d->qos.profile, "2019-04") != 0) broken(j, "there is no profile '%s'", j->d->qos.profile);
    else if (c->dscp == DSCP_UNSAID) untold(j, "the design does not say how signalling is marked");
    else if (c->dscp != (old ? 24 : 0))
        broken(j, "signalling leaves with DSCP %u, profile %s says %u", c->dscp, j->d->qos.profile, old ? 24U : 0U);
    for (size_t i = 0; i < j->d->qos.edges_n; i++)
        if (strcmp(j->d->qos.edges[i], j->d->qos.profile) != 0)
            broken(j, "an edge uses profile %s, another %s", j->d->qos.edges[i], j->d->qos.profile);
    holds(j);
}

const struct judge_row judges_qos[] = {
    {"NET-QOS-01", SCOPE_DESIGN, if_planned, where_design, NULL},
    {"NET-QOS-02", SCOPE_DESIGN, if_voice, voice_design, NULL},
    {"NET-QOS-03", SCOPE_DESIGN, if_voice, queue_design, NULL},
    {"NET-QOS-04", SCOPE_DESIGN, if_others, values_design, NULL},
    {"NET-QOS-05", SCOPE_DESIGN, if_planned, survive_design, NULL},
    {"NET-QOS-06", SCOPE_LEG, if_microsoft, zeroed_design, zeroed_live},
    {"NET-QOS-07", SCOPE_LEG, if_microsoft, NULL, cloud_live},
    {"NET-QOS-08", SCOPE_DESIGN, if_signalling, signalling_design, NULL},
    {0},
};
