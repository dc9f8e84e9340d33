/* bench/dataplane/flood.c - frames made in the kernel, sent out of one veth, counted where they come out of
 * another. A veth runs its receiver on the sender's processor, so that the figure is what one processor does
 * for source, path and sink together. Needs root.
 *   flood PROGRAM.bpf.o -g NETNS:DEV -s NETNS:DEV:xdp|tc -d TARGET-MAC [-S STAG -C CTAG] [-f FLOWS] [-6]
 *         [-t SECONDS] [-c CPU] [-a FIRST-ADDRESS] [-A TARGET-ADDRESS]
 *   flood PROGRAM.bpf.o -r NETNS:IN:OUT     frames that arrive at IN leave by OUT, until stdin ends
 * Prints: flows, frames sent, frames that arrived, ns a frame by the clock, ns of processor time a frame. The
 * latter is this thread's and that of the kernel's thread for soft interrupts of the same processor, so that
 * it does not grow when others want the processor as well. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <net/if.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#include "bench/dataplane/flood.h"
#include "sys/bpf_load.h"
#include "sys/whole_file.h"

/* Beginning and ending a run of live frames takes about 20 ms: runs are long. */
enum { RUN = 1 << 18, BATCH = 64, FIRST_PORT = 1024 };

static char *source_at[3], *sink_at[3], *relay_at[3];
static const char *target_mac = "02:00:00:00:00:01", *first_address, *target_address;
static unsigned stag, ctag, flows = 1024, cpu, six;
static double seconds = 1;
static struct bpf_loaded *loaded;
static struct flood_state *state;

static void die(const char *what)
{
    fprintf(stderr, "flood: %s: %s\n", what, strerror(errno));
    exit(1);
}

static void split(char *text, char *to[3])
{
    for (int k = 0; k < 3; k++) to[k] = strtok(k ? NULL : text, ":");
    if (!to[1]) die("want NETNS:DEV");
}

static void enter(const char *netns)
{
    char path[128];
    snprintf(path, sizeof path, "/run/netns/%s", netns);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || setns(fd, CLONE_NEWNET)) die(path);
    close(fd);
}

static unsigned device(const char *name)
{
    unsigned index = if_nametoindex(name);
    if (!index) die(name);
    return index;
}

/* --- the frame --- */

static uint16_t sum_of(const uint8_t *p, size_t n, uint32_t s)
{
    for (size_t k = 0; k < n; k += 2) s += (uint32_t)p[k] << 8 | (k + 1 < n ? p[k + 1] : 0);
    while (s >> 16) s = (s & 0xffff) + (s >> 16);
    return (uint16_t)~s;
}

static void put16(uint8_t *at, unsigned v) { at[0] = (uint8_t)(v >> 8), at[1] = (uint8_t)v; }

static void frame4(uint8_t *ip, unsigned n)
{
    ip[0] = 0x45, ip[8] = 64, ip[9] = 17;
    put16(ip + 2, n);
    if (inet_pton(AF_INET, first_address ? first_address : "10.0.0.2", ip + 12) != 1 ||
        inet_pton(AF_INET, target_address ? target_address : "10.1.0.2", ip + 16) != 1)
        die("address");
    put16(ip + 10, sum_of(ip, 20, 0));
    put16(ip + 20, FIRST_PORT), put16(ip + 22, 443), put16(ip + 24, n - 20);
    put16(ip + 26, sum_of(ip + 12, n - 12, 17 + n - 20));
    state->first = (uint32_t)ip[12] << 24 | (uint32_t)ip[13] << 16 | (uint32_t)ip[14] << 8 | ip[15];
}

/* Protocol 59 (nothing behind): two tags and an IPv6 header leave no room for a UDP header in 64 bytes. */
static void frame6(uint8_t *ip, unsigned n)
{
    ip[0] = 0x60, ip[6] = 59, ip[7] = 64;
    put16(ip + 4, n - 40);
    if (inet_pton(AF_INET6, first_address ? first_address : "2001:db8:a::2", ip + 8) != 1 ||
        inet_pton(AF_INET6, target_address ? target_address : "2001:db8:b::2", ip + 24) != 1)
        die("address");
    state->first = 2;
}

static void make_frame(void)
{
    uint8_t *f = (uint8_t *)state->frame;
    unsigned at = 12, m[6];
    if (sscanf(target_mac, "%x:%x:%x:%x:%x:%x", m, m + 1, m + 2, m + 3, m + 4, m + 5) != 6) die("MAC address");
    for (int k = 0; k < 6; k++) f[k] = (uint8_t)m[k];
    memcpy(f + 6, (uint8_t[]){2, 0, 0, 0, 9, 1}, 6);
    if (ctag) put16(f + at, 0x8100), put16(f + at + 2, stag), put16(f + at + 4, 0x8100), put16(f + at + 6, ctag), at += 8;
    put16(f + at, six ? 0x86dd : 0x0800);
    state->l3 = at + 2, state->six = six, state->mask = flows - 1;
    if (six)
        frame6(f + at + 2, FLOOD_FRAME - at - 2);
    else
        frame4(f + at + 2, FLOOD_FRAME - at - 2);
}

/* --- time --- */

static uint64_t wall(void)
{
    struct timespec s;
    clock_gettime(CLOCK_MONOTONIC, &s);
    return (uint64_t)s.tv_sec * 1000000000u + (uint64_t)s.tv_nsec;
}

static uint64_t ran(const char *pid)
{
    char path[64];
    unsigned long long ns = 0;
    snprintf(path, sizeof path, "/proc/%s/schedstat", pid);
    FILE *f = fopen(path, "r");
    if (!f || fscanf(f, "%llu", &ns) != 1) ns = 0;
    if (f) fclose(f);
    return ns;
}

