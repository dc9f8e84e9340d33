/* cli/nouns.h - the things of the cloud that have a noun on the command line, as rows: where they
 * are in the API, which options say which of their members, which columns a table shows. */
#pragma once
#include <jansson.h>
#include "base/text.h"

enum setting_kind {
    SETTING_TEXT,
    SETTING_NUMBER,
    SETTING_MBPS, /* "200", "200 Mbps", "1 Gbps" */
    SETTING_LIST, /* separated by commas or spaces */
    SETTING_ID,   /* name of a resource of the same group, or a whole identifier; `of` says which */
    SETTING_TAGS, /* "a=b c=d" */
    SETTING_HOOK, /* the noun's own: see `complete` */
};

enum { SETTING_NEEDED = 1 << 0 }; /* to create it */

struct setting {
    const char *option; /* "--vlan-id" */
    const char *member; /* "properties.vlanId" */
    enum setting_kind kind;
    unsigned flags;
    const char *of;   /* of an ID: "virtualNetworkGateways" */
    const char *help; /* what it is, with an example */
};

struct column {
    const char *title, *member; /* "properties.provisioningState"; "a|b": the first that is there */
};

enum noun_account { ACCOUNT_CUSTOMER, ACCOUNT_PROVIDER };

struct noun;
struct noun_values {
    const struct noun *noun;
    const char *subscription, *group;
    const char *const *values; /* beside noun->settings; NULL: not given */
};

struct noun {
    const char *name, *about;
    const char *collection;                        /* "expressRouteCircuits" */
    const char *parent_option, *parent_collection; /* of a child; NULL */
    const char *name_option, *name_brief, *name_example;
    bool located; /* has a location */
    enum noun_account account;
    const struct setting *settings; /* ended by one without option */
    const struct column *columns;   /* ended by one without title */
    /* What no row can say; adds to the body. False after a message. NULL: nothing. */
    bool (*complete)(const struct noun_values *v, json_t *body);
};

enum noun_id {
    NOUN_CIRCUIT,
    NOUN_PEERING,
    NOUN_AUTH,
    NOUN_CONNECTION,
    NOUN_GATEWAY,
    NOUN_VNET,
    NOUN_PUBLIC_IP,
    NOUN_CROSS_CONNECTION,
    NOUN_GROUP,
    NOUN_PROVIDER,
    NOUNS
};
extern const struct noun nouns[NOUNS];

/* Puts every given value into the body. False after a message on stderr. */
MUST_USE bool noun_apply(const struct noun_values *v, json_t *body);
/* The member as text for a table; "" when it is not there. Lists are joined with commas. */
void noun_member_text(const json_t *resource, const char *member, struct text *out);
