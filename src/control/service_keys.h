/* control/service_keys.h - a service key opens one cross-connection to who has it, so guessing keys is
 * held up: ten wrong ones in a minute and this client waits (RB-156). */
#pragma once
#include "control/control.h"

/* Does the path name a service key, and may this client try one now? False after a 429. Uses of keys
 * are noted in the audit trail, reading ones too. */
bool service_key_may_try(struct request *r);
/* After the answer: a key that opened nothing is counted. */
void service_key_judge(struct request *r, unsigned status);
