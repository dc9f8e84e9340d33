/* net/asn.h - AS numbers and who may use them. Pure. */
#pragma once
#include "base/defs.h"

enum {
    ASN_CLOUD = 12076,   /* the cloud side of every peering */
    ASN_GATEWAY = 65515, /* virtual network gateways */
    ASN_TRANS = 23456,   /* RFC 6793 */
};

bool asn_is_private(uint32_t asn); /* RFC 6996 */

enum asn_refusal {
    ASN_USABLE,
    ASN_ZERO,           /* RFC 7607 */
    ASN_IS_TRANS,       /* RFC 6793 */
    ASN_IS_CLOUD,       /* 12076, 8074, 8075 */
    ASN_IS_RESERVED,    /* 65515..65520: kept by the service */
    ASN_IS_DOCUMENTATION, /* 64496..64511, 65536..65551 (RFC 5398) */
    ASN_IS_LAST,        /* 65535, 4294967295 (RFC 7300) */
};
/* May a customer use this number as peer ASN? Checklist row NET-BGP-02. */
enum asn_refusal asn_check_peer(uint32_t asn);
const char *asn_refusal_text(enum asn_refusal r);
