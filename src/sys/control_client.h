/* sys/control_client.h - asking a running fairlead-edge through its control socket (a Unix stream
 * socket): one line goes there ("show bgp"), the answer comes back whole and the server closes. An
 * answer is one JSON value; {"error": "..."} when the question was refused. */
#pragma once
#include "base/instant.h"
#include "base/text.h"

/* False with `why` when nobody answered within the time. The answer is appended to *out. */
MUST_USE bool control_ask(const char *socket_path, const char *question, duration patience,
                          struct text *out, struct text *why);
