/* cli/check_lab.c - a running lab as the source of a check: its copy of the design, and what
 * everybody in it says now. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "cli/check_input.h"
#include "cli/check_office.h"
#include "cli/command.h"
#include "cli/lab_access.h"
#include "lab/design.h"
#include "lab/evidence.h"
#include "model/design_json.h"

enum { PARAMS_CEILING = 4 << 20 };

static void add_lab(void *ctx, const char *lab)
{
    struct text *t = ctx;
    text_addf(t, "%s%s", t->n ? ", " : "", lab);
}

static int no_lab(const char *name)
{
    struct text labs = {0};
    lab_each(add_lab, &labs);
    if (labs.n) fprintf(stderr, "fairlead: there is no lab %s; there is: %s\n", name, text_get(&labs));
    else fprintf(stderr, "fairlead: there is no lab %s, and no other; fairlead lab up builds one\n", name);
    text_drop(&labs);
    return EXIT_NOT_FOUND;
}

/* Looks at a lab without its lock. *out keeps pointers into *params. */
static int peek(const char *name, struct arena *arena, struct lab_params *params, struct lab *out)
{
    char design[LAB_PATH_MAX];
    struct text why = {0};
    if (!lab_name_check(name)) return EXIT_USAGE;
    if (geteuid() != 0) {
        fputs("fairlead: looking into a lab needs root\n", stderr);
        return EXIT_ERROR;
    }
    lab_recover_if_left(name);
    *out = (struct lab){.params = params, .hooks = &lab_client_hooks};
    if (!lab_state_peek(&out->state, name)) return no_lab(name);
    lab_path(&out->state, design, "design.yaml");
    if (lab_params_read(design, out->state.lab, arena, params, &why)) return EXIT_FINE;
    fprintf(stderr, "fairlead: %s\n", text_get(&why));
    text_drop(&why);
    return EXIT_ERROR;
}

static int read_design(struct check *k, const struct lab *lab)
{
    struct problems ps;
    problems_init(&ps, &k->arena);
    lab_path(&lab->state, k->file, "design.yaml");
    k->doc = yaml_read_file(k->file, &ps);
    if (yaml_root(k->doc)) k->design = design_from_json(yaml_root(k->doc), &k->arena, &ps);
    yaml_print_problems(k->doc, &ps, stderr);
    return k->design ? EXIT_FINE : EXIT_ERROR;
}

int check_take_lab(struct check *k, const char *name)
{
    struct lab_params params;
    struct lab lab;
    int status = peek(name, &k->arena, &params, &lab);
    if (status == EXIT_FINE) status = read_design(k, &lab);
    if (status != EXIT_FINE) return status;
    lab_evidence_take(&lab, k->design, &k->facts, &k->silent);
    k->has_facts = true;
    struct office_kit office = {0};
    if (k->design->m365.enabled == SAID_YES) office_take_cache(k, &office);
    office_facts(k, &office);
    k->mode = "lab";
    return EXIT_FINE;
}

void check_post_lab(const char *name, const struct report *r)
{
    struct arena arena;
    struct lab_params params;
    struct lab lab;
    struct text why = {0};
    arena_init(&arena, PARAMS_CEILING);
    if (peek(name, &arena, &params, &lab) == EXIT_FINE) {
        json_t *json = report_to_json(r);
        if (!lab_post_report(&lab, json, &why))
            fprintf(stderr, "fairlead: the status page does not have this report: %s\n", text_get(&why));
        json_decref(json);
    }
    text_drop(&why);
    arena_drop(&arena);
}
