/* evidence/arm_json.c - recognising resources and reading their fields. */
#include "evidence/arm_json.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/text.h"
#include "evidence/arm_priv.h"

/* ---- fields ---- */

static json_t *get_here(const json_t *o, const char *key)
{
    const char *k;
    json_t *v, *exact = json_object_get(o, key);
    if (exact) return exact;
    json_object_foreach((json_t *)o, k, v)
    {
        if (text_same_nocase(k, key)) return v;
    }
    return NULL;
}

json_t *arm_get(const json_t *o, const char *key)
{
    json_t *v = get_here(o, key);
    return v && !json_is_null(v) ? v : get_here(get_here(o, "properties"), key);
}

/* PowerShell prints an enumeration as {"value": 1, "Value": "Enabled"}, some texts as {"Text": ...}. */
static const json_t *unwrapped(const json_t *v)
{
    static const char *const wraps[] = {"Value", "value", "Text"};
    if (!json_is_object(v) || json_object_size(v) > 2) return v;
    for (size_t i = 0; i < ARRAY_LEN(wraps); i++) {
        const json_t *inner = json_object_get(v, wraps[i]);
        if (json_is_string(inner) || json_is_number(inner)) return inner;
    }
    return v;
}

const char *arm_text(const json_t *o, const char *key)
{
    const char *s = json_string_value(unwrapped(arm_get(o, key)));
    return s ? s : "";
}

/* PowerShell prints some numbers as text. */
uint64_t arm_number(const json_t *o, const char *key)
{
    const json_t *v = unwrapped(arm_get(o, key));
    if (json_is_integer(v)) return json_integer_value(v) > 0 ? (uint64_t)json_integer_value(v) : 0;
    if (json_is_real(v)) return json_real_value(v) > 0 ? (uint64_t)json_real_value(v) : 0;
    return json_is_string(v) ? strtoull(json_string_value(v), NULL, 10) : 0;
}

static const char *last_part(const char *id)
{
    const char *slash = strrchr(id, '/');
    return slash ? slash + 1 : id;
}

const char *arm_reference(const json_t *o, const char *key)
{
    const json_t *v = arm_get(o, key);
    return last_part(json_is_string(v) ? json_string_value(v) : arm_text(v, "id"));
}

const char *arm_name(const json_t *resource)
{
    const char *name = arm_text(resource, "name");
    return *name ? name : last_part(arm_text(resource, "id"));
}

const char *arm_peering_word(const char *name)
{
    static const char *const words[][2] = {{"AzurePrivatePeering", "private"},
                                           {"MicrosoftPeering", "microsoft"},
                                           {"AzurePublicPeering", "public"}};
    for (size_t i = 0; i < ARRAY_LEN(words); i++)
        if (text_same_nocase(name, words[i][0]) || text_same_nocase(name, words[i][1])) return words[i][1];
    return "";
}

/* ---- recognising ---- */

static const struct {
    const char *segment, *name; /* of the identifier's last pair, or of `type` */
} kinds[ARM_KINDS] = {
    [ARM_SUBSCRIPTION] = {"subscriptions", "subscription"},
    [ARM_NAMESPACE] = {"", "resource provider"},
    [ARM_PERMISSIONS] = {"", "permissions"},
    [ARM_PROVIDER] = {"expressRouteServiceProviders", "provider"},
    [ARM_CIRCUIT] = {"expressRouteCircuits", "circuit"},
    [ARM_PEERING] = {"expressRouteCircuits/peerings", "peering"},
    [ARM_CROSS] = {"expressRouteCrossConnections", "cross-connection"},
    [ARM_PORT] = {"expressRoutePorts", "port"},
    [ARM_CONNECTION] = {"connections", "connection"},
    [ARM_GATEWAY] = {"virtualNetworkGateways", "gateway"},
    [ARM_NETWORK] = {"virtualNetworks", "virtual network"},
    [ARM_FILTER] = {"routeFilters", "route filter"},
};