/* The thread of soft interrupts of processor `cpu`: threads of the kernel have low numbers. */
static void find_softirq(char *out, size_t room)
{
    char path[64], name[32], want[32];
    snprintf(want, sizeof want, "ksoftirqd/%u\n", cpu);
    for (unsigned pid = 2; pid < 400; pid++) {
        snprintf(path, sizeof path, "/proc/%u/comm", pid);
        FILE *f = fopen(path, "r");
        if (f && fgets(name, sizeof name, f) && strcmp(name, want) == 0) snprintf(out, room, "%u", pid);
        if (f) fclose(f);
    }
}

/* --- runs --- */

static void load(const char *file)
{
    struct text bytes = {0}, why = {0};
    if (!file_read(file, 4 << 20, &bytes, &why) || !(loaded = bpf_load(text_get(&bytes), bytes.n, &why))) {
        fprintf(stderr, "flood: %s\n", text_get(&why));
        exit(1);
    }
    state = bpf_map_memory(bpf_loaded_map(loaded, "flood_state"), sizeof *state, 1);
    if (!state) die("tables");
}

static void leave_by(const char *name)
{
    uint32_t zero = 0, port = device(name);
    if (!bpf_map_put(bpf_loaded_map(loaded, "flood_port"), &zero, &port)) die("the port takes no redirected frames");
}

static void send_run(unsigned n)
{
    uint8_t frame[FLOOD_FRAME];
    struct xdp_md md = {.data_end = sizeof frame};
    union bpf_attr a = {0};
    memcpy(frame, state->frame, sizeof frame);
    a.test.prog_fd = (uint32_t)bpf_loaded_program(loaded, "source");
    a.test.data_in = (uint64_t)(uintptr_t)frame;
    a.test.data_size_in = sizeof frame;
    a.test.ctx_in = (uint64_t)(uintptr_t)&md;
    a.test.ctx_size_in = sizeof md;
    a.test.repeat = n;
    a.test.flags = BPF_F_TEST_XDP_LIVE_FRAMES;
    a.test.batch_size = BATCH;
    if (syscall(SYS_bpf, BPF_PROG_TEST_RUN, &a, sizeof a)) die("live frames");
}

static void flood(void)
{
    char softirq[16] = "";
    find_softirq(softirq, sizeof softirq);
    for (uint64_t end = wall() + 200000000; wall() < end || state->sent < flows + flows / 8;) send_run(RUN);
    uint64_t begun = wall(), cpu_begun = ran("self") + ran(softirq), sent = state->sent, arrived = state->arrived;
    while ((double)(wall() - begun) < seconds * 1e9) send_run(RUN);
    double took = (double)(wall() - begun), used = (double)(ran("self") + ran(softirq) - cpu_begun);
    sent = state->sent - sent, arrived = state->arrived - arrived;
    printf("%u %llu %llu %.1f %.1f\n", flows, (unsigned long long)sent, (unsigned long long)arrived, took / (double)arrived,
           used / (double)arrived);
}

static void pin(void)
{
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(cpu, &set);
    if (sched_setaffinity(0, sizeof set, &set)) die("processor");
}

static void attach_sink(struct text *why)
{
    bool tc = sink_at[2] && strcmp(sink_at[2], "tc") == 0;
    unsigned port = device(sink_at[1]);
    if (tc ? !bpf_ingress_attach(port, bpf_loaded_program(loaded, "sink_tc"), why)
           : !bpf_xdp_put(port, bpf_loaded_program(loaded, "sink_xdp"), why)) {
        fprintf(stderr, "flood: %s\n", text_get(why));
        exit(1);
    }
}

static void detach_sink(void)
{
    enter(sink_at[0]);
    bool tc = sink_at[2] && strcmp(sink_at[2], "tc") == 0;
    (void)!(tc ? bpf_ingress_detach(device(sink_at[1])) : bpf_xdp_remove(device(sink_at[1])));
}

static void relay(const char *file)
{
    struct text why = {0};
    char byte;
    enter(relay_at[0]);
    load(file);
    leave_by(relay_at[2]);
    if (!bpf_xdp_put(device(relay_at[1]), bpf_loaded_program(loaded, "relay"), &why)) die(text_get(&why));
    puts("ready"), fflush(stdout);
    while (read(0, &byte, 1) > 0) continue;
    (void)!bpf_xdp_remove(device(relay_at[1]));
}

int main(int argc, char **argv)
{
    struct text why = {0};
    for (int c; (c = getopt(argc, argv, "g:s:d:S:C:f:t:c:a:A:r:6")) != -1;) switch (c) {
        case 'g': split(optarg, source_at); break;
        case 's': split(optarg, sink_at); break;
        case 'r': split(optarg, relay_at); break;
        case 'd': target_mac = optarg; break;
        case 'a': first_address = optarg; break;
        case 'A': target_address = optarg; break;
        case 'S': stag = (unsigned)atoi(optarg); break;
        case 'C': ctag = (unsigned)atoi(optarg); break;
        case 'f': flows = (unsigned)atoi(optarg); break;
        case 't': seconds = atof(optarg); break;
        case 'c': cpu = (unsigned)atoi(optarg); break;
        case '6': six = 1; break;
        default: return 2;
        }
    if (optind >= argc) die("which program?");
    if (relay_at[0]) return relay(argv[optind]), 0;
    if (!source_at[0] || !sink_at[0] || !flows || (flows & (flows - 1))) die("want -g, -s and a power of two for -f");
    enter(source_at[0]); /* the kernel looks for a port where the map is filled */
    load(argv[optind]);
    leave_by(source_at[1]);
    make_frame();
    enter(sink_at[0]);
    attach_sink(&why);
    enter(source_at[0]);
    pin();
    flood();
    detach_sink();
    return 0;
}
