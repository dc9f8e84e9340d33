/* control/roles.h - role assignments: Microsoft.Authorization/roleAssignments and roleDefinitions
 * at a subscription, a group or a resource. Who owns a scope gives roles on it, who is provider on
 * one gives that role; a change holds with the next request, in every process. */
#pragma once
#include "control/control.h"

/* Grants of the store into the principals; also makes those principals that only an assignment
 * names, whose tokens another issuer signs. */
MUST_USE bool roles_load(struct control *c);
/* False: the path is no such thing. */
MUST_USE bool roles_serve(struct request *r);
