/* cli/check_input.h - everything a check needs before it judges: registries, the design, waivers, and
 * the facts of whatever is asked (a lab, an export, an API). Shared by check, why and report. */
#pragma once
#include "base/text.h"
#include "checklist/rows_json.h"
#include "cli/check_print.h"
#include "sys/yaml.h"

enum { CHECK_PREFIXES_MAX = 32 };

struct check_source { /* where design and facts come from; NULL: not asked for */
    const char *design, *lab, *import;
    const char *arm, *arm_ca, *subscription; /* `arm` is a URL; the others go with it */
    const char *feed;                        /* a file with the endpoint feed */
};

struct check {
    struct arena arena;
    struct checklist *checklist;
    struct catalogue *catalogue;
    struct yaml_doc *doc; /* of the design; NULL when it was derived */
    struct design *design;
    struct waivers *waivers;
    struct feed *feed; /* NULL: there is no copy of the endpoint feed */
    struct facts facts;
    bool has_facts, warned; /* unused statements are told once */
    const char *mode; /* "design", "lab", "field" */
    const char *only[CHECK_PREFIXES_MAX + 1];
    char file[512];   /* of the design */
    char place[4700];
    struct text silent; /* parties that did not answer, a line each */
    char design_hash[65], evidence_hash[65];
};

/* Each returns EXIT_FINE, or an exit status after a message on stderr. */
int check_open_registries(struct check *k); /* also prepares *k */
int check_open_waivers(struct check *k, const char *file);
int check_open_only(struct check *k, const char *list); /* "NET-BGP,PRV-01" */
int check_open_source(struct check *k, const struct check_source *s);
void check_close(struct check *k);
void check_tell_silent(const struct check *k); /* on stderr */

/* NULL after a message. */
struct report *check_judge(struct check *k, bool only);
/* "design.yaml:12:3" of a JSON pointer into the design; NULL when the design has no file. */
const char *check_place(void *check, const char *pointer);

/* Of check_import.c: facts of exported files and of an API, and the design: the file given, or
 * DIR/design.yaml, or what the resources amount to. */
int check_take_import(struct check *k, const struct check_source *s);
/* How the report is shown: everything but colour and choice of rows. */
struct check_view check_view_of(struct check *k, const struct report *r);
/* Gives unknown findings the command that would supply what they lack. */
void check_hint_missing(struct check *k, struct report *r);
int check_load_design(struct check *k, const char *file);
/* Of check_lab.c: facts of a running lab, and its design. */
int check_take_lab(struct check *k, const char *name);
/* Posts the report to the lab's status page; what goes wrong is only noted. */
void check_post_lab(const char *name, const struct report *r);
