/* edge/front.h - the thread of the router process that speaks with the keeper. It hands messages on to the
 * shards they are for, splits intents by domain, takes in connections that come, and makes one answer of
 * the shards' answers. It never reads a byte of a neighbour. */
#pragma once
#include "edge/bfd_engine.h"

struct front;
/* `shards`: the front's ends of their links. Before system calls are limited. */
struct front *front_new(int keeper, const int *shards, unsigned n, struct bfd_engine *bfd);
void front_ready(struct front *f, const char *how); /* tells the keeper; before front_run */
/* Ends the process when everybody was told of an orderly end, and when the keeper is gone: then without a
 * word to the neighbours, because a new keeper starts a new router, and their graceful restart keeps the
 * routes meanwhile. */
_Noreturn void front_run(struct front *f);
