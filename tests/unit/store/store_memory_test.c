#include "store_suite.h"

int main(void)
{
    const struct CMUnitTest tests[] = {STORE_SUITE};
    suite_fresh = store_memory_new;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
