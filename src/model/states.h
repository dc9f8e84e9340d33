/* model/states.h - the two state machines of resources, as rows. Pure.
 * The provider's view of a circuit (serviceProviderProvisioningState) moves only by the provider; the
 * control plane's operation state (provisioningState) moves only by operations. */
#pragma once
#include "base/defs.h"

/* clang-format off */
#define PROVIDER_STATES(ROW) ROW(NotProvisioned) ROW(Provisioning) ROW(Provisioned) ROW(Deprovisioning)
#define RESOURCE_STATES(ROW) ROW(None) ROW(Updating) ROW(Succeeded) ROW(Failed) ROW(Deleting)
/* clang-format on */

enum provider_state {
#define ROW(s) PROVIDER_##s,
    PROVIDER_STATES(ROW)
#undef ROW
    PROVIDER_STATES_N,
};

enum provider_move { MOVE_REFUSED, MOVE_SAME, MOVE_DONE };

const char *provider_state_name(enum provider_state s);
bool provider_state_parse(const char *s, enum provider_state *out); /* any case */
enum provider_move provider_state_move(enum provider_state from, enum provider_state to);

enum resource_state {
#define ROW(s) RESOURCE_##s,
    RESOURCE_STATES(ROW)
#undef ROW
    RESOURCE_STATES_N,
};

enum resource_event {
    EVENT_WRITE,  /* a PUT or PATCH was accepted */
    EVENT_DELETE, /* a DELETE was accepted */
    EVENT_DONE,   /* the operation ended well (a deleted resource is gone then: NONE) */
    EVENT_FAILED, /* it did not */
    RESOURCE_EVENTS_N,
};

const char *resource_state_name(enum resource_state s);
bool resource_state_parse(const char *s, enum resource_state *out);
/* False when the event cannot happen in that state (an operation is running): nothing is written. */
bool resource_state_step(enum resource_state *s, enum resource_event e);
