/* cli/lab.c - fairlead lab up, down, show, list, exec; and fairlead demo, the whole tour. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "cli/command.h"
#include "cli/lab_access.h"
#include "cli/options.h"
#include "lab/design.h"
#include "lab/measure.h"
#include "lab/wiring.h"

enum { PARAMS_CEILING = 1 << 20 };

static int fail(struct text *why)
{
    fprintf(stderr, "fairlead: %s\n", text_get(why));
    text_drop(why);
    return EXIT_ERROR;
}

static bool need_root(void)
{
    if (geteuid() == 0) return true;
    fprintf(stderr,
            "fairlead: a lab makes network namespaces and needs root; try: sudo fairlead lab up\n");
    return false;
}

static int print_json(json_t *json)
{
    json_dumpf(json, stdout, JSON_INDENT(2));
    putchar('\n');
    json_decref(json);
    return EXIT_FINE;
}

/* --- up --- */

static bool keep_design(const struct lab *lab, const char *file, struct text *why)
{
    char path[LAB_PATH_MAX];
    struct text design = {0};
    bool kept =
        lab_read_file(file, &design) &&
        lab_write_file(lab_path(&lab->state, path, "design.yaml"), text_get(&design), 0600, why);
    text_drop(&design);
    return kept;
}

/* Ctrl-C takes everything down again; a failure leaves it for inspection. */
static int after_failure(struct lab *lab, struct text *why)
{
    struct text ignored = {0};
    fprintf(stderr, "fairlead: lab %s did not come up: %s\n", lab->state.lab, text_get(why));
    text_drop(why);
    if (interrupted()) {
        fprintf(stderr, "fairlead: taking it down again\n");
        if (!lab_down(&lab->state, &ignored)) return fail(&ignored);
        return EXIT_ERROR;
    }
    fprintf(stderr,
            "  logs:    %s/*.log\n"
            "  look:    fairlead lab show --name %s, fairlead lab exec --name %s NODE -- COMMAND\n"
            "  remove:  fairlead lab down --name %s\n",
            lab->state.dir, lab->state.lab, lab->state.lab, lab->state.lab);
    lab_state_close(&lab->state);
    return EXIT_ERROR;
}

static int refuse_existing(struct lab_state *s)
{
    bool up = strcmp(s->stage, "up") == 0;
    if (up)
        fprintf(stderr,
                "fairlead: lab %s is up already (%s); fairlead lab down --name %s removes it\n",
                s->lab, s->api, s->lab);
    else
        fprintf(stderr,
                "fairlead: lab %s exists, stopped at stage '%s'; fairlead lab down --name %s "
                "removes it\n",
                s->lab, s->stage[0] ? s->stage : "none", s->lab);
    lab_state_close(s);
    return EXIT_ERROR;
}

static int open_fresh(struct lab *lab, const char *name)
{
    struct text why = {0};
    switch (lab_state_open(&lab->state, name, true, &why)) {
    case LAB_OPENED:
        break;
    case LAB_BUSY:
        fprintf(stderr, "fairlead: another command is working on lab %s\n", name);
        return EXIT_ERROR;
    case LAB_NONE:
    case LAB_FAILED:
        return fail(&why);
    }
    if (lab->state.stage[0]) return refuse_existing(&lab->state);
    if (!wiring_present(name)) return EXIT_FINE;
    fprintf(stderr,
            "fairlead: namespaces of an earlier lab %s are there; fairlead lab down --name %s "
            "removes them\n",
            name, name);
    lab_state_close(&lab->state);
    return EXIT_ERROR;
}

static int up(const char *file, const char *name)
{
    char demo[512];
    struct arena arena;
    struct lab_params params;
    struct text why = {0};
    struct lab lab = {.params = &params, .hooks = &lab_client_hooks};
    if (!file) file = lab_demo_design(demo);
    arena_init(&arena, PARAMS_CEILING);
    interrupts_catch();
    int status = EXIT_ERROR;
    if (!lab_params_read(file, name, &arena, &params, &why))
        status = fail(&why);
    else if ((status = open_fresh(&lab, name)) == EXIT_FINE) {
        progress_start(&lab.progress, false);
        if (!keep_design(&lab, file, &why) || !lab_up(&lab, &why))
            status = after_failure(&lab, &why);
        else
            lab_state_close(&lab.state);
    }
    arena_drop(&arena);
    return status;
}

static int lab_up_command(int argc, char **argv)
{
    const char *name = LAB_DEFAULT_NAME, *file = NULL;
    const struct option_row rows[] = {{"--name", "-n", &name, NULL}, {0}};
    int words = options_read(rows, argc, argv, &file, 1);
    if (words < 0 || !lab_name_check(name)) return EXIT_USAGE;
    if (!need_root()) return EXIT_ERROR;
    int status = up(words ? file : NULL, name);
    if (status != EXIT_FINE) return status;
    struct lab_state s;
    if (lab_state_peek(&s, name)) printf("lab %s is up: %s\n", name, s.api);
    return EXIT_FINE;
}

/* --- down --- */

static int down(const char *name)
{
    struct lab_state s;
    struct text why = {0};
    enum lab_open opened = lab_state_open(&s, name, false, &why);
    if (opened == LAB_BUSY) {
        fprintf(stderr, "fairlead: another command is working on lab %s\n", name);
        return EXIT_ERROR;
    }
    if (opened == LAB_FAILED) return fail(&why);
    if (opened == LAB_NONE) return wiring_down(name, &why) ? EXIT_FINE : fail(&why);
    return lab_down(&s, &why) ? EXIT_FINE : fail(&why);
}

