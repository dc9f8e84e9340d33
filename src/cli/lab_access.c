/* cli/lab_access.c - clients for the lab, and opening one that exists. */
#include "cli/lab_access.h"
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "cli/api_client.h"
#include "cli/command.h"
#include "lab/design.h"
#include "lab/drill.h"
#include "sys/control_client.h"

enum { DESIGN_CEILING = 4 << 20 };

/* --- the control plane's clients --- */

static const char *const account_files[LAB_PERSONS] = {
    [PERSON_OPERATOR] = "operator.json",
    [PERSON_CUSTOMER] = "admin.json",
    [PERSON_PROVIDER] = "provider.json",
};

static struct api_client *clients[LAB_PERSONS];

static unsigned call(void *ctx, enum lab_person who, const char *method, const char *path,
                     const json_t *body, json_t **out, struct text *why)
{
    (void)ctx;
    return api_client_call(clients[who], method, path, body, out, why);
}

static const char *subscription(void *ctx, enum lab_person who)
{
    (void)ctx;
    return api_client_subscription(clients[who]);
}

static const struct lab_api *connect_all(const char *dir, struct text *why)
{
    static const struct lab_api api = {NULL, call, subscription};
    char path[512];
    for (size_t i = 0; i < LAB_PERSONS; i++) {
        snprintf(path, sizeof path, "%s/%s", dir, account_files[i]);
        api_client_close(clients[i]);
        clients[i] = api_client_open(path, why);
        if (!clients[i]) return NULL;
    }
    return &api;
}

/* --- a router's control socket --- */

static json_t *ask(const char *socket, const char *what, struct text *why)
{
    enum { PATIENCE_MS = 1000 };
    char question[64];
    struct text answer = {0};
    json_t *json = NULL;
    snprintf(question, sizeof question, "show %s", what);
    if (control_ask(socket, question, duration_ms(PATIENCE_MS), &answer, why)) {
        json = json_loads(text_get(&answer), 0, NULL);
        if (!json) text_addf(why, "what %s answered is no JSON", socket);
    }
    text_drop(&answer);
    return json;
}

const struct lab_hooks lab_client_hooks = {.connect = connect_all, .ask = ask};

/* --- opening --- */

bool lab_name_check(const char *name)
{
    if (lab_name_valid(name)) return true;
    fprintf(stderr,
            "fairlead: a lab's name is a lower-case letter and then letters, digits or '-', at "
            "most %d\n",
            LAB_NAME_MAX);
    return false;
}

static int say(struct text *why)
{
    fprintf(stderr, "fairlead: %s\n", text_get(why));
    text_drop(why);
    return EXIT_ERROR;
}

static int no_such_lab(const char *name)
{
    fprintf(stderr, "fairlead: there is no lab %s; fairlead lab list shows those there are\n",
            name);
    return EXIT_NOT_FOUND;
}

static int lock_lab(struct lab_state *s, const char *name, struct text *why)
{
    switch (lab_state_open(s, name, false, why)) {
    case LAB_OPENED:
        return EXIT_FINE;
    case LAB_NONE:
        return no_such_lab(name);
    case LAB_BUSY:
        text_addf(why, "another command is working on lab %s", name);
        return say(why);
    case LAB_FAILED:
        break;
    }
    return say(why);
}

static bool recover(struct lab *lab, struct text *why)
{
    struct text told = {0};
    bool fine = drill_recover(lab, &told, why);
    if (told.n) fprintf(stderr, "fairlead: %s\n", text_get(&told));
    text_drop(&told);
    return fine;
}

int lab_open_existing(struct opened_lab *o, const char *name, bool quiet)
{
    char design[LAB_PATH_MAX];
    struct text why = {0};
    if (geteuid() != 0) {
        text_add(&why, "working on a lab needs root");
        return say(&why);
    }
    arena_init(&o->arena, DESIGN_CEILING);
    o->lab = (struct lab){.params = &o->params, .hooks = &lab_client_hooks};
    int status = lock_lab(&o->lab.state, name, &why);
    if (status == EXIT_FINE) {
        progress_start(&o->lab.progress, quiet);
        lab_path(&o->lab.state, design, "design.yaml");
        bool fine = lab_params_read(design, o->lab.state.lab, &o->arena, &o->params, &why) &&
                    recover(&o->lab, &why);
        if (fine) return EXIT_FINE;
        lab_state_close(&o->lab.state);
        status = say(&why);
    }
    arena_drop(&o->arena);
    return status;
}

void lab_close_opened(struct opened_lab *o)
{
    lab_state_close(&o->lab.state);
    arena_drop(&o->arena);
}

void lab_recover_if_left(const char *name)
{
    struct lab_state s;
    struct opened_lab o;
    if (!lab_state_peek(&s, name) || !drill_left_over(&s) || geteuid() != 0) return;
    struct text why = {0};
    struct lab_state locked;
    /* A drill that runs holds the lock and its journal is no leftover. */
    enum lab_open opened = lab_state_open(&locked, name, false, &why);
    text_drop(&why);
    if (opened != LAB_OPENED) return;
    lab_state_close(&locked);
    if (lab_open_existing(&o, name, true) == EXIT_FINE) lab_close_opened(&o);
}
