/* cli/noun_print.c - what a command about a noun says: refusals on stderr, resources on stdout. */
#include "cli/noun_job.h"
#include <stdio.h>
#include <string.h>
#include "cli/table.h"

enum { COLUMNS_MAX = 12 };

/* --- messages --- */

int noun_fail(struct job *j)
{
    fprintf(stderr, "fairlead: %s\n", text_get(&j->why));
    return EXIT_ERROR;
}

const char *noun_text(const json_t *o, const char *key)
{
    const char *s = json_string_value(json_object_get(o, key));
    return s ? s : "";
}

static void print_fault(const json_t *error, const char *indent)
{
    struct text shown = {0};
    const char *message = noun_text(error, "message");
    text_add_escaped(&shown, message, strlen(message), 1000);
    fprintf(stderr, "%s(%s) %s\n", indent, noun_text(error, "code"), text_get(&shown));
    text_clear(&shown);
    const char *target = noun_text(error, "target");
    text_add_escaped(&shown, target, strlen(target), 200);
    if (*target) fprintf(stderr, "    at %s\n", text_get(&shown));
    text_drop(&shown);
}

/* An answer that is an error; what it says, and the exit status. */
int noun_refused(struct job *j, const struct api_answer *a)
{
    size_t i;
    json_t *detail;
    if (a->status == 0) return noun_fail(j);
    const json_t *error = json_object_get(a->json, "error");
    const json_t *details = json_object_get(error, "details");
    if (!error) fprintf(stderr, "fairlead: the answer was %u\n", a->status);
    if (error) print_fault(error, "fairlead: ");
    json_array_foreach((json_t *)details, i, detail)
    {
        if (i > 0) print_fault(detail, "  also "); /* the first is the error itself */
    }
    return a->status == NOT_FOUND ? EXIT_NOT_FOUND : EXIT_ERROR;
}

bool answer_is_error(const struct api_answer *a) { return a->status == 0 || a->status >= 400; }

/* --- output --- */

static void print_table(const struct noun *n, const json_t *rows)
{
    size_t i, columns = 0;
    json_t *row;
    const char *titles[COLUMNS_MAX + 1] = {0}, *cells[COLUMNS_MAX];
    while (n->columns[columns].title && columns < COLUMNS_MAX) {
        titles[columns] = n->columns[columns].title;
        columns++;
    }
    struct table *t = table_new(titles);
    json_array_foreach((json_t *)rows, i, row)
    {
        struct text texts[COLUMNS_MAX] = {0};
        for (size_t k = 0; k < columns; k++) {
            noun_member_text(row, n->columns[k].member, &texts[k]);
            cells[k] = text_get(&texts[k]);
        }
        table_row(t, cells);
        for (size_t k = 0; k < columns; k++) text_drop(&texts[k]);
    }
    table_print(t);
}

static void print_json(const json_t *json)
{
    json_dumpf(json, stdout, JSON_INDENT(2));
    putchar('\n');
}

/* A resource, or a list of them. */
void noun_print(const struct job *j, const json_t *json)
{
    if (j->output == OUTPUT_JSON) {
        print_json(json);
        return;
    }
    json_t *rows = json_is_array(json) ? json_incref((json_t *)json) : json_pack("[O]", json);
    print_table(j->noun, rows);
    json_decref(rows);
}

/* Rows whose columns are their own members (live tables). */
void noun_print_rows(const struct job *j, const json_t *rows)
{
    size_t i, n = 0;
    json_t *row, *v;
    const char *key, *titles[COLUMNS_MAX + 1] = {0}, *cells[COLUMNS_MAX];
    if (j->output == OUTPUT_JSON || json_array_size(rows) == 0) {
        if (j->output == OUTPUT_JSON)
            print_json(rows);
        else
            fputs("no rows: nothing was reported\n", stderr);
        return;
    }
    json_object_foreach(json_array_get(rows, 0), key, v) if (n < COLUMNS_MAX) titles[n++] = key;
    struct table *t = table_new(titles);
    json_array_foreach((json_t *)rows, i, row)
    {
        struct text texts[COLUMNS_MAX] = {0};
        for (size_t k = 0; k < n; k++) {
            noun_member_text(row, titles[k], &texts[k]);
            cells[k] = text_get(&texts[k]);
        }
        table_row(t, cells);
        for (size_t k = 0; k < n; k++) text_drop(&texts[k]);
    }
    table_print(t);
}
