/* tests/fuzz/target.h - what every fuzz target shares. A target is one function, run by libFuzzer
 * (tools/fuzz) or by replay.c (suite fuzz): bytes in, nothing may crash, leak or run on. What a
 * decoder accepts is used as its callers would, and written back where there is an encoder. */
#pragma once
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* An assertion that holds in every build. */
#define MUST_HOLD(x)                                                                               \
    do {                                                                                           \
        if (!(x)) abort();                                                                         \
    } while (0)
