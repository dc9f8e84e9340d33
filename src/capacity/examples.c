/* capacity/examples.c - each row computes its figure from the formulas the plan uses; `ours` is
 * written down so that a slip in a formula shows as a failing test. */
#include "capacity/examples.h"

#define EXAMPLE(name, expression)                                                                  \
    static struct exact name(void) { return expression; }

static struct exact to_kbps(struct exact kb_s)
{
    return exact_times(kb_s_to_bps(kb_s), exact_of(1, 1000));
}
static struct exact twice(struct exact x) { return exact_times(x, exact_whole(2)); }
static struct exact mega(struct exact bps) { return exact_times(bps, exact_of(1, 1000000)); }
static struct exact law(int64_t pstn, int64_t audio, int64_t video, int64_t sharing, int64_t sip)
{
    /* 30.9, 25.5, 120, 384 and 1 kbps a stream */
    return exact_of(pstn * 309 + audio * 255 + video * 1200 + sharing * 3840 + sip * 10, 10);
}

/* clang-format off */
EXAMPLE(heavy_average,   mail_average_kb_s(100, mail_kb_per_day(OUTLOOK_CACHED, MAIL_HEAVY, 50)))
EXAMPLE(heavy_peak,      twice(heavy_average()))
EXAMPLE(heavy_peak_kbps, to_kbps(heavy_peak()))
EXAMPLE(web_average,     mail_average_kb_s(100, mail_kb_per_day(OUTLOOK_WEB, MAIL_MEDIUM, 50)))
EXAMPLE(web_peak,        twice(web_average()))
EXAMPLE(web_peak_kbps,   to_kbps(web_peak()))
EXAMPLE(many_average,    mail_average_kb_s(2500, mail_kb_per_day(OUTLOOK_CACHED, MAIL_MEDIUM, 75)))
EXAMPLE(many_peak_mbps,  exact_times(to_kbps(twice(many_average())), exact_of(1, 1000)))
EXAMPLE(files_average,   mega(files_average_bps(500, 200)))
EXAMPLE(files_peak,      twice(files_average()))
EXAMPLE(law_hq,          law(87, 29, 22, 11, 1070))
EXAMPLE(law_regional,    law(29, 10, 11, 4, 345))
EXAMPLE(law_regional_3,  exact_times(law_regional(), exact_whole(3)))
EXAMPLE(law_large,       law(7, 4, 5, 1, 70))
EXAMPLE(law_small,       law(4, 3, 5, 1, 36))
EXAMPLE(law_sum,         exact_plus(exact_plus(law_hq(), law_regional_3()), exact_plus(exact_times(law_large(), exact_whole(24)), exact_times(law_small(), exact_whole(50)))))
EXAMPLE(law_people,      exact_whole(1070 + 3 * 345 + 24 * 70 + 50 * 36))
EXAMPLE(law_need,        mega(need_bps(118358300, 20)))
EXAMPLE(law_sku,         exact_whole(sku_for(118358300, 20)))
EXAMPLE(law_need_half,   mega(need_bps(118358300, 50)))
EXAMPLE(law_sku_half,    exact_whole(sku_for(118358300, 50)))
EXAMPLE(small_audio,     exact_times(exact_whole(streams_of(400, exact_of(1, 10))), exact_of(1006, 10)))
EXAMPLE(lync_audio,      exact_times(exact_whole(streams_of(900, exact_of(1, 10))), exact_of(398, 10)))
EXAMPLE(lync_pstn,       exact_whole(streams_of(450, exact_of(1, 15)) * 60))
EXAMPLE(lync_sum,        exact_plus(lync_audio(), lync_pstn()))
EXAMPLE(nat_printed,     exact_whole(nat_devices_per_address(64000, 4000, 6, 4)))
EXAMPLE(nat_upper,       exact_whole(nat_devices_per_address(64000, 0, 8, 0)))
EXAMPLE(nat_eight,       exact_whole(nat_devices_per_address(64000, 4000, 8, 4)))
EXAMPLE(nat_own,         exact_whole(nat_devices_per_address(64512, 0, 6, 4)))
EXAMPLE(nat_25000,       exact_whole(nat_addresses(25000, 6000)))
EXAMPLE(window_30,       mega(window_limit_bps(TCP_WINDOW, 30000)))
EXAMPLE(window_50,       mega(window_limit_bps(TCP_WINDOW, 50000)))
EXAMPLE(window_60,       mega(window_limit_bps(TCP_WINDOW, 60000)))
EXAMPLE(window_200,      mega(window_limit_bps(TCP_WINDOW, 200000)))
EXAMPLE(bdp_50_60,       bdp_bytes(50000000, 60000))
EXAMPLE(bdp_10g_100,     bdp_bytes(10000000000, 100000))
EXAMPLE(scale_50_60,     exact_whole(window_scale_for(50000000, 60000)))
EXAMPLE(scale_200_30,    exact_whole(window_scale_for(200000000, 30000)))
EXAMPLE(scale_1g_60,     exact_whole(window_scale_for(1000000000, 60000)))
EXAMPLE(scale_10g_100,   exact_whole(window_scale_for(10000000000, 100000)))
EXAMPLE(sku_160,         exact_whole(sku_for(160000000, 20)))
EXAMPLE(sku_160_01,      exact_whole(sku_for(160010000, 20)))
EXAMPLE(sku_200,         exact_whole(sku_for(200000000, 20)))
EXAMPLE(sku_8000,        exact_whole(sku_for(8000000000, 20)))
EXAMPLE(sku_8000_1,      exact_whole(sku_for(8000100000, 20)))
EXAMPLE(ef_hq,           mega(link_for_ef_bps(3953100)))

