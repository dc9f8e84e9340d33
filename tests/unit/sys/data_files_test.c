#include "check.h"
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include "sys/data_files.h"

static void every_registry_is_json_with_source_and_date(void **state)
{
    (void)state;
    size_t n = 0;
    for (const struct data_file *f = data_files; f->name; f++, n++) {
        struct text why = {0};
        assert_int_equal(strlen(f->text), f->n);
        json_t *v = data_file_json(f->name, &why);
        if (!v) print_message("%s\n", text_get(&why));
        assert_non_null(v);
        assert_true(json_string_length(json_object_get(v, "source")) > 0);
        assert_int_equal(json_string_length(json_object_get(v, "date")), 10);
        json_decref(v);
        text_drop(&why);
    }
    assert_true(n >= 7);
}

static void a_directory_takes_their_place(void **state)
{
    (void)state;
    char dir[] = "/tmp/fl-t-design-XXXXXX", path[100];
    struct text out = {0}, why = {0};
    assert_non_null(mkdtemp(dir));
    snprintf(path, sizeof path, "%s/limits.json", dir);
    FILE *f = fopen(path, "w");
    fputs("{}", f);
    fclose(f);
    setenv("FAIRLEAD_DATA", dir, 1);
    assert_true(data_file_text("limits.json", &out, &why));
    assert_string_equal(text_get(&out), "{}");
    assert_false(data_file_text("providers.json", &out, &why));
    assert_non_null(strstr(text_get(&why), "No such file"));
    unsetenv("FAIRLEAD_DATA");
    unlink(path);
    rmdir(dir);
    text_drop(&out);
    text_drop(&why);
}

static void an_unknown_registry_is_said(void **state)
{
    (void)state;
    struct text why = {0};
    assert_null(data_file_json("nothing.json", &why));
    assert_string_equal(text_get(&why), "there is no registry 'nothing.json'");
    text_drop(&why);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_registry_is_json_with_source_and_date),
        cmocka_unit_test(a_directory_takes_their_place),
        cmocka_unit_test(an_unknown_registry_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