const char *arm_kind_name(enum arm_kind kind) { return kinds[kind].name; }

/* ".../providers/Microsoft.Network/expressRouteCircuits/er1/peerings/x" -> "expressRouteCircuits/peerings" */
static void type_of_id(const char *id, char out[static 120])
{
    const char *at = strstr(id, "/providers/");
    size_t n = 0, part = 0;
    at = at ? strchr(at + 11, '/') : NULL;
    *out = 0;
    for (; at && *at; part++) {
        size_t len = strcspn(at + 1, "/");
        if (part % 2 == 0 && n + len + 2 < 120)
            n += (size_t)snprintf(out + n, 120 - n, "%s%.*s", n ? "/" : "", (int)len, at + 1);
        at = at[1 + len] ? at + 1 + len : NULL;
    }
}

static bool kind_by_type(const char *type, enum arm_kind *out)
{
    for (enum arm_kind k = 0; k < ARM_KINDS; k++)
        if (*kinds[k].segment && text_same_nocase(type, kinds[k].segment)) {
            *out = k;
            return true;
        }
    return false;
}

/* `az account show` and subscriptions have shapes of their own. */
static bool kind_by_shape(const json_t *o, enum arm_kind *out)
{
    if (arm_get(o, "registrationState") && arm_get(o, "namespace")) return *out = ARM_NAMESPACE, true;
    if (arm_get(o, "registrationState") && arm_get(o, "providerNamespace")) return *out = ARM_NAMESPACE, true;
    if (arm_get(o, "peeringLocations") && arm_get(o, "bandwidthsOffered")) return *out = ARM_PROVIDER, true;
    if (json_is_array(arm_get(o, "actions")) && arm_get(o, "notActions")) return *out = ARM_PERMISSIONS, true;
    if (arm_get(o, "state") && (arm_get(o, "subscriptionId") || arm_get(o, "tenantId"))) return *out = ARM_SUBSCRIPTION, true;
    return false;
}

static bool kind_of(const json_t *o, enum arm_kind *out)
{
    char type[120];
    const char *said = arm_text(o, "type");
    if (!json_is_object(o)) return false;
    if (strncmp(said, "Microsoft.Network/", 18) == 0 && kind_by_type(said + 18, out)) return true;
    type_of_id(arm_text(o, "id"), type);
    return kind_by_type(type, out) || kind_by_shape(o, out);
}

void arm_export_init(struct arm_export *e) { *e = (struct arm_export){0}; }

void arm_export_drop(struct arm_export *e)
{
    free(e->documents);
    free(e->tables);
    *e = (struct arm_export){0};
}

static void *grow(void *list, size_t n, size_t size)
{
    if (n & (n - 1)) return list; /* room is the next power of two */
    list = realloc(list, (n ? n * 2 : 1) * size);
    if (!list) abort();
    return list;
}

static size_t add_one(struct arm_export *e, const json_t *o, const char *source, int64_t at_ms)
{
    enum arm_kind kind;
    if (e->documents_n == ARM_DOCUMENTS_MAX || !kind_of(o, &kind)) return 0;
    e->documents = grow(e->documents, e->documents_n, sizeof *e->documents);
    e->documents[e->documents_n++] = (struct arm_document){kind, o, source, at_ms};
    return 1;
}

size_t arm_export_add(struct arm_export *e, const json_t *document, const char *source, int64_t at_ms)
{
    const json_t *list = json_is_array(document) ? document : get_here(document, "value");
    size_t i, n = 0;
    json_t *row;
    if (!json_is_array(list)) return add_one(e, document, source, at_ms);
    json_array_foreach((json_t *)list, i, row) { n += add_one(e, row, source, at_ms); }
    return n;
}

bool arm_export_add_table(struct arm_export *e, const struct arm_table *t)
{
    if (e->tables_n == ARM_TABLES_MAX) return false;
    e->tables = grow(e->tables, e->tables_n, sizeof *e->tables);
    e->tables[e->tables_n++] = *t;
    return true;
}
