/* base/base64.c - six bits at a time. */
#include "base/base64.h"

static const char digits[2][65] = {
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/",
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_",
};

void base64_add(enum base64_form form, const void *bytes, size_t n, struct text *out)
{
    const unsigned char *b = bytes;
    for (size_t i = 0; i < n; i += 3) {
        size_t here = n - i < 3 ? n - i : 3;
        uint32_t bits = (uint32_t)b[i] << 16;
        if (here > 1) bits |= (uint32_t)b[i + 1] << 8;
        if (here > 2) bits |= b[i + 2];
        char four[4];
        for (size_t k = 0; k < 4; k++)
            four[k] = k <= here ? digits[form][bits >> (18 - 6 * k) & 63] : '=';
        text_add_n(out, four, form == BASE64_STANDARD ? 4 : here + 1);
    }
}

static int value_of(enum base64_form form, char c)
{
    if (c >= 'A' && c <= 'Z') return c - 'A';
    if (c >= 'a' && c <= 'z') return c - 'a' + 26;
    if (c >= '0' && c <= '9') return c - '0' + 52;
    if (c == digits[form][62]) return 62;
    return c == digits[form][63] ? 63 : -1;
}

/* Padded text without its padding; false when the padding is not as it must be. */
static bool unpad(const char *s, size_t *n)
{
    if (*n % 4 != 0) return false;
    if (*n > 0 && s[*n - 1] == '=') --*n;
    if (*n % 4 == 3 && s[*n - 1] == '=') --*n;
    return true;
}

bool base64_read(enum base64_form form, const char *s, size_t n, void *out, size_t room,
                 size_t *out_n)
{
    uint32_t bits = 0;
    unsigned held = 0;
    size_t used = 0;
    if (form == BASE64_STANDARD && !unpad(s, &n)) return false;
    if (n % 4 == 1) return false;
    for (size_t i = 0; i < n; i++) {
        int v = value_of(form, s[i]);
        if (v < 0) return false;
        bits = bits << 6 | (uint32_t)v;
        held += 6;
        if (held < 8) continue;
        held -= 8;
        if (used == room) return false;
        ((unsigned char *)out)[used++] = (unsigned char)(bits >> held & 0xff);
        bits &= (1u << held) - 1;
    }
    *out_n = used;
    return bits == 0;
}
