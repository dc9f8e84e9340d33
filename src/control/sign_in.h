/* control/sign_in.h - tokens: the documents by which clients find their way to them, the endpoint
 * that gives them, and checking the ones that come with requests. */
#pragma once
#include "control/control.h"

/* Paths that begin with "adfs" or the tenant's identifier. False: no such thing here. */
MUST_USE bool sign_in_serve(struct request *r);
void sign_in_metadata(struct request *r); /* GET /metadata/endpoints */
/* POST /fairlead/v1/token-keys: a new key signs from now on. */
void sign_in_new_key(struct request *r);

/* Sets r->principal. False after a 401 or 429. */
MUST_USE bool sign_in_check(struct request *r);

/* Links begin with this: the Host field if it is a name of ours, else where we listen. */
const char *sign_in_base_url(struct control *c, const char *host, struct arena *a);
