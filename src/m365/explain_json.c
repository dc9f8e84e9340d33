/* m365/explain_json.c - the answer first, then every set that matched with what in it matched. */
#include "m365/explain_json.h"
#include <stdio.h>
#include "m365/feed_json.h"

static json_t *match_write(const struct explain_match *m)
{
    json_t *o = json_object(), *set = set_write(m->set);
    char text[PREFIX_TEXT_MAX];
    static const char *const kept[] = {"id",       "serviceArea", "category",     "required",
                                       "tcpPorts", "udpPorts",    "expressRoute", "notes"};
    json_object_set_new(o, "matched",
                        json_string(m->pattern ? m->pattern : prefix_text(&m->prefix, text)));
    for (size_t i = 0; i < ARRAY_LEN(kept); i++) {
        json_t *v = json_object_get(set, kept[i]);
        if (v) json_object_set(o, kept[i], v);
    }
    json_decref(set);
    return o;
}

static json_t *community_write(const struct service_community *c)
{
    char value[16];
    if (!c) return json_null();
    snprintf(value, sizeof value, "12076:%u", c->value);
    return json_pack("{s:s,s:s,s:b}", "value", value, "name", c->name, "needsAuthorisation",
                     c->approval == APPROVAL_MICROSOFT);
}

json_t *explanation_write(const struct explanation *e, const char *query)
{
    json_t *o = json_object(), *matches = json_array(), *hints = json_array();
    char text[PREFIX_TEXT_MAX];
    for (size_t i = 0; i < e->matches; i++)
        json_array_append_new(matches, match_write(&e->match[i]));
    for (size_t i = 0; e->hints[i]; i++) json_array_append_new(hints, json_string(e->hints[i]));
    json_object_set_new(o, "query", json_string(query));
    if (*e->host)
        json_object_set_new(o, "host", json_string(e->host));
    else
        json_object_set_new(o, "address", json_string(prefix_text(&e->address, text)));
    json_object_set_new(o, "inFeed", json_boolean(e->matches > 0));
    json_object_set_new(o, "service", json_string(e->service));
    json_object_set_new(o, "path", json_string(explain_path_text(e->path)));
    json_object_set_new(o, "expressRoute", json_boolean(e->path == GOES_CIRCUIT));
    if (e->matches) {
        const struct endpoint_set *s = e->match[0].set;
        json_object_set_new(o, "id", json_integer(s->id));
        json_object_set_new(o, "serviceArea", json_string(s->area));
        json_object_set_new(o, "category", json_string(category_text(e->category)));
        json_object_set_new(o, "required", json_boolean(s->required));
    }
    json_object_set_new(o, "community", community_write(e->community));
    json_object_set_new(o, "why", json_string(e->why));
    json_object_set_new(o, "never", json_string(e->never));
    json_object_set_new(o, "sets", matches);
    json_object_set_new(o, "hints", hints);
    return o;
}
