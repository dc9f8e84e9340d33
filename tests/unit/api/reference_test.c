/* docs/api.md ends with a reference that is made from the tables of kinds, fields, actions, faults,
 * versions and differences. This test fails when it is stale; with FAIRLEAD_WRITE_DOCS=1 it writes it. */
#include "api/api_priv.h"
#include "base/text.h"
#include "check.h"
#include "differences.h"
#include "model/records_json.h"

static const char begin[] = "<!-- reference: made from the tables by tests/unit/api/reference_test.c -->\n";
static const char end[] = "<!-- end of the reference -->\n";

/* --- kinds --- */

static void add_path(struct text *t, enum resource_kind k)
{
    const struct resource_type *r = resource_type(k);
    if (r->parent == KIND_NONE) {
        text_addf(t, "`RG/%s/{name}`", r->segment);
        return;
    }
    struct text parent = {0};
    add_path(&parent, r->parent);
    text_addf(t, "%.*s/%s/{name}`", (int)(parent.n - 1), text_get(&parent), r->segment);
    text_drop(&parent);
}

static void add_kinds(struct text *t)
{
    text_add(t, "| resource | methods | listed | in the parent as | a write takes | a delete takes |\n"
                "| --- | --- | --- | --- | --- | --- |\n");
    for (int i = 0; i < RESOURCE_KINDS; i++) {
        const struct resource_type *r = resource_type((enum resource_kind)i);
        bool read_only = r->flags & KIND_READ_ONLY;
        text_add(t, "| ");
        add_path(t, (enum resource_kind)i);
        text_addf(t, " | GET%s%s%s | %s%s | %s%s%s | ", read_only ? "" : ", PUT",
                  r->flags & KIND_PATCH_TAGS ? r->flags & KIND_PATCH_ASYNC ? ", PATCH (A)" : ", PATCH" : "",
                  r->flags & KIND_NO_CREATE ? "" : ", DELETE", r->parent == KIND_NONE ? "group" : "parent",
                  r->flags & KIND_BY_SUBSCRIPTION ? ", subscription" : "", r->inside ? "`" : "-",
                  r->inside ? r->inside : "", r->inside ? "`" : "");
        text_addf(t, read_only ? "- | - |\n" : "%u ms | %u ms |\n", r->write_ms, r->delete_ms);
    }
}

/* --- fields --- */

static const char *kind_name(const struct field *f)
{
    switch (f->kind) {
    case FIELD_TEXT: return "string";
    case FIELD_BOOL: return "boolean";
    case FIELD_ENUM: return "word";
    case FIELD_TEXTS: return "list of strings";
    case FIELD_OBJECT: return "object";
    case FIELD_LIST: return "list of objects";
    case FIELD_CUSTOM: return "number";
    case FIELD_MAYBE: case FIELD_U8: case FIELD_U16: case FIELD_U32: case FIELD_U64: case FIELD_ID:
    case FIELD_ADDR: case FIELD_PREFIX: case FIELD_PREFIXES: break;
    }
    return "integer";
}

static void add_fields(struct text *t, const struct field *rows, const char *above)
{
    for (const struct field *f = rows; f->name; f++) {
        char path[256];
        snprintf(path, sizeof path, "%s%s%s", above, f->name, f->kind == FIELD_LIST ? "[]" : "");
        if (f->sub) {
            strcat(path, ".");
            add_fields(t, f->sub, path);
            continue;
        }
        text_addf(t, "| `%s` | %s%s", path, kind_name(f), f->flags & FIELD_SECRET ? ", secret" : "");
        for (int i = 0; f->kind == FIELD_ENUM && f->names[i]; i++)
            text_addf(t, "%s`%s`", i ? ", " : ": ", f->names[i]);
        text_add(t, " |\n");
    }
}

static void add_all_fields(struct text *t)
{
    for (int i = 0; i < RESOURCE_KINDS; i++) {
        const struct resource_type *r = resource_type((enum resource_kind)i);
        enum resource_kind k = (enum resource_kind)i;
        if (r->flags & KIND_READ_ONLY || k == KIND_CROSS_PEERING || !record_rows(k)[0].name) continue;
        text_addf(t, "\n**%s**%s\n\n| member | type |\n| --- | --- |\n", r->full + strlen("Microsoft.Network/"),
                  r->flags & KIND_KEEP_UNKNOWN ? " (others are kept as they come)" : "");
        add_fields(t, record_rows(k), "properties.");
    }
}

/* --- the rest --- */

