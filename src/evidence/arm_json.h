/* evidence/arm_json.h - what the resource manager shows of an interconnect, as facts.
 * Reads answers of the REST API, and what az and PowerShell print: the same resources with or without
 * `properties`, with keys in lower or upper camel case. Documents are collected first and turned into
 * facts together, because one resource explains another (a circuit its connections, a provider list
 * the circuit). Documents are borrowed until the export is turned into facts. */
#pragma once
#include <jansson.h>
#include "evidence/collect.h"

enum arm_kind {
    ARM_SUBSCRIPTION,
    ARM_NAMESPACE, /* registration of Microsoft.Network */
    ARM_PERMISSIONS,
    ARM_PROVIDER, /* one of expressRouteServiceProviders */
    ARM_CIRCUIT,
    ARM_PEERING, /* read alone; those inside a circuit need no document of their own */
    ARM_CROSS,
    ARM_PORT,
    ARM_CONNECTION,
    ARM_GATEWAY,
    ARM_NETWORK,
    ARM_FILTER,
    ARM_KINDS
};
const char *arm_kind_name(enum arm_kind kind);

enum arm_table_kind { ARM_ARP, ARM_ROUTES, ARM_SUMMARY, ARM_STATS, ARM_TABLES };

struct arm_document {
    enum arm_kind kind;
    const json_t *resource;
    const char *source;
    int64_t at_ms;
};
struct arm_table { /* live tables say nothing of whose they are: the caller does */
    enum arm_table_kind kind;
    const char *circuit, *peering, *leg; /* "er-demo", "private", "primary"; leg "" for ARM_STATS */
    const json_t *rows;
    const char *source;
    int64_t at_ms;
};

enum { ARM_DOCUMENTS_MAX = 4096, ARM_TABLES_MAX = 2048 };
struct arm_export {
    struct arm_document *documents;
    struct arm_table *tables;
    size_t documents_n, tables_n;
    bool no_connections; /* somebody listed the connections, and there is none */
};

void arm_export_init(struct arm_export *e);
void arm_export_drop(struct arm_export *e); /* not the documents */
/* How many resources were recognised in the document: one, or those of a list; 0 if none. */
size_t arm_export_add(struct arm_export *e, const json_t *document, const char *source, int64_t at_ms);
bool arm_export_add_table(struct arm_export *e, const struct arm_table *t);

/* A value by its key, in the object or its `properties`, whatever the case of the key. NULL: none. */
json_t *arm_get(const json_t *o, const char *key);
const char *arm_text(const json_t *o, const char *key); /* "" if there is none */
uint64_t arm_number(const json_t *o, const char *key);
/* Last part of the identifier that `key` holds ({"id": ...}); "" if there is none. */
const char *arm_reference(const json_t *o, const char *key);
/* "AzurePrivatePeering" -> "private"; "" if it is no peering. */
const char *arm_peering_word(const char *name);
const char *arm_name(const json_t *resource);

/* All facts of the export. `c->source` and `c->at_ms` are those of each document. */
void arm_export_facts(const struct arm_export *e, struct facts *facts, const struct design *design);
