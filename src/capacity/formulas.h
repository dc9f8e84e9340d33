/* capacity/formulas.h - one function a formula, all pure. Units: bps = bits per second, one way; KB
 * = 1024 bytes; MB of files = 10^6 bytes. Sources are named beside each. */
#pragma once
#include "capacity/exact.h"

enum {
    HEADROOM_LEAST = 20, /* percent, for the busiest day */
    HEADROOM_WASTE = 80,
    WORK_DAY_S = 8 * 3600,
    PEAK_TIMES = 2, /* peak = twice the average of the working day */
    NAT_PORTS = 64000,
    NAT_PEAK_FACTOR = 4,
    NAT_CLIENTS_OLD_RULE = 2000,
    TCP_WINDOW = 65535,
    TCP_SCALE_MOST = 14, /* RFC 7323 */
    EF_SHARE_MOST = 30,  /* percent of any link */
    PRIVATE_IPV4_STANDARD = 4000,
    PRIVATE_IPV4_PREMIUM = 10000,
    PRIVATE_IPV6 = 100,
    MICROSOFT_PREFIXES = 200,
};

/* ceil(users * concurrency) */
int64_t streams_of(int64_t users, struct exact concurrency);

/* --- circuit size: need = demand / (1 - headroom) --- */
struct exact need_bps(int64_t demand_bps, unsigned headroom_percent);
extern const unsigned sku_ladder_mbps[];                         /* ended by 0 */
unsigned sku_for(int64_t demand_bps, unsigned headroom_percent); /* Mbps; 0: none is large enough */
/* Spare of a bought rate, in percent of it: (bought - demand) / bought. May be negative. */
struct exact spare_percent(int64_t bought_bps, int64_t demand_bps);

/* --- Exchange: published profiles at 75 KB mean message size --- */
enum mail_client { OUTLOOK_ONLINE, OUTLOOK_CACHED, OUTLOOK_ANYWHERE, OUTLOOK_WEB, MAIL_CLIENTS };
enum mail_profile { MAIL_LIGHT, MAIL_MEDIUM, MAIL_HEAVY, MAIL_VERY_HEAVY, MAIL_PROFILES };
extern const char *const mail_client_names[]; /* ended by NULL */
extern const char *const mail_profile_names[];
struct exact mail_kb_per_day(enum mail_client c, enum mail_profile p, int64_t message_kb);
struct exact mail_average_kb_s(int64_t users, struct exact kb_per_day);
struct exact kb_s_to_bps(struct exact kb_s);

/* --- files: installations * bytes changed a day * 8 / working day, peak twice that --- */
struct exact files_average_bps(int64_t installs, int64_t mb_per_day);

/* --- NAT: floor((ports - restricted) / (peak ports + peak factor)) --- */
int64_t nat_devices_per_address(int64_t ports, int64_t restricted, int64_t peak_ports,
                                int64_t factor);
int64_t nat_addresses(int64_t devices, int64_t per_address);

/* --- TCP --- */
struct exact window_limit_bps(int64_t window_bytes, int64_t rtt_us);
struct exact bdp_bytes(int64_t rate_bps, int64_t rtt_us);
/* Smallest s with 65535 * 2^s >= BDP; -1 if even 14 is too small. */
int window_scale_for(int64_t rate_bps, int64_t rtt_us);
/* Mathis: MSS * 8 / RTT * sqrt(1.5) / sqrt(p), bits per second. */
double mathis_bps(int64_t mss_bytes, int64_t rtt_us, double loss);

/* --- voice class: rate needed so that EF is at most 30 % of the link --- */
struct exact link_for_ef_bps(int64_t ef_bps);
