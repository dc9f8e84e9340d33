/* base/base64.h - bytes as text (RFC 4648): the standard alphabet with padding, or the one for
 * addresses and tokens without it. Decoding is strict: no other characters, no stray bits. */
#pragma once
#include "base/text.h"

enum base64_form { BASE64_STANDARD, BASE64_URL };

void base64_add(enum base64_form form, const void *bytes, size_t n, struct text *out);
/* Writes at most `room` bytes; false when the text is none of that form or does not fit. */
MUST_USE bool base64_read(enum base64_form form, const char *s, size_t n, void *out, size_t room,
                          size_t *out_n);
