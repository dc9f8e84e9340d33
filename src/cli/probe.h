/* cli/probe.h - one run of the STAMP sender, for the commands that probe. */
#pragma once
#include "proto/stamp.h"

enum { PROBE_PATIENCE_MS = 1000 };

struct probe_target {
    struct addr to, source; /* source none: the kernel's choice */
    uint16_t port;
};

/* Until all is sent and answered, or nothing comes any more, or ^C. False after a message; else *out is
 * the caller's to drop. */
MUST_USE bool probe_run(const struct probe_target *t, const struct stamp_conf *conf, struct stamp_sender *out);

/* Words of the command line. False after a message. */
MUST_USE bool probe_number(const char *what, const char *s, long long least, long long most, long long *out);
MUST_USE bool probe_address(const char *what, const char *s, struct addr *out);

int probe_classes_command(int argc, char **argv);
