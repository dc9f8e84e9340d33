/* edge/json_out.h - the little JSON that is written straight into a text. */
#pragma once
#include "base/text.h"

void json_put(struct text *t, const char *s);                       /* a string, quoted */
void json_put_key(struct text *t, const char *key, const char *value); /* ,"key":"value" */
void json_put_fault(struct text *t, const char *what);              /* {"error":"what"} */
