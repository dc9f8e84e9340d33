/* sys/yaml.c - libyaml's events into jansson's values, without recursion. A stack of open containers
 * builds the value; beside it grows a tree of places (key, line, column), which later answers where a
 * JSON pointer stands. Aliases are refused rather than counted: with them a few lines can mean
 * gigabytes, and nothing that Fairlead reads needs them. RB-220. */
#include "sys/yaml.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>
#include "base/text.h"

struct place {
    const char *key; /* NULL: an item of a list, or the root */
    struct place *first, *last, *next;
    size_t index;
    struct yaml_place at;
};

struct yaml_doc {
    char *name;
    json_t *root;
    struct arena arena; /* places and their keys */
    struct place *top;
};

struct open { /* a container whose end has not come */
    json_t *value;
    struct place *place;
    char *key; /* read, value still to come; in the arena */
    struct yaml_place key_at;
};

struct reading {
    struct yaml_doc *doc;
    struct problems *problems;
    struct open stack[YAML_DEPTH_MAX];
    size_t depth;
    bool ended, failed;
};

static struct yaml_place place_at(yaml_mark_t m)
{
    return (struct yaml_place){(unsigned)m.line + 1, (unsigned)m.column + 1};
}

static void refuse(struct reading *r, struct yaml_place at, const char *rule, const char *fix,
                   const char *what)
{
    char where[40];
    snprintf(where, sizeof where, "@%u:%u", at.line, at.column);
    problem_add(r->problems, where, rule, fix, "%s", what);
    r->failed = true;
}

/* ---- scalars: YAML 1.2, section 10.3.2 ---- */

static bool among(const char *s, const char *const *words)
{
    for (; *words; words++)
        if (strcmp(s, *words) == 0) return true;
    return false;
}

static bool is_null(const char *s)
{
    static const char *const words[] = {"", "~", "null", "Null", "NULL", NULL};
    return among(s, words);
}
static bool is_true(const char *s)
{
    static const char *const words[] = {"true", "True", "TRUE", NULL};
    return among(s, words);
}
static bool is_false(const char *s)
{
    static const char *const words[] = {"false", "False", "FALSE", NULL};
    return among(s, words);
}
static bool is_not_finite(const char *s)
{
    static const char *const words[] = {".inf", ".Inf", ".INF", ".nan", ".NaN", ".NAN", NULL};
    return among(*s == '-' || *s == '+' ? s + 1 : s, words);
}

static bool all_of(const char *s, const char *digits) { return *s && s[strspn(s, digits)] == 0; }

/* The base of an integer, 0 if s is none; *digits is where its digits begin. */
static int integer_base(const char *s, const char **digits)
{
    *digits = s + 2;
    if (s[0] == '0' && s[1] == 'o' && all_of(s + 2, "01234567")) return 8;
    if (s[0] == '0' && s[1] == 'x' && all_of(s + 2, "0123456789abcdefABCDEF")) return 16;
    *digits = s;
    return all_of(*s == '-' || *s == '+' ? s + 1 : s, "0123456789") ? 10 : 0;
}

static const char *skip_digits(const char *s) { return s + strspn(s, "0123456789"); }

static bool is_fraction(const char *s)
{
    if (*s == '-' || *s == '+') s++;
    const char *whole = skip_digits(s), *end = whole;
    if (*end == '.') end = skip_digits(end + 1);
    if (end == s || (end == s + 1 && *s == '.')) return false;
    if (*end != 'e' && *end != 'E') return *end == 0;
    end++;
    if (*end == '-' || *end == '+') end++;
    return all_of(end, "0123456789");
}

static json_t *number_or_text(struct reading *r, const char *s, size_t n, struct yaml_place at)
{
    const char *digits;
    int base = integer_base(s, &digits);
    errno = 0;
    if (base) {
        long long v = strtoll(digits, NULL, base);
        if (errno != ERANGE) return json_integer(v);
        refuse(r, at, "whole numbers have 64 bits", "", "this number is too large");
        return NULL;
    }
    if (is_fraction(s)) {
        json_t *v = json_real(strtod(s, NULL));
        if (!v) refuse(r, at, "fractions have 64 bits", "", "this number is too large");
        return v;
    }
    if (is_not_finite(s)) {
        refuse(r, at, "only finite numbers", "", "infinity or not-a-number");
        return NULL;
    }
    return json_stringn(s, n);
}

