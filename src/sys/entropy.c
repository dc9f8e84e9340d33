/* sys/entropy.c - see the header. */
#include "sys/entropy.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

void random_bytes(void *out, size_t n)
{
    unsigned char *to = out;
    while (n > 0) {
        ssize_t got = getrandom(to, n, 0);
        if (got < 0 && errno != EINTR) abort();
        if (got < 0) continue;
        to += got;
        n -= (size_t)got;
    }
}

void random_guid(char out[static RANDOM_GUID_TEXT])
{
    unsigned char b[16];
    random_bytes(b, sizeof b);
    b[6] = (unsigned char)((b[6] & 0x0f) | 0x40);
    b[8] = (unsigned char)((b[8] & 0x3f) | 0x80);
    char *to = out;
    for (size_t i = 0; i < sizeof b; i++)
        to += snprintf(to, 4, "%s%02x", i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "", b[i]);
}

void random_secret(char out[static RANDOM_SECRET_TEXT])
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    unsigned char b[RANDOM_SECRET_TEXT - 1];
    random_bytes(b, sizeof b);
    for (size_t i = 0; i < sizeof b; i++) out[i] = digits[b[i] & 63];
    out[sizeof b] = '\0';
}

bool secret_same(const void *a, const void *b, size_t n)
{
    const unsigned char *x = a, *y = b;
    unsigned char differ = 0;
    for (size_t i = 0; i < n; i++) differ |= x[i] ^ y[i];
    return differ == 0;
}
