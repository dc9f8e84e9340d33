/* evidence/encoding.c - see the header. Without a mark UTF-16 shows itself by the zero bytes of ASCII. */
#include "evidence/encoding.h"
#include <string.h>

enum wide { WIDE_NOT, WIDE_LITTLE, WIDE_BIG };

static enum wide wide_of(const unsigned char *s, size_t n, size_t *out_mark)
{
    *out_mark = 2;
    if (n >= 2 && s[0] == 0xff && s[1] == 0xfe) return WIDE_LITTLE;
    if (n >= 2 && s[0] == 0xfe && s[1] == 0xff) return WIDE_BIG;
    *out_mark = 0;
    if (n >= 4 && s[0] && !s[1] && s[2] && !s[3]) return WIDE_LITTLE;
    if (n >= 4 && !s[0] && s[1] && !s[2] && s[3]) return WIDE_BIG;
    return WIDE_NOT;
}

static void add_character(struct text *t, uint32_t c)
{
    char out[4];
    size_t n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    static const unsigned char lead[] = {0, 0, 0xc0, 0xe0, 0xf0};
    for (size_t i = n; i-- > 1; c >>= 6) out[i] = (char)(0x80 | (c & 0x3f));
    out[0] = (char)(n == 1 ? c : (lead[n] | c));
    text_add_n(t, out, n);
}

static uint32_t unit(const unsigned char *s, enum wide w)
{
    return w == WIDE_LITTLE ? (uint32_t)s[0] | (uint32_t)s[1] << 8 : (uint32_t)s[0] << 8 | (uint32_t)s[1];
}

static bool narrow(const unsigned char *s, size_t n, enum wide w, struct text *out)
{
    if (n % 2) return false;
    for (size_t i = 0; i < n; i += 2) {
        uint32_t c = unit(s + i, w), low;
        if (c >= 0xd800 && c < 0xdc00) {
            if (i + 4 > n || (low = unit(s + i + 2, w)) < 0xdc00 || low >= 0xe000) return false;
            c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
            i += 2;
        } else if (c >= 0xdc00 && c < 0xe000) {
            return false;
        }
        add_character(out, c);
    }
    return true;
}

static void drop_returns(struct text *t)
{
    size_t to = 0;
    for (size_t i = 0; i < t->n; i++)
        if (t->s[i] != '\r' || i + 1 == t->n || t->s[i + 1] != '\n') t->s[to++] = t->s[i];
    t->n = to;
    if (t->s) t->s[to] = 0;
}

bool text_plain(struct text *t)
{
    size_t mark;
    enum wide w = wide_of((const unsigned char *)text_get(t), t->n, &mark);
    if (w != WIDE_NOT) {
        struct text out = {0};
        if (!narrow((const unsigned char *)t->s + mark, t->n - mark, w, &out)) {
            text_drop(&out);
            return false;
        }
        text_drop(t);
        *t = out;
    }
    if (t->n >= 3 && memcmp(t->s, "\xef\xbb\xbf", 3) == 0) {
        memmove(t->s, t->s + 3, t->n - 2);
        t->n -= 3;
    }
    drop_returns(t);
    return true;
}
