/* capacity/media.h - rates of voice, video and sharing, and the quality targets of media paths.
 * Pure tables with their sources; rates are bits per second, one way, per stream. */
#pragma once
#include "base/defs.h"

enum workload {
    WORK_P2P_AUDIO,
    WORK_P2P_VIDEO,
    WORK_CONF_AUDIO,
    WORK_CONF_VIDEO,
    WORK_SHARING,
    WORK_PSTN,
    WORK_SIP,
    WORKLOADS
};
enum media_class { MEDIA_EF, MEDIA_AF41, MEDIA_AF21, MEDIA_BEST_EFFORT, MEDIA_CLASSES };
enum media_edition {
    EDITION_TEAMS,
    EDITION_SKYPE_MAX,
    EDITION_SKYPE_FEC,
    EDITION_SKYPE_TYPICAL,
    EDITIONS
};

struct workload_row {
    const char *name; /* "conference-audio" */
    enum media_class class;
    bool on_circuit; /* peer-to-peer media stays on the WAN between sites */
    struct {
        int64_t up_bps, down_bps;
    } rate[EDITIONS];
};
extern const struct workload_row workload_rows[WORKLOADS];
extern const char *const workload_names[]; /* ended by NULL */
extern const char *const edition_names[];  /* "teams", "skype-max", "skype-fec", "skype-typical" */
const char *media_class_text(enum media_class c);

/* --- quality targets: every value must be strictly below its limit --- */
enum media_metric {
    METRIC_ONE_WAY,
    METRIC_RTT,
    METRIC_BURST,
    METRIC_LOSS,
    METRIC_JITTER,
    METRIC_REORDER,
    METRICS
};
enum media_segment { SEGMENT_CLIENT, SEGMENT_EDGE, SEGMENTS };
struct metric_row {
    const char *name, *unit;
    double limit[SEGMENTS]; /* client to service edge, customer edge to service edge */
    const char *window;     /* over which the value is the worst */
};
extern const struct metric_row metric_rows[METRICS];

enum { SAMPLES_LEAST = 1008, SAMPLES_APART_S = 600, SAMPLE_PERCENTILE = 90 };

/* Nearest rank: the ceil(percent/100*n)-th in ascending order. Sorts v. n > 0. */
double percentile(double *v, size_t n, unsigned percent);

enum media_verdict { MEDIA_PASS, MEDIA_FAIL, MEDIA_UNKNOWN };
/* Unknown below 1008 samples (one every ten minutes for a week). *out_value gets the percentile,
 * also then. Sorts v. */
enum media_verdict media_judge(enum media_metric m, enum media_segment s, double *v, size_t n,
                               double *out_value);
/* The worst share of lost packets, in percent, in any window of `window` consecutive packets
 * (50 packets a second: 10 are 200 ms, 750 are 15 s). Fewer packets than a window: all of them. */
double worst_loss_percent(const bool *lost, size_t n, size_t window);
