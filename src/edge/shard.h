/* edge/shard.h - a worker of the router process: some of the router's domains, in a thread of its own with
 * a loop, a router object and connections of its own. Shards share no memory; each speaks with the front
 * (front.h) over a link, in the same messages the front speaks with the keeper. */
#pragma once
#include "edge/bfd_engine.h"

enum {
    SHARDS_MOST = INTENT_WORKERS_MOST,
    SHARD_TOKEN_BITS = 28,  /* of a request's token; the front uses the others to say whose it is */
    SHARD_TOKEN_MASK = (1 << SHARD_TOKEN_BITS) - 1,
    DOMAIN_BITS = 12,       /* of a domain's number in a route distinguisher; above: the shard's */
};

struct problems;
/* What an intent was refused for, on one line; at most LINK_TEXT_MAX octets. */
void shard_describe(const struct problems *problems, struct text *out);

struct shard;
/* `fd`: its end of the link. Before system calls are limited. */
struct shard *shard_new(unsigned number, int fd, struct bfd_engine *bfd);
_Noreturn void shard_run(struct shard *sh);
