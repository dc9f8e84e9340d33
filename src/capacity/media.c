/* capacity/media.c - rates and targets. Skype columns: network requirements of Skype for Business
 * (typical, most without and with forward error correction); Teams: its bandwidth table of 2019 and
 * later, which gives no audio meeting, telephone or signalling figure: one audio rate serves all.
 */
#include "capacity/media.h"
#include <stdlib.h>

/* clang-format off */
const struct workload_row workload_rows[WORKLOADS] = {
    /* name               class              circuit     Teams                Skype max           with FEC             typical */
    [WORK_P2P_AUDIO]  = {"p2p-audio",        MEDIA_EF,   false, {{  30000,   30000}, {  69000,   69000}, { 105000,  105000}, {  44300,  44300}}},
    [WORK_P2P_VIDEO]  = {"p2p-video",        MEDIA_AF41, false, {{1200000, 1200000}, {4010000, 4010000}, {4010000, 4010000}, { 460000, 460000}}},
    [WORK_CONF_AUDIO] = {"conference-audio", MEDIA_EF,   true,  {{  30000,   30000}, { 100600,  100600}, { 164600,  164600}, {  46100,  46100}}},
    [WORK_CONF_VIDEO] = {"conference-video", MEDIA_AF41, true,  {{ 500000, 1000000}, {8015000, 8015000}, {8015000, 8015000}, { 270000, 260000}}},
    [WORK_SHARING]    = {"sharing",          MEDIA_AF21, true,  {{ 130000,  130000}, { 384000,  384000}, { 384000,  384000}, { 384000, 384000}}},
    [WORK_PSTN]       = {"pstn",             MEDIA_EF,   true,  {{  30000,   30000}, {  97000,   97000}, { 161000,  161000}, {  64800,  64800}}},
    [WORK_SIP]        = {"sip",              MEDIA_BEST_EFFORT, true, {{1000,  1000}, {   1000,    1000}, {   1000,    1000}, {   1000,   1000}}},
};

const char *const workload_names[] = {"p2p-audio", "p2p-video", "conference-audio", "conference-video",
                                      "sharing", "pstn", "sip", NULL};
const char *const edition_names[] = {"teams", "skype-max", "skype-fec", "skype-typical", NULL};

const struct metric_row metric_rows[METRICS] = {
    /*                   name       unit   client edge   window */
    [METRIC_ONE_WAY] = {"one_way", "ms", {  50,   30},    ""},
    [METRIC_RTT]     = {"rtt",     "ms", { 100,   60},    ""},
    [METRIC_BURST]   = {"burst",   "%",  {  10,    1},    "any 200 ms"},
    [METRIC_LOSS]    = {"loss",    "%",  {   1,    0.1},  "any 15 s"},
    [METRIC_JITTER]  = {"jitter",  "ms", {  30,   15},    "any 15 s"},
    [METRIC_REORDER] = {"reorder", "%",  {   0.05, 0.01}, ""},
};
/* clang-format on */

const char *media_class_text(enum media_class c)
{
    static const char *const names[] = {"EF", "AF41", "AF21", "best effort"};
    return names[c];
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

double percentile(double *v, size_t n, unsigned percent)
{
    qsort(v, n, sizeof *v, by_value);
    size_t rank = (n * percent + 99) / 100;
    return v[rank ? rank - 1 : 0];
}

enum media_verdict media_judge(enum media_metric m, enum media_segment s, double *v, size_t n,
                               double *out_value)
{
    *out_value = n ? percentile(v, n, SAMPLE_PERCENTILE) : 0;
    if (n < SAMPLES_LEAST) return MEDIA_UNKNOWN;
    return *out_value < metric_rows[m].limit[s] ? MEDIA_PASS : MEDIA_FAIL;
}

double worst_loss_percent(const bool *lost, size_t n, size_t window)
{
    size_t in = 0, worst = 0, span = n < window ? n : window;
    if (!span) return 0;
    for (size_t i = 0; i < n; i++) {
        in += lost[i];
        if (i >= span) in -= lost[i - span];
        if (i + 1 >= span && in > worst) worst = in;
    }
    return 100.0 * (double)worst / (double)span;
}
