/* net/asn.c - the ranges a peer ASN may not come from, as rows. */
#include "net/asn.h"

bool asn_is_private(uint32_t asn)
{
    return (asn >= 64512 && asn <= 65534) || (asn >= 4200000000u && asn <= 4294967294u);
}

static const struct asn_range {
    uint32_t first, last;
    enum asn_refusal why;
} refused[] = {
    {0, 0, ASN_ZERO},
    {8074, 8075, ASN_IS_CLOUD},
    {12076, 12076, ASN_IS_CLOUD},
    {23456, 23456, ASN_IS_TRANS},
    {64496, 64511, ASN_IS_DOCUMENTATION},
    {65515, 65520, ASN_IS_RESERVED},
    {65535, 65535, ASN_IS_LAST},
    {65536, 65551, ASN_IS_DOCUMENTATION},
    {4294967295u, 4294967295u, ASN_IS_LAST},
};

enum asn_refusal asn_check_peer(uint32_t asn)
{
    for (size_t i = 0; i < ARRAY_LEN(refused); i++)
        if (asn >= refused[i].first && asn <= refused[i].last) return refused[i].why;
    return ASN_USABLE;
}

const char *asn_refusal_text(enum asn_refusal r)
{
    static const char *const texts[] = {
        [ASN_USABLE] = "usable",
        [ASN_ZERO] = "AS 0 is never a speaker (RFC 7607)",
        [ASN_IS_TRANS] = "23456 is AS_TRANS (RFC 6793)",
        [ASN_IS_CLOUD] = "8074, 8075 and 12076 belong to the cloud side",
        [ASN_IS_RESERVED] = "65515 to 65520 are kept by the service",
        [ASN_IS_DOCUMENTATION] = "64496-64511 and 65536-65551 are for documentation (RFC 5398)",
        [ASN_IS_LAST] = "65535 and 4294967295 are reserved (RFC 7300)",
    };
    return texts[r];
}
