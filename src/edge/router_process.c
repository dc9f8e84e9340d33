/* edge/router_process.c - the threads of the router process: the front, which speaks with the keeper, the
 * shards, of which the first is the thread the process began with, and BFD. All of them run before system
 * calls are limited, and none reads a byte before that: what the C library asks of the kernel for a new
 * thread is done by then, and the list of calls needs nothing of it. */
#include "edge/router_process.h"
#include <jansson.h>
#include <malloc.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include "edge/front.h"
#include "edge/shard.h"
#include "sys/confine.h"
#include "sys/link.h"
#include "sys/log.h"

struct thread {
    struct process *process;
    pthread_t id;
    char name[16];
    struct front *front; /* either this ... */
    struct shard *shard; /* ... or that */
};

struct process {
    pthread_barrier_t running, confined; /* all threads run; they may begin */
    struct thread threads[1 + SHARDS_MOST];
    size_t threads_n;
};

static void work(const struct thread *t)
{
    pthread_barrier_wait(&t->process->confined);
    if (t->front) front_run(t->front);
    shard_run(t->shard);
}

static void *begin(void *ctx)
{
    const struct thread *t = ctx;
    prctl(PR_SET_NAME, t->name);
    pthread_barrier_wait(&t->process->running);
    work(t);
    return NULL;
}

static int compare_octets(const void *a, const void *b) { return *(const char *)a - *(const char *)b; }

/* Libraries that would open files or ask the system later do it now, before that is forbidden. */
static void settle_libraries(unsigned workers)
{
    size_t seed = 0;
    char many[2048] = {0};
    qsort(many, sizeof many, 1, compare_octets); /* asks once how much memory there is: sysinfo */
    if (getrandom(&seed, sizeof seed, 0) != sizeof seed) abort();
    json_object_seed(seed | 1);                /* else from /dev/urandom */
    mallopt(M_ARENA_MAX, (int)workers + 1);    /* else by the number of processors, from /sys */
}

/* The front and the shards; the first shard is the calling thread's. */
static void make_threads(struct process *p, int keeper, unsigned workers, struct bfd_engine *bfd)
{
    int fronts[SHARDS_MOST];
    for (unsigned i = 0; i < workers; i++) {
        int pair[2];
        if (!link_pair(pair)) abort();
        fronts[i] = pair[0];
        struct thread *t = &p->threads[i];
        *t = (struct thread){.process = p, .shard = shard_new(i, pair[1], bfd)};
        snprintf(t->name, sizeof t->name, "shard-%u", i);
    }
    p->threads[workers] = (struct thread){.process = p, .name = "front", .front = front_new(keeper, fronts, workers, bfd)};
    p->threads_n = workers + 1;
    pthread_barrier_init(&p->running, NULL, workers + 1);
    pthread_barrier_init(&p->confined, NULL, workers + 1);
    for (size_t i = 1; i < p->threads_n; i++)
        if (pthread_create(&p->threads[i].id, NULL, begin, &p->threads[i]) != 0) abort();
    pthread_barrier_wait(&p->running);
}

int router_process(int keeper, unsigned workers)
{
    static struct process p;
    struct text how = {0}, why = {0};
    settle_libraries(workers);
    bool confined = confine_router_rights(&how, &why);
    if (confined) {
        struct bfd_engine *bfd = bfd_engine_start();
        confine_router_share_time();
        make_threads(&p, keeper, workers, bfd);
        confined = confine_router_calls(&how, &why);
    }
    if (!confined) {
        log_line(LOG_LINE_ERROR, "not-confined", "", "%s", text_get(&why));
        return 1;
    }
    text_addf(&how, " workers=%u", workers);
    front_ready(p.threads[workers].front, text_get(&how));
    text_drop(&how);
    work(&p.threads[0]);
    return 0;
}