static json_t *scalar_value(struct reading *r, const yaml_event_t *e)
{
    const char *s = (const char *)e->data.scalar.value;
    size_t n = e->data.scalar.length;
    if (e->data.scalar.style != YAML_PLAIN_SCALAR_STYLE || strlen(s) != n) return json_stringn(s, n);
    if (is_null(s)) return json_null();
    if (is_true(s)) return json_true();
    if (is_false(s)) return json_false();
    return number_or_text(r, s, n, place_at(e->start_mark));
}

/* ---- building ---- */

static struct place *place_add(struct reading *r, struct place *parent, const char *key,
                               struct yaml_place at)
{
    struct place *p = arena_take(&r->doc->arena, sizeof *p);
    if (!p) {
        refuse(r, at, "the reader's memory limit", "", "the document has too many values");
        return NULL;
    }
    p->key = key;
    p->at = at;
    if (parent) {
        p->index = parent->last ? parent->last->index + 1 : 0;
        if (parent->last) parent->last->next = p;
        else parent->first = p;
        parent->last = p;
    }
    return p;
}

/* Puts a new value (the reference is taken over) where the document stands; its place, or NULL. */
static struct place *put(struct reading *r, json_t *value, struct yaml_place at)
{
    struct open *o = r->depth ? &r->stack[r->depth - 1] : NULL;
    struct place *p = o && o->key ? place_add(r, o->place, o->key, o->key_at)
                                  : place_add(r, o ? o->place : NULL, NULL, at);
    if (!p) {
        json_decref(value);
        return NULL;
    }
    if (!o) {
        r->doc->root = value;
        r->doc->top = p;
    } else if (json_is_array(o->value)) {
        json_array_append_new(o->value, value);
    } else {
        json_object_set_new(o->value, o->key, value);
        o->key = NULL;
    }
    return p;
}

static bool awaits_key(const struct reading *r)
{
    const struct open *o = r->depth ? &r->stack[r->depth - 1] : NULL;
    return o && json_is_object(o->value) && !o->key;
}

static void take_key(struct reading *r, const yaml_event_t *e)
{
    struct open *o = &r->stack[r->depth - 1];
    const char *s = (const char *)e->data.scalar.value;
    struct yaml_place at = place_at(e->start_mark);
    if (strlen(s) != e->data.scalar.length) {
        refuse(r, at, "keys are text", "", "this key holds a NUL character");
    } else if (json_object_get(o->value, s)) {
        struct text what = {0};
        text_add(&what, "key '");
        text_add_escaped(&what, s, strlen(s), 64);
        text_add(&what, "' stands here a second time");
        refuse(r, at, "each key once", "", text_get(&what));
        text_drop(&what);
    } else {
        o->key = arena_text(&r->doc->arena, s);
        o->key_at = at;
        if (!o->key) refuse(r, at, "the reader's memory limit", "", "the document is too long");
    }
}

static bool plain_tag(const yaml_char_t *tag) { return !tag || strcmp((const char *)tag, "!") == 0; }

static void take_scalar(struct reading *r, const yaml_event_t *e)
{
    if (!plain_tag(e->data.scalar.tag)) {
        refuse(r, place_at(e->start_mark), "tags are not read; quotes make text", "", "a tag");
        return;
    }
    if (awaits_key(r)) {
        take_key(r, e);
        return;
    }
    json_t *v = scalar_value(r, e);
    if (v) put(r, v, place_at(e->start_mark));
}

static void take_container(struct reading *r, const yaml_event_t *e, json_t *value)
{
    struct yaml_place at = place_at(e->start_mark);
    const char *fault = awaits_key(r)             ? "a list or a mapping as a key"
                        : r->depth >= YAML_DEPTH_MAX ? "values are nested too deeply"
                                                     : NULL;
    if (fault) {
        refuse(r, at, awaits_key(r) ? "keys are text" : "at most 64 levels", "", fault);
        json_decref(value);
        return;
    }
    struct place *p = put(r, value, at);
    if (p) r->stack[r->depth++] = (struct open){value, p, NULL, {0}};
}

static void take_document(struct reading *r, const yaml_event_t *e)
{
    if (r->doc->root)
        refuse(r, place_at(e->start_mark), "one document a file", "", "a second document begins here");
}

