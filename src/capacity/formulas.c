/* capacity/formulas.c - the arithmetic of the planning guides, exact where they are linear. */
#include "capacity/formulas.h"
#include <math.h>

int64_t streams_of(int64_t users, struct exact concurrency)
{
    return exact_ceil(exact_times(exact_whole(users), concurrency));
}

struct exact need_bps(int64_t demand_bps, unsigned headroom_percent)
{
    return exact_of(demand_bps * 100, 100 - (int64_t)headroom_percent);
}

const unsigned sku_ladder_mbps[] = {50, 100, 200, 500, 1000, 2000, 5000, 10000, 0};

unsigned sku_for(int64_t demand_bps, unsigned headroom_percent)
{
    int64_t left = 100 - (int64_t)headroom_percent;
    for (const unsigned *s = sku_ladder_mbps; *s; s++)
        if ((int64_t)*s * 1000000 * left >= demand_bps * 100) return *s;
    return 0;
}

struct exact spare_percent(int64_t bought_bps, int64_t demand_bps)
{
    return exact_of((bought_bps - demand_bps) * 100, bought_bps);
}

const char *const mail_client_names[] = {"online", "cached", "anywhere", "web", NULL};
const char *const mail_profile_names[] = {"light", "medium", "heavy", "very-heavy", NULL};

/* clang-format off */
static const int64_t mail_kb[MAIL_CLIENTS][MAIL_PROFILES] = {
    /*                    light  medium   heavy  very heavy */
    [OUTLOOK_ONLINE]   = { 4050,   8115,  16215,  24315},
    [OUTLOOK_CACHED]   = { 1950,   3900,   7800,  11700},
    [OUTLOOK_ANYWHERE] = { 2310,   4635,   9255,  13875},
    [OUTLOOK_WEB]      = { 9285,  18330,  36405,  54495},
};
/* clang-format on */

struct exact mail_kb_per_day(enum mail_client c, enum mail_profile p, int64_t message_kb)
{
    return exact_of(mail_kb[c][p] * message_kb, 75);
}

struct exact mail_average_kb_s(int64_t users, struct exact kb_per_day)
{
    return exact_times(exact_of(users, WORK_DAY_S), kb_per_day);
}

struct exact kb_s_to_bps(struct exact kb_s) { return exact_times(kb_s, exact_whole(1024 * 8)); }

struct exact files_average_bps(int64_t installs, int64_t mb_per_day)
{
    return exact_times(exact_of(installs * mb_per_day, WORK_DAY_S), exact_whole(8000000));
}

int64_t nat_devices_per_address(int64_t ports, int64_t restricted, int64_t peak_ports,
                                int64_t factor)
{
    int64_t per_device = peak_ports + factor;
    return per_device > 0 && ports > restricted ? (ports - restricted) / per_device : 0;
}

int64_t nat_addresses(int64_t devices, int64_t per_address)
{
    return per_address > 0 ? (devices + per_address - 1) / per_address : 0;
}

struct exact window_limit_bps(int64_t window_bytes, int64_t rtt_us)
{
    return exact_of(window_bytes * 8 * 1000000, rtt_us);
}

struct exact bdp_bytes(int64_t rate_bps, int64_t rtt_us)
{
    return exact_times(exact_of(rate_bps, 8), exact_of(rtt_us, 1000000));
}

int window_scale_for(int64_t rate_bps, int64_t rtt_us)
{
    struct exact bdp = bdp_bytes(rate_bps, rtt_us);
    for (int s = 0; s <= TCP_SCALE_MOST; s++)
        if (exact_compare(exact_whole((int64_t)TCP_WINDOW << s), bdp) >= 0) return s;
    return -1;
}

double mathis_bps(int64_t mss_bytes, int64_t rtt_us, double loss)
{
    return (double)mss_bytes * 8 * 1e6 / (double)rtt_us * sqrt(1.5) / sqrt(loss);
}

struct exact link_for_ef_bps(int64_t ef_bps) { return exact_of(ef_bps * 100, EF_SHARE_MOST); }
