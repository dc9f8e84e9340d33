/* evidence/site_json.h - what people measure at a site, as facts about "site/NAME" and about the service:
 *
 *   curl --write-out '%{json}'      a line a request: name resolution, download speed, what stood in the way
 *   fairlead probe send -o json     a document a sample, collected over a week: the media figures
 *   ss -ti                          handshakes of open connections: window scale, SACK, segment size
 *   sysctl nf_conntrack_count _max  sessions of the edge device against its limit
 *   {"interface_percent": 41, "sessions_percent": 12}   the same from somebody's monitoring
 *
 * A figure that cannot be computed from what is there gives no fact. */
#pragma once
#include <jansson.h>
#include "evidence/collect.h"

/* Documents of one file: one value, or a list of them. */
bool site_document_is(const json_t *documents);
/* `edge`: the probes were sent by the site's edge and not by a client. Takes scratch memory for a number
 * a sample. */
void site_take(const struct collector *c, const char *site, bool edge, const json_t *documents, struct arena *scratch);

bool site_text_is(const char *text);
void site_text_take(const struct collector *c, const char *site, const char *text);
