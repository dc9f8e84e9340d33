/* control/service_keys.c - see the header. The key is the name of the cross-connection. What does not
 * exist and what is somebody else's count alike, or the count would tell them apart; something that
 * is missing below a key that is right counts nothing. */
#include "control/service_keys.h"
#include "base/text.h"
#include "control/rates.h"
#include "model/resource_id.h"

enum { PATH_TYPE = 6, PATH_KEY = 7, WINDOW_S = 60 };

static bool names_a_key(const struct target *t)
{
    return t->n > PATH_KEY && text_same_nocase(t->segments[0], "subscriptions") &&
           text_same_nocase(t->segments[PATH_TYPE], "expressRouteCrossConnections");
}

bool service_key_may_try(struct request *r)
{
    unsigned most = r->control->settings->wrong_keys_per_minute;
    if (!names_a_key(&r->target)) return true;
    r->uses_key = true;
    if (!most) return true;
    unsigned wait_s = rate_wait_s(&r->principal->wrong_keys, (double)most / WINDOW_S, most, r->control->now);
    if (!wait_s) return true;
    r->control->keys_held_up++;
    reply_busy(r, wait_s, "Too many service keys of this client were wrong. Wait, and ask for the right one.");
    return false;
}

static bool is_there(struct request *r)
{
    struct text path = {0};
    struct store_item item;
    for (size_t i = 0; i <= PATH_KEY; i++) text_addf(&path, "/%s", r->target.segments[i]);
    const char *key = path.n < STORE_KEY_MAX ? resource_key(text_get(&path), r->arena) : NULL;
    bool there = key && store_get(r->control->store, key, r->arena, &item) == STORE_OK;
    text_drop(&path);
    return there;
}

void service_key_judge(struct request *r, unsigned status)
{
    unsigned most = r->control->settings->wrong_keys_per_minute;
    if (!r->uses_key || !most || !(status == 403 || (status == 404 && !is_there(r)))) return;
    rate_take(&r->principal->wrong_keys, (double)most / WINDOW_S, most, r->control->now);
    r->control->keys_wrong++;
}
