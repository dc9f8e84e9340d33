/* cli/running.c - see running.h. Sockets: /run/fairlead/NAME.sock, and in a lab
 * /run/fairlead/lab/LAB/NAME/control.sock. */
#include "cli/running.h"
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/instant.h"
#include "cli/options.h"
#include "sys/control_client.h"

#define RUN_DIR "/run/fairlead"

enum { PATH_ROOM = 300, PATIENCE_S = 40, ROUTERS_MOST = 256 };

static bool only_socket(char path[static PATH_ROOM])
{
    size_t found = 0;
    DIR *d = opendir(RUN_DIR);
    for (struct dirent *e; d && (e = readdir(d));) {
        size_t n = strlen(e->d_name);
        if (n < 6 || strcmp(e->d_name + n - 5, ".sock") != 0) continue;
        snprintf(path, PATH_ROOM, RUN_DIR "/%s", e->d_name);
        found++;
    }
    if (d) closedir(d);
    if (found != 1)
        fprintf(stderr,
                "fairlead: %s control sockets in " RUN_DIR
                "; name one: --socket PATH, or --router NAME"
                " [--lab LAB]\n",
                found ? "several" : "no");
    return found == 1;
}

static bool find_socket(const struct running *w, char path[static PATH_ROOM])
{
    if (w->socket)
        snprintf(path, PATH_ROOM, "%s", w->socket);
    else if (w->router && w->lab)
        snprintf(path, PATH_ROOM, RUN_DIR "/lab/%s/%s/control.sock", w->lab, w->router);
    else if (w->router)
        snprintf(path, PATH_ROOM, RUN_DIR "/%s.sock", w->router);
    else
        return only_socket(path);
    return true;
}

/* `who` NULL: there is only one. */
static json_t *ask_at(const char *path, const char *question, const char *who)
{
    struct text answer = {0}, why = {0};
    json_t *json = NULL;
    if (control_ask(path, question, duration_s(PATIENCE_S), &answer, &why)) {
        json = json_loadb(text_get(&answer), answer.n, 0, NULL);
        if (!json) text_addf(&why, "%s gave an answer that is no JSON", path);
    }
    const char *fault = json_string_value(json_object_get(json, "error"));
    if (fault) text_add(&why, fault);
    if (why.n) fprintf(stderr, "fairlead: %s%s%s\n", who ? who : "", who ? ": " : "", text_get(&why));
    text_drop(&answer);
    bool good = why.n == 0;
    text_drop(&why);
    if (good) return json;
    json_decref(json);
    return NULL;
}

json_t *running_ask(const struct running *w, const char *question)
{
    char path[PATH_ROOM];
    return find_socket(w, path) ? ask_at(path, question, NULL) : NULL;
}

/* --- several --- */

/* "/run/fairlead/edge1.sock", ".../edge1/control.sock" */
static void name_of(const char *path, char name[static PATH_ROOM])
{
    char copy[PATH_ROOM];
    snprintf(copy, sizeof copy, "%s", path);
    char *slash = strrchr(copy, '/');
    if (slash && strcmp(slash, "/control.sock") == 0) {
        *slash = 0;
        slash = strrchr(copy, '/');
    }
    snprintf(name, PATH_ROOM, "%s", slash ? slash + 1 : copy);
    size_t n = strlen(name);
    if (n > 5 && strcmp(name + n - 5, ".sock") == 0) name[n - 5] = 0;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static size_t routers_of(const char *lab, char *names[static ROUTERS_MOST])
{
    char path[PATH_ROOM];
    size_t n = 0;
    snprintf(path, sizeof path, RUN_DIR "/lab/%s", lab);
    DIR *d = opendir(path);
    for (struct dirent *e; d && n < ROUTERS_MOST && (e = readdir(d));) {
        char socket[PATH_ROOM * 2];
        snprintf(socket, sizeof socket, "%.260s/%.260s/control.sock", path, e->d_name);
        if (*e->d_name != '.' && access(socket, F_OK) == 0) names[n++] = strdup(e->d_name);
    }
    if (d) closedir(d);
    qsort(names, n, sizeof *names, by_name);
    if (n == 0) fprintf(stderr, "fairlead: no router of a lab called '%.40s' is running\n", lab);
    return n;
}

static int ask_one(const char *path, const char *question, bool of_several,
                   void (*visit)(void *ctx, const char *router, const json_t *answer), void *ctx)
{
    char name[PATH_ROOM];
    name_of(path, name);
    json_t *answer = ask_at(path, question, of_several ? name : NULL);
    if (!answer) return 0;
    visit(ctx, name, answer);
    json_decref(answer);
    return 1;
}

int running_each(const struct running *w, const char *question,
                 void (*visit)(void *ctx, const char *router, const json_t *answer), void *ctx)
{
    char path[PATH_ROOM], *names[ROUTERS_MOST];
    int answered = 0;
    if (w->socket || w->router || !w->lab)
        return find_socket(w, path) ? ask_one(path, question, false, visit, ctx) : 0;
    size_t n = routers_of(w->lab, names);
    for (size_t i = 0; i < n; i++) {
        snprintf(path, sizeof path, RUN_DIR "/lab/%.60s/%.60s/control.sock", w->lab, names[i]);
        answered += ask_one(path, question, true, visit, ctx);
        free(names[i]);
    }
    return answered;
}

int running_read(struct running *w, int argc, char **argv, const char **words, int most)
{
    const struct option_row rows[] = {{"--socket", "-s", &w->socket, NULL},
                                      {"--router", "-r", &w->router, NULL},
                                      {"--lab", "-l", &w->lab, NULL},
                                      {"--output", "-o", &w->output, NULL},
                                      {0}};
    return options_read(rows, argc, argv, words, most);
}
