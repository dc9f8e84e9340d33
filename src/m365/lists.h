/* m365/lists.h - a feed as text for other devices: plain lists, firewall rows, nftables, prefix
 * lists of four router languages. Pure; every list is sorted, merged where the device wants it so.
 */
#pragma once
#include "base/text.h"
#include "m365/feed.h"

enum router_language { LANGUAGE_FRR, LANGUAGE_BIRD, LANGUAGE_IOS_XE, LANGUAGE_JUNOS };
MUST_USE bool router_language_parse(const char *s,
                                    enum router_language *out); /* frr bird ios-xe junos */

/* One prefix a line. */
void list_prefixes(const struct prefixes *p, struct text *out);
void list_texts(const struct texts *t, struct text *out);
/* CSV with a header: a row for each set, protocol and destination; sets without addresses give rows
 * with their names, for devices that can filter by name. */
void list_firewall(const struct feed *f, const struct selection *sel, struct text *out);
/* An nftables table "fairlead_m365" with one set a family of each endpoint set and a regular chain
 * `allow` that accepts their ports; jump to it from a chain of your own. False: arena full. */
MUST_USE bool list_nft(const struct feed *f, const struct selection *sel, struct arena *a,
                       struct text *out);
/* `name` has only letters, digits, - and _ (checked by the caller); p is merged. Each prefix also
 * admits its more specifics: the service announces some ranges in pieces. */
void list_router(const struct prefixes *p, enum router_language l, const char *name,
                 struct text *out);
