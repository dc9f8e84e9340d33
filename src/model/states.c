/* model/states.c - the rows. A pair that is not listed is refused. */
#include "model/states.h"
#include "base/text.h"

static const char *const provider_names[] = {
#define ROW(s) #s,
    PROVIDER_STATES(ROW)
#undef ROW
};
static const char *const resource_names[] = {
#define ROW(s) #s,
    RESOURCE_STATES(ROW)
#undef ROW
};

/* clang-format off */
static const enum provider_move provider_moves[PROVIDER_STATES_N][PROVIDER_STATES_N] = {
#define ROW(from, to, move) [PROVIDER_##from][PROVIDER_##to] = move,
    ROW(NotProvisioned, NotProvisioned, MOVE_SAME)
    ROW(NotProvisioned, Provisioning, MOVE_DONE)
    ROW(NotProvisioned, Provisioned, MOVE_DONE) /* a provider need not announce its work */
    ROW(Provisioning, Provisioning, MOVE_SAME)
    ROW(Provisioning, Provisioned, MOVE_DONE)
    ROW(Provisioning, Deprovisioning, MOVE_DONE)
    ROW(Provisioning, NotProvisioned, MOVE_DONE)
    ROW(Provisioned, Provisioned, MOVE_SAME)
    ROW(Provisioned, Deprovisioning, MOVE_DONE)
    ROW(Provisioned, NotProvisioned, MOVE_DONE)
    ROW(Deprovisioning, Deprovisioning, MOVE_SAME)
    ROW(Deprovisioning, NotProvisioned, MOVE_DONE)
#undef ROW
};

static const struct resource_step {
    bool allowed;
    enum resource_state next;
} resource_steps[RESOURCE_STATES_N][RESOURCE_EVENTS_N] = {
#define ROW(from, event, to) [RESOURCE_##from][EVENT_##event] = {true, RESOURCE_##to},
    ROW(None, WRITE, Updating)
    ROW(Succeeded, WRITE, Updating)
    ROW(Failed, WRITE, Updating) /* repeating the PUT clears a failure */
    ROW(Succeeded, DELETE, Deleting)
    ROW(Failed, DELETE, Deleting)
    ROW(Updating, DONE, Succeeded)
    ROW(Updating, FAILED, Failed)
    ROW(Deleting, DONE, None)
    ROW(Deleting, FAILED, Failed)
#undef ROW
};
/* clang-format on */

static bool parse(const char *s, const char *const *names, int n, int *out)
{
    for (int i = 0; i < n; i++)
        if (text_same_nocase(s, names[i])) {
            *out = i;
            return true;
        }
    return false;
}

const char *provider_state_name(enum provider_state s) { return provider_names[s]; }

bool provider_state_parse(const char *s, enum provider_state *out)
{
    int at;
    if (!parse(s, provider_names, PROVIDER_STATES_N, &at)) return false;
    *out = (enum provider_state)at;
    return true;
}

enum provider_move provider_state_move(enum provider_state from, enum provider_state to)
{
    return provider_moves[from][to];
}

const char *resource_state_name(enum resource_state s) { return resource_names[s]; }

bool resource_state_parse(const char *s, enum resource_state *out)
{
    int at;
    if (!parse(s, resource_names, RESOURCE_STATES_N, &at)) return false;
    *out = (enum resource_state)at;
    return true;
}

bool resource_state_step(enum resource_state *s, enum resource_event e)
{
    const struct resource_step *step = &resource_steps[*s][e];
    if (step->allowed) *s = step->next;
    return step->allowed;
}