const struct example capacity_examples[] = {
    {"100 heavy cached users, 50 KB: average", "100 x 5200 / 28800", heavy_average, 4, "KB/s", "18.0556", "18.5", "100 x 5200 / 28800 is 18.06; the page rounded on the way", "EX-BPOS"},
    {"100 heavy cached users, 50 KB: peak", "2 x average", heavy_peak, 4, "KB/s", "36.1111", "37", "twice the wrong average", "EX-BPOS"},
    {"the same in kbps", "x 1024 x 8 / 1000", heavy_peak_kbps, 3, "kbps", "295.822", "", "", "EX-BPOS"},
    {"100 medium web users, 50 KB: average", "100 x 12220 / 28800", web_average, 4, "KB/s", "42.4306", "42.4", "", "EX-BPOS"},
    {"100 medium web users, 50 KB: peak", "2 x average", web_peak, 4, "KB/s", "84.8611", "84.9", "", "EX-BPOS"},
    {"the same in kbps", "x 1024 x 8 / 1000", web_peak_kbps, 3, "kbps", "695.182", "", "", "EX-BPOS"},
    {"2,500 medium cached users, 75 KB: average", "2500 x 3900 / 28800", many_average, 4, "KB/s", "338.5417", "", "", "EX-PROF"},
    {"2,500 medium cached users, 75 KB: peak", "2 x average x 1024 x 8", many_peak_mbps, 5, "Mbps", "5.54667", "", "", "EX-PROF"},
    {"500 installations, 200 MB a day: average", "500 x 200 MB x 8 / 28800", files_average, 4, "Mbps", "27.7778", "", "", "OD"},
    {"500 installations, 200 MB a day: peak", "2 x average", files_peak, 4, "Mbps", "55.5556", "", "", "OD"},
    {"law firm, headquarters", "sum of streams x rate", law_hq, 2, "kbps", "11361.80", "11361.80", "", "SFB-QOS"},
    {"law firm, one regional site", "sum of streams x rate", law_regional, 2, "kbps", "4352.10", "4352.10", "", "SFB-QOS"},
    {"law firm, three regional sites", "3 x 4352.10", law_regional_3, 2, "kbps", "13056.30", "8704.20", "the page multiplied by 2, there are 3 sites", "SFB-QOS"},
    {"law firm, one large branch", "sum of streams x rate", law_large, 2, "kbps", "1372.30", "1372.30", "", "SFB-QOS"},
    {"law firm, one small branch", "sum of streams x rate", law_small, 2, "kbps", "1220.10", "1220.10", "", "SFB-QOS"},
    {"law firm, all 78 sites", "sum over sites", law_sum, 2, "kbps", "118358.30", "114006.20", "carries the missing regional site on; both need 200 Mbps", "SFB-QOS"},
    {"law firm, people", "1070 + 3 x 345 + 24 x 70 + 50 x 36", law_people, 0, "people", "5585", "5580", "the sites add up to 5 more than the headline", "SFB-QOS"},
    {"law firm, circuit needed with 20 % spare", "118.3583 / 0.8", law_need, 6, "Mbps", "147.947875", "", "", "NMP, ER-NP"},
    {"law firm, circuit to order", "smallest size >= needed", law_sku, 0, "Mbps", "200", "200", "", "SFB-QOS"},
    {"law firm, circuit needed with 50 % spare", "118.3583 / 0.5", law_need_half, 4, "Mbps", "236.7166", "", "", "ER-NP"},
    {"law firm, circuit to order with 50 % spare", "smallest size >= needed", law_sku_half, 0, "Mbps", "500", "", "", "ER-NP"},
    {"400 users, medium audio, G.722", "ceil(400 / 10) x 100.6", small_audio, 0, "kbps", "4024", "", "", "SFB-NET"},
    {"900 users medium audio", "ceil(900 / 10) x 39.8", lync_audio, 0, "kbps", "3582", "3582", "", "HP-LYNC"},
    {"450 users light telephone", "ceil(450 / 15) x 60", lync_pstn, 0, "kbps", "1800", "1800", "", "HP-LYNC"},
    {"both", "3582 + 1800", lync_sum, 0, "kbps", "5382", "5382", "", "HP-LYNC"},
    {"NAT, 4000 restricted, 6 ports, factor 4", "floor((64000 - 4000) / (6 + 4))", nat_printed, 0, "devices", "6000", "6000", "", "NAT"},
    {"NAT, 8 connections, no reserve", "floor(64000 / 8)", nat_upper, 0, "devices", "8000", "8000", "", "NAT"},
    {"NAT, 4000 restricted, 8 ports, factor 4", "floor((64000 - 4000) / (8 + 4))", nat_eight, 0, "devices", "5000", "5000", "", "NAT"},
    {"NAT, ports 1024-65535, 6 ports, factor 4", "floor(64512 / (6 + 4))", nat_own, 0, "devices", "6451", "", "", "NAT"},
    {"addresses for 25,000 devices", "ceil(25000 / 6000)", nat_25000, 0, "addresses", "5", "5", "", "NAT"},
    {"one flow, 65,535 byte window, 30 ms", "65535 x 8 / 30 ms", window_30, 4, "Mbps", "17.4760", "", "", "RFC 7323"},
    {"one flow, 65,535 byte window, 50 ms", "65535 x 8 / 50 ms", window_50, 4, "Mbps", "10.4856", "", "", "RFC 7323"},
    {"one flow, 65,535 byte window, 60 ms", "65535 x 8 / 60 ms", window_60, 4, "Mbps", "8.7380", "", "", "RFC 7323"},
    {"one flow, 65,535 byte window, 200 ms", "65535 x 8 / 200 ms", window_200, 4, "Mbps", "2.6214", "", "", "RFC 7323"},
    {"window for 50 Mbps over 60 ms", "50 Mbps x 60 ms / 8", bdp_50_60, 0, "bytes", "375000", "", "", "RFC 7323"},
    {"window for 10 Gbps over 100 ms", "10 Gbps x 100 ms / 8", bdp_10g_100, 0, "bytes", "125000000", "", "", "RFC 7323"},
    {"window scale for 50 Mbps over 60 ms", "65535 x 2^s >= 375000", scale_50_60, 0, "", "3", "", "", "RFC 7323"},
    {"window scale for 200 Mbps over 30 ms", "65535 x 2^s >= 750000", scale_200_30, 0, "", "4", "", "", "RFC 7323"},
    {"window scale for 1 Gbps over 60 ms", "65535 x 2^s >= 7500000", scale_1g_60, 0, "", "7", "", "", "RFC 7323"},
    {"window scale for 10 Gbps over 100 ms", "65535 x 2^s >= 125000000", scale_10g_100, 0, "", "11", "", "", "RFC 7323"},
    {"160 Mbps with 20 % spare", "160 / 0.8 = 200 exactly", sku_160, 0, "Mbps", "200", "", "", "ER-NP"},
    {"160.01 Mbps with 20 % spare", "160.01 / 0.8 = 200.0125", sku_160_01, 0, "Mbps", "500", "", "", "ER-NP"},
    {"200 down, 100 up with 20 % spare", "max / 0.8 = 250", sku_200, 0, "Mbps", "500", "", "", "ER-NP"},
    {"8000 Mbps with 20 % spare", "8000 / 0.8", sku_8000, 0, "Mbps", "10000", "", "", "ER-NP"},
    {"8000.1 Mbps with 20 % spare", "10000.125: none, split", sku_8000_1, 0, "Mbps", "0", "", "", "ER-NP"},
    {"link for the voice of the headquarters", "3953.1 kbps / 30 %", ef_hq, 3, "Mbps", "13.177", "", "", "SFB-QOS"},
    {0},
};
/* clang-format on */
