/* edge/main.c - program fairlead-edge: which of its processes this is. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/text.h"
#include "edge/agent.h"
#include "edge/config.h"
#include "edge/exporter_process.h"
#include "edge/keeper.h"
#include "edge/natsync_process.h"
#include "edge/router_process.h"
#include "edge/validator_process.h"
#include "intent/intent.h"
#include "sys/log.h"

enum { LINK_FD = 3, EXIT_USAGE = 2 };

static const char usage[] =
    "usage: fairlead-edge --config FILE [--check-config]\n"
    "  --config FILE    what this router is (docs/edge-config.md); SIGHUP reads it again\n"
    "  --check-config   only say whether it is good: exit status 0, or 1 with messages\n";

struct words {
    const char *config, *role, *name;
    unsigned workers;
    bool check, help;
};

static bool read_words(int argc, char **argv, struct words *w)
{
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--config") == 0 && i + 1 < argc)
            w->config = argv[++i];
        else if (strncmp(argv[i], "--role=", 7) == 0)
            w->role = argv[i] + 7;
        else if (strncmp(argv[i], "--name=", 7) == 0)
            w->name = argv[i] + 7;
        else if (strncmp(argv[i], "--workers=", 10) == 0)
            w->workers = (unsigned)strtoul(argv[i] + 10, NULL, 10);
        else if (strcmp(argv[i], "--check-config") == 0)
            w->check = true;
        else if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
            w->help = true;
        else
            return false;
    }
    return true;
}

static int check_config(const char *file)
{
    struct config c = {0};
    struct text why = {0};
    bool good = config_read_file(file, &c, &why);
    if (!good) fputs(text_get(&why), stderr);
    if (good) config_drop(&c);
    text_drop(&why);
    return good ? 0 : 1;
}

static int role(const struct words *w)
{
    char who[100];
    snprintf(who, sizeof who, "%s/%s", w->name ? w->name : "edge", w->role);
    log_as(who);
    bool few = w->workers >= 1 && w->workers <= INTENT_WORKERS_MOST;
    if (strcmp(w->role, "router") == 0 && few) return router_process(LINK_FD, w->workers);
    if (strcmp(w->role, "exporter") == 0) return exporter_process(LINK_FD);
    if (strcmp(w->role, "validator") == 0) return validator_process(LINK_FD);
    if (strcmp(w->role, "natsync") == 0) return natsync_process(LINK_FD);
    if (strcmp(w->role, "agent") == 0) return agent_process(LINK_FD);
    return EXIT_USAGE;
}

int main(int argc, char **argv)
{
    struct words w = {0};
    bool understood = read_words(argc, argv, &w);
    if (understood && w.help) return fputs(usage, stdout), 0;
    if (!understood || (!w.role && !w.config)) return fputs(usage, stderr), EXIT_USAGE;
    if (w.role) return role(&w);
    return w.check ? check_config(w.config) : keeper_process(w.config);
}
