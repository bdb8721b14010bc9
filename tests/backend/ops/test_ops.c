/* SPDX-License-Identifier: Apache-2.0 */
/* Every case of every table (harness.h), one test each; and that no op is without a case. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "harness.h"

static void test_case(void **state) {
    char text[512] = "";
    if (fvi_case_run(*state, text, sizeof text)) fail_msg("%s", text);
}

static void test_every_kind_has_a_case(void **state) {
    (void)state;
    int count = 0, missing = 0, seen[FVI_KIND_COUNT] = {0};
    const fvi_case_table *const *tables = fvi_case_tables(&count);
    for (int t = 0; t < count; t++)
        for (int i = 0; i < tables[t]->count; i++) seen[tables[t]->cases[i].kind]++;
    for (int k = 0; k < FVI_KIND_COUNT; k++) {
        if (seen[k] || k == FVI_OPAQUE) continue; /* that one is never run */
        print_error("%s has no case in tests/ops\n", fvi_kind_name((fvi_kind)k));
        missing++;
    }
    assert_int_equal(missing, 0);
}

/* Usage: test_ops [TABLE...]: only these tables. */
static int chosen(const char *table, int argc, char **argv) {
    for (int i = 1; i < argc; i++)
        if (!strcmp(argv[i], table)) return 1;
    return argc < 2;
}

int main(int argc, char **argv) {
    int count = 0, total = 1, n = 0;
    const fvi_case_table *const *tables = fvi_case_tables(&count);
    for (int t = 0; t < count; t++) total += tables[t]->count;
    struct CMUnitTest *tests = calloc((size_t)total, sizeof *tests);
    char(*names)[160] = calloc((size_t)total, sizeof *names);
    if (!tests || !names) return 1;
    for (int t = 0; t < count; t++)
        for (int i = 0; i < tables[t]->count && chosen(tables[t]->name, argc, argv); i++, n++) {
            const fvi_case *c = &tables[t]->cases[i];
            snprintf(names[n], sizeof *names, "%s: %s", tables[t]->name, c->name);
            tests[n] = (struct CMUnitTest){names[n], test_case, NULL, NULL, (void *)(uintptr_t)c};
        }
    if (argc < 2) tests[n++] = (struct CMUnitTest)cmocka_unit_test(test_every_kind_has_a_case);
    int bad = _cmocka_run_group_tests("ops", tests, (size_t)n, NULL, NULL);
    free(names);
    free(tests);
    return bad != 0;
}
