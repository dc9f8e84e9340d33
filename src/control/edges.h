/* control/edges.h - the cloud's routers as the control plane knows them: who is registered, what
 * each should be (its intent), what each last said of itself (its evidence).
 *
 * Registration and the revision of the newest intent are on the store; intents are computed from
 * the resources whenever those change, and evidence is only kept in memory: edges report again
 * within seconds of a restart. */
#pragma once
#include "control/control.h"

struct edges *edges_new(void);
void edges_drop(struct edges *e);
/* Reads the registry. False with `why`. */
MUST_USE bool edges_open(struct control *c, struct text *why);

/* --- requests --- */
void edges_list(struct request *r);     /* GET /fairlead/v1/edges */
void edges_show(struct request *r);     /* GET /fairlead/v1/edges/NAME */
void edges_register(struct request *r); /* PUT: answers with new credentials */
void edges_remove(struct request *r);   /* DELETE */
void edges_intent(struct request *r);   /* GET .../intent?revision=R&wait=S */
void edges_report(struct request *r);   /* POST .../evidence */
void edges_evidence(struct request *r); /* GET /fairlead/v1/evidence */
/* The edge of the path showed the certificate it was given last. False after 401 or 403. */
MUST_USE bool edges_check_certificate(struct request *r);

/* --- the loop --- */
void edges_turn(struct control *c); /* plans when something changed, ends polls */
instant edges_next(const struct control *c);
void edges_gone(struct edges *e, const struct http_exchange *x);

/* Another process wrote the key (NULL: any). */
void edges_noticed(struct edges *e, const char *key);
/* What an edge reported to another process. */
void edges_take_evidence(struct control *c, const char *name, json_t *evidence,
                         int64_t received_ms);

/* --- for the others --- */
/* {"edges":[{"name","received_at","age_s","evidence"}]}, borrowed until the next call. */
const json_t *edges_all_evidence(struct control *c);
/* [{"name",...,"revision","age_s"}] with their registrations; new reference. */
json_t *edges_all(struct control *c);
