/* cli/config.c - `fairlead config render`: configuration of a site's routers from a design. Files hold
 * session keys: written with mode 0600, and a warning when they go to a terminal. */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "cli/check_input.h"
#include "cli/command.h"
#include "cli/options.h"
#include "lab/state.h"
#include "render/render.h"

enum { ROUTERS_MAX = 64 };

static bool dialect_of(const char *name, enum render_for *out)
{
    const char *names[RENDER_DIALECTS + 1] = {0};
    for (int f = 0; f < RENDER_DIALECTS; f++) {
        names[f] = render_name((enum render_for)f);
        if (name && strcmp(name, names[f]) == 0) return *out = (enum render_for)f, true;
    }
    const char *near = name ? text_nearest(name, names) : NULL;
    fprintf(stderr, "fairlead config render: --for is fairlead, frr, bird, ios-xe or junos%s%s%s\n", near ? "; did you mean '" : "",
            near ? near : "", near ? "'?" : "");
    return false;
}

static bool write_one(const char *into, const char *router, enum render_for f, const struct text *t)
{
    static const char *const endings[RENDER_DIALECTS] = {"yaml", "frr.conf", "bird.conf", "ios.txt", "junos.conf"};
    char path[1200];
    struct text why = {0};
    snprintf(path, sizeof path, "%s/%s.%s", into, router, endings[f]); /* names of a design are letters, digits, - _ . */
    bool wrote = lab_write_file(path, text_get(t), 0600, &why);
    if (wrote) puts(path);
    else fprintf(stderr, "fairlead config render: %s\n", text_get(&why));
    text_drop(&why);
    return wrote;
}

struct asked {
    const char *router, *circuit, *into;
    enum render_for dialect;
};

static bool ends_here(const struct render_router *r, const char *circuit)
{
    for (size_t i = 0; i < r->sessions_n; i++)
        if (strcmp(r->sessions[i].circuit, circuit) == 0) return true;
    return false;
}

/* How many were written; -1 after a message. */
static int render_all(const struct design *d, const struct asked *a)
{
    static struct render_router r; /* large */
    int n = 0;
    for (size_t s = 0; s < d->sites_n; s++)
        for (size_t i = 0; i < d->sites[s].routers_n; i++) {
            const char *name = d->sites[s].routers[i].name;
            struct text t = {0};
            if (a->router && strcmp(a->router, name) != 0) continue;
            if (!render_gather(d, name, &r) || (a->circuit && !ends_here(&r, a->circuit))) continue;
            render_text(a->dialect, &r, &t);
            bool wrote = true;
            if (a->into) wrote = write_one(a->into, name, a->dialect, &t);
            else printf("%s%s", n ? "\n" : "", text_get(&t));
            text_drop(&t);
            if (!wrote) return -1;
            n++;
        }
    return n;
}

static int run(const char *file, const struct asked *a)
{
    struct check k = {0};
    int status = check_open_registries(&k), n = 0;
    if (status == EXIT_FINE) status = check_load_design(&k, file);
    if (status == EXIT_FINE && a->into && mkdir(a->into, 0700) != 0 && access(a->into, W_OK) != 0) {
        perror(a->into);
        status = EXIT_ERROR;
    }
    if (status == EXIT_FINE) n = render_all(k.design, a);
    if (status == EXIT_FINE && n == 0) {
        fprintf(stderr, "fairlead config render: no leg ends on %s%s; the design's links name the routers\n",
                a->router ? "router " : "any router", a->router ? a->router : "");
        status = EXIT_NOT_FOUND;
    }
    if (n < 0) status = EXIT_ERROR;
    if (n > 0 && !a->into && isatty(STDOUT_FILENO)) fputs("fairlead: this holds session keys; --into DIR writes files that only you can read\n", stderr);
    check_close(&k);
    return status;
}

static int run_render(int argc, char **argv)
{
    const char *words[1] = {NULL}, *dialect = NULL;
    struct asked a = {0};
    const struct option_row rows[] = {
        {"--for", NULL, &dialect, NULL},       {"--router", "-r", &a.router, NULL},
        {"--circuit", NULL, &a.circuit, NULL}, {"--into", NULL, &a.into, NULL},
        {0},
    };
    int n = options_read(rows, argc, argv, words, 1);
    if (n < 0 || !dialect_of(dialect, &a.dialect)) return EXIT_USAGE;
    if (n == 0) {
        fputs("fairlead config render: name a design file\n", stderr);
        return EXIT_USAGE;
    }
    return run(words[0], &a);
}

const struct command config_commands[] = {
    {"config", "render", "DESIGN --for fairlead|frr|bird|ios-xe|junos [--router R] [--circuit C] [--into DIR]",
     "configuration of the site's routers, both legs", run_render},
    {0},
};
