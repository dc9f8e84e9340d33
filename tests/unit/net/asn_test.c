#include "check.h"
#include "net/asn.h"

static void every_range_has_both_its_ends(void **state)
{
    (void)state;
    static const struct {
        uint32_t asn;
        enum asn_refusal why;
    } rows[] = {
        {0, ASN_ZERO},           {1, ASN_USABLE},           {8073, ASN_USABLE},
        {8074, ASN_IS_CLOUD},    {8075, ASN_IS_CLOUD},      {12076, ASN_IS_CLOUD},
        {23456, ASN_IS_TRANS},   {64495, ASN_USABLE},       {64496, ASN_IS_DOCUMENTATION},
        {64511, ASN_IS_DOCUMENTATION}, {64512, ASN_USABLE}, {65514, ASN_USABLE},
        {65515, ASN_IS_RESERVED}, {65520, ASN_IS_RESERVED}, {65521, ASN_USABLE},
        {65535, ASN_IS_LAST},    {65551, ASN_IS_DOCUMENTATION}, {65552, ASN_USABLE},
        {4294967294u, ASN_USABLE}, {4294967295u, ASN_IS_LAST},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        if (asn_check_peer(rows[i].asn) != rows[i].why) fail_msg("AS %u", rows[i].asn);
}

static void private_ranges(void **state)
{
    (void)state;
    assert_true(asn_is_private(64512) && asn_is_private(65534) && asn_is_private(4200000000u));
    assert_false(asn_is_private(64511) || asn_is_private(65535) || asn_is_private(4294967295u));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_range_has_both_its_ends),
        cmocka_unit_test(private_ranges),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
