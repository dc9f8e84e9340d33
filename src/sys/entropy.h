/* sys/entropy.h - random numbers from getrandom(2), and comparing secrets (RB-193). */
#pragma once
#include "base/defs.h"

enum { RANDOM_GUID_TEXT = 37, RANDOM_SECRET_TEXT = 44 }; /* with the NUL */

void random_bytes(void *out, size_t n);                  /* aborts if the kernel gives none */
void random_guid(char out[static RANDOM_GUID_TEXT]);     /* version 4, lower case */
void random_secret(char out[static RANDOM_SECRET_TEXT]); /* 256 bits, base64url */
/* Takes the same time whatever the bytes are. */
MUST_USE bool secret_same(const void *a, const void *b, size_t n);
