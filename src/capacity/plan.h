/* capacity/plan.h - a capacity plan: sites, people and circuits in, figures with formula and
 * assumption out, judged. Pure; arena memory. Rates are bits per second; both directions are
 * computed and the larger one counts, because circuits are full duplex. */
#pragma once
#include "base/arena.h"
#include "capacity/formulas.h"
#include "capacity/media.h"

struct persona {
    const char *name;
    struct exact concurrency[WORKLOADS]; /* streams per user; sip: 1 = every user is signed in */
    bool mail;
    enum mail_client mail_client;
    enum mail_profile mail_profile;
    uint32_t message_kb;
    uint32_t files_mb_day; /* changed per installation and day */
    uint32_t installs;     /* computers per user that sync */
    uint32_t devices;      /* behind NAT, per user */
};

struct site_users {
    const char *persona;
    uint32_t count;
};

enum { STREAMS_FROM_PERSONAS = 0 };

struct plan_site {
    const char *name, *region;
    uint32_t copies;
    struct site_users *users;
    size_t user_kinds;
    bool streams_given; /* integer counts instead of personas for media */
    uint32_t streams[WORKLOADS];
    struct exact rate_kbps[WORKLOADS]; /* num 0: of the edition */
    struct exact measured_up_kbps,
        measured_down_kbps;    /* num 0: not measured; overrides the estimate */
    uint32_t remote_users;     /* travelling, without VPN: never counted, only reported */
    struct exact access_mbps;  /* num 0: not given */
    uint32_t rtt_us;           /* to the service edge; 0: not given */
    struct exact flow_mbps;    /* one TCP flow should reach this; num 0: not asked */
    struct exact loss_percent; /* for the loss limit; num 0: not asked */
    uint32_t window_bytes;     /* what end hosts announce; 0: not given */
};

struct plan_circuit {
    const char *name, *region, *location;
    uint32_t mbps;
    struct exact ef_mbps; /* bought voice class; num 0: not given */
};

struct plan_pool {
    const char *name, *circuit;
    uint32_t addresses, ports, restricted, peak_ports, peak_factor;
    bool measured;
    uint32_t devices; /* 0: all devices of the circuit's region (N-1) */
};

struct plan_prefixes {
    const char *circuit;
    uint32_t private_ipv4, private_ipv6, microsoft;
    bool premium;
};

struct plan_samples {
    const char *name;
    enum media_segment segment;
    double *v[METRICS];
    size_t n[METRICS];
};

struct capacity_input {
    const char *name;
    uint32_t headroom;
    enum media_edition edition;
    struct persona *personas;
    size_t persona_count;
    struct plan_site *sites;
    size_t site_count;
    struct plan_circuit *circuits;
    size_t circuit_count;
    struct plan_pool *pools;
    size_t pool_count;
    struct plan_prefixes *prefixes;
    size_t prefix_count;
    struct plan_samples *samples;
    size_t sample_count;
};

/* --- what comes out --- */

struct figure {
    const char *subject, *name, *unit;
    const char *value;      /* exact, trailing zeros cut */
    const char *formula;    /* with the numbers put in */
    const char *assumption; /* "" if none */
    const char *source;
};
enum judgement { JUDGED_PASS, JUDGED_FAIL, JUDGED_WARN, JUDGED_NOTE, JUDGED_UNKNOWN };
const char *judgement_text(enum judgement j);
struct verdict {
    const char *row; /* of the checklist: "CAP-03" */
    const char *subject, *message;
    enum judgement judgement;
};

struct site_load {
    const struct plan_site *site;
    bool measured;
    int64_t streams[WORKLOADS];
    int64_t up_bps[WORKLOADS], down_bps[WORKLOADS];
    int64_t mail_bps, files_bps;              /* each way */
    int64_t circuit_up_bps, circuit_down_bps; /* one site */
    int64_t wan_bps;                          /* peer-to-peer, larger direction */
    int64_t class_bps[MEDIA_CLASSES];         /* larger direction, peer-to-peer included */
    int64_t users, devices;
};
struct region_load {
    const char *region;
    int64_t up_bps, down_bps, ef_bps, devices;
    unsigned sku_mbps; /* smallest that carries it alone; 0: none */
};

struct capacity_report {
    const struct capacity_input *in;
    struct site_load *sites;
    struct region_load *regions;
    size_t region_count;
    struct figure *figures;
    size_t figure_count, figure_room;
    struct verdict *verdicts;
    size_t verdict_count, verdict_room;
    struct arena *arena;
    bool full; /* the arena's ceiling was met: the report is not whole */
};

/* False: arena full, or a site names a persona that is not there (checked by the reader). */
MUST_USE bool capacity_plan(const struct capacity_input *in, struct arena *a,
                            struct capacity_report *out);