static void take_event(struct reading *r, const yaml_event_t *e)
{
    switch (e->type) {
    case YAML_SCALAR_EVENT: take_scalar(r, e); break;
    case YAML_SEQUENCE_START_EVENT:
        if (plain_tag(e->data.sequence_start.tag)) take_container(r, e, json_array());
        else refuse(r, place_at(e->start_mark), "tags are not read", "", "a tag");
        break;
    case YAML_MAPPING_START_EVENT:
        if (plain_tag(e->data.mapping_start.tag)) take_container(r, e, json_object());
        else refuse(r, place_at(e->start_mark), "tags are not read", "", "a tag");
        break;
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT: r->depth--; break;
    case YAML_ALIAS_EVENT:
        refuse(r, place_at(e->start_mark), "aliases are not read", "", "an alias: write the value out");
        break;
    case YAML_DOCUMENT_START_EVENT: take_document(r, e); break;
    case YAML_STREAM_END_EVENT: r->ended = true; break;
    case YAML_NO_EVENT:
    case YAML_STREAM_START_EVENT:
    case YAML_DOCUMENT_END_EVENT: break;
    }
}

/* ---- libyaml's own complaints ---- */

static struct yaml_place place_of_offset(const char *bytes, size_t n, size_t offset)
{
    struct yaml_place at = {1, 1};
    for (size_t i = 0; i < offset && i < n; i++) {
        at.column++;
        if (bytes[i] == '\n') at = (struct yaml_place){at.line + 1, 1};
    }
    return at;
}

static bool tab_indents(const char *bytes, size_t n, unsigned line)
{
    size_t i = 0;
    for (unsigned l = 1; l < line && i < n; i++)
        if (bytes[i] == '\n') l++;
    while (i < n && bytes[i] == ' ') i++;
    return i < n && bytes[i] == '\t';
}

static void refuse_syntax(struct reading *r, const yaml_parser_t *p, const char *bytes, size_t n)
{
    if (p->error == YAML_READER_ERROR) {
        refuse(r, place_of_offset(bytes, n, p->problem_offset), "text in UTF-8", "",
               p->problem ? p->problem : "bytes that are no text");
        return;
    }
    struct yaml_place at = place_at(p->problem_mark);
    if (tab_indents(bytes, n, at.line)) {
        refuse(r, at, "indentation is spaces", "", "a tab as indentation");
        return;
    }
    struct text what = {0};
    text_addf(&what, "%s%s%s", p->problem ? p->problem : "not YAML", p->context ? " " : "",
              p->context ? p->context : "");
    refuse(r, at, "YAML or JSON", "", text_get(&what));
    text_drop(&what);
}

static void read_events(struct reading *r, const char *bytes, size_t n)
{
    yaml_parser_t parser;
    if (!yaml_parser_initialize(&parser)) abort();
    yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&parser, (const unsigned char *)bytes, n);
    while (!r->ended && !r->failed) {
        yaml_event_t e;
        if (yaml_parser_parse(&parser, &e)) {
            take_event(r, &e);
            yaml_event_delete(&e);
        } else {
            refuse_syntax(r, &parser, bytes, n);
        }
    }
    yaml_parser_delete(&parser);
}

/* ---- the reader ---- */

static struct yaml_doc *doc_new(const char *name)
{
    struct yaml_doc *d = calloc(1, sizeof *d);
    if (!d || !(d->name = strdup(name))) abort();
    arena_init(&d->arena, (size_t)YAML_BYTES_MAX * 40);
    return d;
}

void yaml_drop(struct yaml_doc *doc)
{
    if (!doc) return;
    json_decref(doc->root);
    arena_drop(&doc->arena);
    free(doc->name);
    free(doc);
}

const json_t *yaml_root(const struct yaml_doc *doc) { return doc->root; }

static bool looks_like_json(const char *bytes, size_t n)
{
    size_t i = 0;
    while (i < n && strchr(" \t\r\n", bytes[i])) i++;
    return i < n && (bytes[i] == '{' || bytes[i] == '[');
}

/* The few things that are JSON and not YAML for libyaml: surrogate pairs, tabs between tokens, very
 * long keys. Positions are then not known. */
static json_t *strict_json(const char *bytes, size_t n)
{
    return looks_like_json(bytes, n) ? json_loadb(bytes, n, JSON_REJECT_DUPLICATES, NULL) : NULL;
}

