/* tagmux-join NS PORT S C INNER - for the stand-in of fairlead-edge: frames of PORT with tags S.C go to
 * INNER untagged, and back. Ports that carry several mappings keep their multiplexer. */
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include "sys/netns.h"
#include "sys/tagmux.h"

int main(int argc, char **argv)
{
    struct text why = {0};
    struct netns_visit v;
    char path[256];
    if (argc != 6) return 2;
    snprintf(path, sizeof path, "/run/netns/%s", argv[1]);
    if (!netns_enter(&v, path, &why)) return fprintf(stderr, "%s\n", text_get(&why)), 1;
    unsigned port = if_nametoindex(argv[2]), inner = if_nametoindex(argv[5]);
    struct tags tags = {(uint16_t)atoi(argv[3]), (uint16_t)atoi(argv[4])};
    struct tagmux *m = tagmux_open(&why);
    bool joined = m && tagmux_attach(m, port, &why) && tagmux_attach(m, inner, &why) &&
                  tagmux_set(m, port, tags, &(struct tagmux_to){.ifindex = inner}, &why) &&
                  tagmux_set(m, inner, (struct tags){0, 0}, &(struct tagmux_to){.ifindex = port, .tags = tags},
                             &why);
    if (!joined) fprintf(stderr, "%s\n", text_get(&why));
    return !joined;
}