static int lab_down_command(int argc, char **argv)
{
    const char *name = LAB_DEFAULT_NAME;
    const struct option_row rows[] = {{"--name", "-n", &name, NULL}, {0}};
    if (options_read(rows, argc, argv, NULL, 0) < 0 || !lab_name_check(name)) return EXIT_USAGE;
    return need_root() ? down(name) : EXIT_ERROR;
}

/* --- show, list --- */

static void print_nodes(const json_t *show)
{
    size_t i, k;
    json_t *node, *address;
    printf("lab %s: %s   api and status page %s\n",
           json_string_value(json_object_get(show, "name")),
           json_string_value(json_object_get(show, "stage")),
           json_string_value(json_object_get(show, "api")));
    json_array_foreach(json_object_get(show, "nodes"), i, node)
    {
        printf("  %-10s %-24s", json_string_value(json_object_get(node, "name")),
               json_string_value(json_object_get(node, "namespace")));
        json_array_foreach(json_object_get(node, "addresses"), k, address)
            printf(" %s", json_string_value(address));
        printf("   %s\n", json_string_value(json_object_get(node, "role")));
    }
}

static int lab_show_command(int argc, char **argv)
{
    const char *name = LAB_DEFAULT_NAME, *format = NULL;
    const struct option_row rows[] = {
        {"--name", "-n", &name, NULL}, {"--output", "-o", &format, NULL}, {0}};
    enum output output;
    if (options_read(rows, argc, argv, NULL, 0) < 0 || !lab_name_check(name) ||
        !output_read(format, &output))
        return EXIT_USAGE;
    struct lab_state s;
    lab_recover_if_left(name);
    if (!lab_state_peek(&s, name)) {
        fprintf(stderr, "fairlead: there is no lab %s; fairlead lab list shows those there are\n",
                name);
        return EXIT_NOT_FOUND;
    }
    json_t *show = lab_show(&s);
    if (output == OUTPUT_JSON) return print_json(show);
    print_nodes(show);
    json_decref(show);
    return EXIT_FINE;
}

static void add_to_list(void *ctx, const char *lab)
{
    struct lab_state s;
    if (lab_state_peek(&s, lab))
        json_array_append_new(ctx, json_pack("{s:s, s:s, s:s, s:s}", "name", s.lab, "stage",
                                             s.stage, "api", s.api, "stateDir", s.dir));
}

static int lab_list_command(int argc, char **argv)
{
    const char *format = NULL;
    const struct option_row rows[] = {{"--output", "-o", &format, NULL}, {0}};
    enum output output;
    if (options_read(rows, argc, argv, NULL, 0) < 0 || !output_read(format, &output))
        return EXIT_USAGE;
    json_t *list = json_array(), *row;
    size_t i;
    lab_each(add_to_list, list);
    if (output == OUTPUT_JSON) return print_json(list);
    json_array_foreach(list, i, row)
        printf("%-20s %-40s %s\n", json_string_value(json_object_get(row, "name")),
               json_string_value(json_object_get(row, "stage")),
               json_string_value(json_object_get(row, "api")));
    json_decref(list);
    return EXIT_FINE;
}

/* --- exec --- */

static int execute_in(const struct lab_state *s, enum lab_node_id node, char **command)
{
    char ns[LAB_NAMESPACE_MAX], path[NETNS_PATH_MAX];
    snprintf(path, sizeof path, "/run/netns/%s", lab_exec_namespace(s, node, ns));
    struct text why = {0};
    process_become(path, command, &why); /* comes back only when it failed */
    fprintf(stderr, "fairlead: %s\n", text_get(&why));
    text_drop(&why);
    return EXIT_ERROR;
}

static int lab_exec_command(int argc, char **argv)
{
    const char *name = LAB_DEFAULT_NAME, *node_name = NULL;
    const struct option_row rows[] = {{"--name", "-n", &name, NULL}, {0}};
    int dashes = 0;
    while (dashes < argc && strcmp(argv[dashes], "--") != 0) dashes++;
    if (options_read(rows, dashes, argv, &node_name, 1) < 0 || !lab_name_check(name))
        return EXIT_USAGE;
    if (!node_name || dashes + 1 >= argc) {
        fprintf(stderr,
                "fairlead: which node, and which command? fairlead lab exec NODE -- COMMAND\n");
        return EXIT_USAGE;
    }
    struct lab_state s;
    lab_recover_if_left(name);
    enum lab_node_id node = lab_node_by_name(node_name);
    if (!lab_state_peek(&s, name) || node == LAB_NODES) {
        fprintf(stderr,
                "fairlead: there is no node %s in a lab %s; fairlead lab show lists the nodes\n",
                node_name, name);
        return EXIT_NOT_FOUND;
    }
    return need_root() ? execute_in(&s, node, argv + dashes + 1) : EXIT_ERROR;
}

const struct command lab_commands[] = {
    {"lab", "up", "[FILE] [--name N]", "builds a lab from a design file (default: the demo)",
     lab_up_command},
    {"lab", "down", "[--name N]", "removes a lab with everything that belongs to it",
     lab_down_command},
    {"lab", "show", "[--name N] [-o json]", "nodes, namespaces, addresses, API", lab_show_command},
    {"lab", "list", "[-o json]", "the labs of this machine", lab_list_command},
    {"lab", "exec", "NODE [--name N] -- COMMAND", "runs a command inside a node", lab_exec_command},
    {0},
};
