/* api/access.c - who may do what: a grant is a role on a scope, and covers what lies below it. */
#include <string.h>
#include "api/api_priv.h"

static char lower(char c) { return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c; }

static bool scope_covers(const char *outer, const char *inner)
{
    if (strcmp(outer, "/") == 0) return true;
    while (*outer && lower(*outer) == lower(*inner)) outer++, inner++;
    if (*outer == '/' && !outer[1]) outer++;
    return !*outer && (!*inner || *inner == '/');
}

bool api_may(const struct api_caller *caller, unsigned roles, const char *scope)
{
    for (size_t i = 0; i < caller->grants_n; i++)
        if (caller->grants[i].role & roles && scope_covers(caller->grants[i].scope, scope))
            return true;
    return false;
}

bool may(struct call *c, unsigned roles, const char *scope)
{
    return c->req && api_may(c->req->caller, roles, scope);
}

bool require(struct call *c, unsigned roles, const char *scope, const char *action)
{
    if (may(c, roles, scope)) return true;
    return FAIL(c, AuthorizationFailed, "",
                "The client with object id '%s' does not have authorization to perform action '%s' "
                "over scope '%s'.",
                c->req->caller->object_id, action, scope);
}
