/* control/front.h - the front door of fairleadd: which path is whose, and who may come in. */
#pragma once
#include "control/control.h"

struct http_hooks front_hooks(struct control *c);
