/* capacity/exact.c - fractions, reduced after each step so that products stay small. */
#include "capacity/exact.h"
#include <assert.h>
#include <stdio.h>
#include <string.h>

static int64_t gcd(int64_t a, int64_t b)
{
    while (b) {
        int64_t t = a % b;
        a = b;
        b = t;
    }
    return a < 0 ? -a : a;
}

struct exact exact_of(int64_t num, int64_t den)
{
    assert(den != 0);
    int64_t g = gcd(num, den);
    if (den < 0) g = -g;
    return (struct exact){num / g, den / g};
}

struct exact exact_whole(int64_t n) { return (struct exact){n, 1}; }

struct exact exact_times(struct exact a, struct exact b)
{
    struct exact x = exact_of(a.num, b.den), y = exact_of(b.num, a.den);
    return (struct exact){x.num * y.num, x.den * y.den};
}

struct exact exact_plus(struct exact a, struct exact b)
{
    int64_t g = gcd(a.den, b.den);
    return exact_of(a.num * (b.den / g) + b.num * (a.den / g), a.den / g * b.den);
}

int exact_compare(struct exact a, struct exact b)
{
    int64_t whole_a = exact_floor(a), whole_b = exact_floor(b);
    if (whole_a != whole_b) return whole_a < whole_b ? -1 : 1;
    int64_t x = (a.num - whole_a * a.den) * b.den, y = (b.num - whole_b * b.den) * a.den;
    return x < y ? -1 : x > y;
}

int64_t exact_floor(struct exact a)
{
    int64_t q = a.num / a.den;
    return a.num % a.den < 0 ? q - 1 : q;
}

int64_t exact_ceil(struct exact a)
{
    int64_t q = a.num / a.den;
    return a.num % a.den > 0 ? q + 1 : q;
}

double exact_double(struct exact a) { return (double)a.num / (double)a.den; }

static void cut_zeros(char *s)
{
    if (!strchr(s, '.')) return;
    size_t n = strlen(s);
    while (n && s[n - 1] == '0') s[--n] = 0;
    if (n && s[n - 1] == '.') s[n - 1] = 0;
}

const char *exact_text(struct exact a, unsigned decimals, bool short_form,
                       char buf[static EXACT_TEXT_MAX])
{
    bool negative = a.num < 0;
    int64_t n = negative ? -a.num : a.num, whole = n / a.den, rest = n % a.den, scale = 1,
            digits = 0;
    for (unsigned i = 0; i < decimals && i < 9; i++) {
        rest *= 10;
        digits = digits * 10 + rest / a.den;
        rest %= a.den;
        scale *= 10;
    }
    if (rest * 2 >= a.den && ++digits == scale) {
        digits = 0;
        whole++;
    }
    if (decimals)
        snprintf(buf, EXACT_TEXT_MAX, "%s%lld.%0*lld", negative ? "-" : "", (long long)whole,
                 (int)decimals, (long long)digits);
    else
        snprintf(buf, EXACT_TEXT_MAX, "%s%lld", negative ? "-" : "", (long long)whole);
    if (short_form) cut_zeros(buf);
    return buf;
}

bool exact_parse(const char *s, struct exact *out)
{
    int64_t num = 0, den = 1;
    bool point = false, any = false;
    for (; *s; s++) {
        if (*s == '.' && !point) {
            point = true;
            continue;
        }
        if (*s < '0' || *s > '9' || num > 100000000000000 || den == 1000000) return false;
        num = num * 10 + (*s - '0');
        if (point) den *= 10;
        any = true;
    }
    if (any) *out = exact_of(num, den);
    return any;
}