static void add_actions(struct text *t)
{
    static const char *const methods[] = {"GET", "HEAD", "PUT", "PATCH", "POST", "DELETE"};
    const struct action *a;
    text_add(t, "| call | since | takes | who |\n| --- | --- | --- | --- |\n");
    for (size_t i = 0; (a = action_at(i)) != NULL; i++) {
        struct text path = {0};
        add_path(&path, a->kind);
        text_addf(t, "| %s %.*s/%s", methods[a->method], (int)(path.n - 1), text_get(&path), a->name);
        for (int k = 0; a->arguments && a->arguments[k]; k++)
            text_addf(t, "%s%s", k ? "\\|" : "/", a->arguments[k]);
        text_addf(t, "` | %s | ", a->since ? a->since : "-");
        text_addf(t, a->ms ? "%u ms | " : "answered at once | ", a->ms);
        text_add(t, a->roles == API_OPERATOR ? "operator |\n" : a->roles ? "who may write |\n" : "who may read |\n");
        text_drop(&path);
    }
}

static void add_offers(struct text *t)
{
    const char *name;
    bool one;
    for (size_t i = 0; (name = offers_at(i, &one)) != NULL; i++)
        text_addf(t, "- `GET S/%s`%s\n", name, one ? ", and one of them by `/{name}`" : "");
    text_add(t, "- `GET /providers/Microsoft.Network/operations`\n");
}

static void add_faults(struct text *t)
{
    text_add(t, "| status | codes |\n| --- | --- |\n");
    for (int status = 400; status < 600; status++) {
        bool any = false;
        for (int i = 1; i < FAULT_CODES; i++) {
            if (fault_status((enum fault_code)i) != status) continue;
            if (any)
                text_addf(t, ", `%s`", fault_name((enum fault_code)i));
            else
                text_addf(t, "| %d | `%s`", status, fault_name((enum fault_code)i));
            any = true;
        }
        if (any) text_add(t, " |\n");
    }
}

static void add_versions(struct text *t)
{
    for (size_t i = 0; api_versions[i]; i++) text_addf(t, "%s%s", i ? ", " : "", api_versions[i]);
    text_add(t, ".\n\nOlder answers do not have:\n\n| before | member |\n| --- | --- |\n");
    for (const struct shape_row *r = shape_rows; r->path; r++)
        text_addf(t, "| %s | `%s` of %s |\n", r->since, r->path,
                  resource_type(r->kind)->full + strlen("Microsoft.Network/"));
}

static void add_differences(struct text *t)
{
    text_add(t, "| example | what | why |\n| --- | --- | --- |\n");
    for (size_t i = 0; i < ARRAY_LEN(differences); i++) {
        const struct difference *d = &differences[i];
        text_addf(t, "| %s | `%s`%s | %s |\n", strcmp(d->example, "*") ? d->example : "all",
                  d->path ? d->path : d->code, d->path ? " is not shown" : ": refused", d->why);
    }
}

static void make_reference(struct text *t)
{
    text_add(t, begin);
    text_add(t, "\n## Reference\n\n`S` is `/subscriptions/{s}/providers/Microsoft.Network`, `RG` is "
                "`/subscriptions/{s}/resourceGroups/{g}/providers/Microsoft.Network`. A: asynchronous.\n\n"
                "### Resources\n\n");
    add_kinds(t);
    text_add(t, "\n### Calls below a resource\n\n");
    add_actions(t);
    text_add(t, "\n### Lists of what there is to have\n\n");
    add_offers(t);
    text_add(t, "\n### Members that are read from a request\n");
    add_all_fields(t);
    text_add(t, "\n### Errors\n\n");
    add_faults(t);
    text_add(t, "\n### Versions\n\nTaken: ");
    add_versions(t);
    text_add(t, "\n### Where the description's examples differ\n\n");
    add_differences(t);
    text_add(t, "\n");
    text_add(t, end);
}

static char *whole_file(const char *path)
{
    FILE *f = fopen(path, "rb");
    assert_non_null(f);
    char *s = calloc(1, 1 << 20);
    assert_true(fread(s, 1, (1 << 20) - 1, f) > 0);
    fclose(f);
    return s;
}

static void the_reference_is_what_the_tables_say(void **state)
{
    (void)state;
    struct text made = {0};
    char *page = whole_file(DOCS "/api.md");
    char *from = strstr(page, begin), *to = from ? strstr(from, end) : NULL;
    make_reference(&made);
    assert_non_null(to);
    bool same = (size_t)(to + strlen(end) - from) == made.n && memcmp(from, text_get(&made), made.n) == 0;
    if (!same && getenv("FAIRLEAD_WRITE_DOCS")) {
        FILE *f = fopen(DOCS "/api.md", "wb");
        assert_non_null(f);
        fwrite(page, 1, (size_t)(from - page), f);
        fputs(text_get(&made), f);
        fputs(to + strlen(end), f);
        fclose(f);
        print_message("written\n");
        same = true;
    }
    if (!same) print_message("docs/api.md is stale: run this program with FAIRLEAD_WRITE_DOCS=1\n");
    assert_true(same);
    free(page);
    text_drop(&made);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(the_reference_is_what_the_tables_say)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
