/* model/design_tables_json.h - the words in which the tables of a design's keys are written, and the
 * tables one file lends another. For design_*_json.c only. A key is called like its member. */
#pragma once
#include "model/design.h"
#include "net/fields_json.h"

#define AT(type, member) offsetof(struct type, member)
#define COUNTED(type, list) AT(type, list), .count_at = AT(type, list##_n)
#define OBJECT(place, rows) FIELD_OBJECT, place, .sub = rows, .blank = design_nothing

enum { DESIGN_NAME_MAX = 80 };
#define NAME(type) {"name", FIELD_TEXT, AT(type, name), FIELD_REQUIRED, .min = 1, .max = DESIGN_NAME_MAX}
#define TEXT(type, key, what) {#key, FIELD_TEXT, AT(type, key), .help = what}
#define DATE(type, key, what) {#key, FIELD_TEXT, AT(type, key), FIELD_DATE, .help = what}
#define TEXTS(type, key, what) {#key, FIELD_TEXTS, COUNTED(type, key), .help = what}
#define MAYBE(type, key, what) {#key, FIELD_MAYBE, AT(type, key), .help = what}
#define BOOLEAN(type, key, what) {#key, FIELD_BOOL, AT(type, key), .help = what}
#define NUM8(type, key, what) {#key, FIELD_U8, AT(type, key), .help = what}
#define NUM16(type, key, what) {#key, FIELD_U16, AT(type, key), .help = what}
#define NUM32(type, key, what) {#key, FIELD_U32, AT(type, key), .help = what}
#define ADDRESS(type, key, what) {#key, FIELD_ADDR, AT(type, key), .help = what}
#define PREFIX(type, key, what) {#key, FIELD_PREFIX, AT(type, key), .help = what}
#define PREFIXES(type, key, what) {#key, FIELD_PREFIXES, COUNTED(type, key), .help = what}
#define ONE_OF(type, key, list, what) {#key, FIELD_ENUM, AT(type, key), .names = list, .help = what}
#define LIST(type, key, item, rows, what)                                                            \
    {#key, FIELD_LIST, COUNTED(type, key), .sub = rows, .size = sizeof(struct item),                \
     .blank = design_nothing, .help = what}
#define INSIDE(type, key, rows, what) {#key, OBJECT(AT(type, key), rows), .help = what}

/* Zeroes enough for any record: what a file that says nothing means. */
extern const unsigned char design_nothing[];
enum { DESIGN_NOTHING_SIZE = 4096 };

extern const char *const design_parties[];
extern const struct field design_circuit_rows[], design_port_rows[], design_peering_rows[];
extern const struct field design_statement_rows[], design_workload_rows[], design_recovery_rows[],
    design_vpn_rows[], design_internet_rows[], design_filter_rows[], design_inbound_rows[],
    design_flow_rows[], design_nat_rows[], design_qos_rows[], design_security_rows[],
    design_operations_rows[], design_tunnelling_rows[], design_m365_rows[], design_d365_rows[],
    design_persona_rows[];

/* Names that refer to nothing, in the second half of a design. */
struct design_checking {
    struct arena *arena;
    struct problems *problems;
};
void design_want_name(const struct design_checking *k, const char *name, const char *const *known,
                      const char *what, const char *pointer);
void design_check_use(const struct design_checking *k, const struct design *d, const char *const *circuits,
                      const char *const *vnets, const char *const *sites);
