/* edge/json_out.c - see json_out.h. Bytes beyond ASCII are taken for Latin-1, so that the result is
 * valid JSON whatever was said. */
#include "edge/json_out.h"

void json_put(struct text *t, const char *s)
{
    text_add(t, "\"");
    for (; *s; s++) {
        unsigned char c = (unsigned char)*s;
        if (c == '"' || c == '\\')
            text_addf(t, "\\%c", c);
        else if (c < 0x20 || c >= 0x7f)
            text_addf(t, "\\u%04x", c);
        else
            text_add_n(t, s, 1);
    }
    text_add(t, "\"");
}

void json_put_key(struct text *t, const char *key, const char *value)
{
    text_addf(t, ",\"%s\":", key);
    json_put(t, value);
}

void json_put_fault(struct text *t, const char *what)
{
    text_add(t, "{\"error\":");
    json_put(t, what);
    text_add(t, "}");
}
