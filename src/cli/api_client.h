/* cli/api_client.h - an account at the control plane: signs in with the file fairleadd wrote and
 * sends JSON. A token is fetched with the first request and again when it is refused as expired. */
#pragma once
#include <jansson.h>
#include "base/text.h"

struct api_client;

/* Reads {"endpoint","caFile","tenantId","subscriptionId","clientId","clientSecret"}. NULL with
 * `why`. */
struct api_client *api_client_open(const char *account_file, struct text *why);
void api_client_close(struct api_client *c);
const char *api_client_subscription(const struct api_client *c);
const char *api_client_endpoint(const struct api_client *c);

/* `path` begins with '/'. `body` NULL: none; borrowed. *out: new reference, NULL if the answer had
 * no JSON. The status, or 0 with `why` if there was no answer. */
unsigned api_client_call(struct api_client *c, const char *method, const char *path,
                         const json_t *body, json_t **out, struct text *why);
