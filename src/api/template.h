/* api/template.h - expressions of deployment templates, as far as stock clients need them:
 * parameters, variables, reference, resourceId, concat, resourceGroup, subscription, member access,
 * and "[[" for a literal bracket. Pure. */
#pragma once
#include "api/api_priv.h"

struct template_scope {
    struct call *c;
    const json_t *parameters; /* name -> value */
    const json_t *variables;
    const json_t *resources; /* name -> properties, for reference() */
    const char *group;
    const char *location;     /* of the group */
    unsigned variables_depth; /* variables that stand in one another, now */
    unsigned *calls;          /* function calls left: templates cannot make us work without end */
};

enum { TEMPLATE_CALLS = 2000 };

/* A deep copy of `v` with every expression in it replaced by its value; a new reference, or NULL
 * and a fault whose target is `pointer`. */
json_t *template_value(const struct template_scope *s, const json_t *v, const char *pointer);