struct yaml_doc *yaml_read(const char *name, const char *bytes, size_t n, struct problems *problems)
{
    struct yaml_doc *d = doc_new(name);
    struct problems own;
    struct arena texts;
    arena_init(&texts, 64 << 10);
    problems_init(&own, &texts);
    struct reading r = {.doc = d, .problems = &own};
    if (n > YAML_BYTES_MAX)
        refuse(&r, (struct yaml_place){1, 1}, "at most 16 MiB", "", "the document is too long");
    else
        read_events(&r, bytes, n);
    if (!r.failed && !d->root)
        refuse(&r, (struct yaml_place){1, 1}, "a mapping is wanted", "", "the document is empty");
    if (r.failed) {
        json_decref(d->root);
        d->top = NULL;
        d->root = n > YAML_BYTES_MAX ? NULL : strict_json(bytes, n);
    }
    for (const struct problem *p = own.first; !d->root && p; p = p->next)
        problem_add(problems, p->where, p->rule, p->fix, "%s", p->what);
    arena_drop(&texts);
    return d;
}

static char *read_whole(FILE *f, size_t *out_n)
{
    size_t room = 64 << 10, n = 0, got;
    char *bytes = malloc(room);
    while (bytes && (got = fread(bytes + n, 1, room - n, f)) > 0) {
        n += got;
        if (n > YAML_BYTES_MAX) break;
        if (n == room) bytes = realloc(bytes, room *= 2);
    }
    if (!bytes) abort();
    *out_n = n;
    return bytes;
}

struct yaml_doc *yaml_read_file(const char *path, struct problems *problems)
{
    bool in = strcmp(path, "-") == 0;
    FILE *f = in ? stdin : fopen(path, "re");
    size_t n = 0;
    char *bytes = f ? read_whole(f, &n) : NULL;
    if (!f || ferror(f)) {
        problem_add(problems, "@0:0", "", "", "cannot be read: %s", strerror(errno));
        if (f && !in) fclose(f);
        free(bytes);
        return doc_new(path);
    }
    if (!in) fclose(f);
    struct yaml_doc *d = yaml_read(in ? "standard input" : path, bytes, n, problems);
    free(bytes);
    return d;
}

/* ---- places ---- */

/* Does a reference token of RFC 6901 (n bytes, ~0 and ~1 inside) name this key? */
static bool token_is(const char *token, size_t n, const char *key)
{
    size_t i = 0;
    for (; i < n && *key; i++, key++) {
        char c = token[i];
        if (c == '~' && i + 1 < n) c = token[++i] == '1' ? '/' : '~';
        if (c != *key) return false;
    }
    return i == n && !*key;
}

static const struct place *child_of(const struct place *p, const char *token, size_t n)
{
    char *end;
    unsigned long index = strtoul(token, &end, 10);
    bool number = end == token + n && n > 0;
    for (const struct place *c = p->first; c; c = c->next)
        if (c->key ? token_is(token, n, c->key) : number && c->index == index) return c;
    return NULL;
}

struct yaml_place yaml_place_of(const struct yaml_doc *doc, const char *pointer)
{
    const struct place *p = doc->top;
    if (!p) return (struct yaml_place){1, 1};
    while (*pointer == '/') {
        size_t n = strcspn(pointer + 1, "/");
        const struct place *c = child_of(p, pointer + 1, n);
        if (!c) break;
        p = c;
        pointer += 1 + n;
    }
    return p->at;
}

static struct yaml_place place_of_problem(const struct yaml_doc *doc, const char *where)
{
    struct yaml_place at;
    if (*where == '@' && sscanf(where, "@%u:%u", &at.line, &at.column) == 2) return at;
    return yaml_place_of(doc, where);
}

void yaml_print_problems(const struct yaml_doc *doc, const struct problems *problems, FILE *out)
{
    size_t shown = 0;
    for (const struct problem *p = problems->first; p; p = p->next, shown++) {
        struct text line = {0};
        struct yaml_place at = place_of_problem(doc, p->where);
        text_addf(&line, "%s:", doc->name);
        if (at.line) text_addf(&line, "%u:%u:", at.line, at.column);
        text_add(&line, " ");
        text_add_escaped(&line, p->what, strlen(p->what), 600);
        if (*p->rule) text_addf(&line, "; %s", p->rule);
        if (*p->fix && !strstr(p->what, "did you mean")) text_addf(&line, "; write: %s", p->fix);
        fprintf(out, "%s\n", text_get(&line));
        text_drop(&line);
    }
    if (problems->count > shown)
        fprintf(out, "%s: and %zu more problems\n", doc->name, problems->count - shown);
}
