/* cli/lab_access.h - how the commands of labs get at a lab: the clients that lab/ takes as hooks,
 * and opening a lab by name with its parameters and whatever a killed drill left behind put right.
 */
#pragma once
#include "lab/lab.h"

extern const struct lab_hooks lab_client_hooks;
#define LAB_DEFAULT_NAME "demo"

/* Checks the name. False after a message on stderr. */
MUST_USE bool lab_name_check(const char *name);

struct opened_lab {
    struct arena arena;
    struct lab_params params;
    struct lab lab;
};
/* Locks an existing lab and reads its design; recovers from a killed drill first. EXIT_FINE, or an
 * exit status after a message. */
MUST_USE int lab_open_existing(struct opened_lab *o, const char *name, bool quiet);
void lab_close_opened(struct opened_lab *o);
/* For commands that only look: recovery if nobody holds the lab, and nothing otherwise. */
void lab_recover_if_left(const char *name);
