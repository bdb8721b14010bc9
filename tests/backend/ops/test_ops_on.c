/* SPDX-License-Identifier: Apache-2.0 */
/* The cases of every table on a device of a plug-in: forward against the reference, gradients
 * against its central differences.
 *
 * Usage: test_ops_on PLUGIN.so EVERY [TABLE...]: every EVERY-th case (each is two programs to be
 * compiled) of these tables. PLUGIN.so '': that of $FOVEA_TEST_PLUGIN; without one it is skipped. A
 * line a table says how far its cases are off, of the largest number of each array.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "backend/stablehlo/stablehlo.h"
#include "harness.h"

static fvi_device *device;

/* Of a table: the cases that were right, and how far off output and gradients are at most. */
static int right;
static double worst[2];

static void test_case(void **state) {
    double off[2] = {0};
    char text[512] = "";
    if (fvi_case_run_on(*state, device, off, text, sizeof text)) fail_msg("%s", text);
    for (int i = 0; i < 2; i++) worst[i] = fmax(worst[i], off[i]);
    right++;
}

/* Says them, after a table's last case. */
static void tell(void **state) {
    print_message("%s: %d cases right, output within %.1e, gradients within %.1e\n",
                  ((const fvi_case_table *)*state)->name, right, worst[0], worst[1]);
    right = 0;
    worst[0] = worst[1] = 0;
}

static int chosen(const char *table, int argc, char **argv) {
    for (int i = 3; i < argc; i++)
        if (!strcmp(argv[i], table)) return 1;
    return argc < 4;
}

/* Appends the chosen cases of a table, and what tells of them. */
static int add_table(const fvi_case_table *table, int every, struct CMUnitTest *tests,
                     char (*names)[160]) {
    int n = 0;
    for (int i = 0; i < table->count; i += every, n++) {
        const fvi_case *c = &table->cases[i];
        snprintf(names[n], sizeof *names, "%s: %s", table->name, c->name);
        tests[n] = (struct CMUnitTest){names[n], test_case, NULL, NULL, (void *)(uintptr_t)c};
    }
    tests[n] = (struct CMUnitTest){table->name, tell, NULL, NULL, (void *)(uintptr_t)table};
    return n + 1;
}

int main(int argc, char **argv) {
    int count = 0, total = 0, n = 0;
    fv_error err;
    if (argc < 3) return 2;
    const int every = atoi(argv[2]) > 0 ? atoi(argv[2]) : 1;
    const char *plugin = argv[1][0] ? argv[1] : getenv("FOVEA_TEST_PLUGIN");
    if (!plugin || !*plugin) {
        fprintf(stderr, "skipped: no plug-in in $FOVEA_TEST_PLUGIN\n");
        return 77;
    }
    const fvi_device_desc desc = {.precision = FV_PRECISION_F32, .plugin = plugin};
    if (fvi_device_new(&fvi_backend_stablehlo, &desc, &device, &err)) {
        fprintf(stderr, "%s\n", err.text);
        return 1;
    }
    const fvi_case_table *const *tables = fvi_case_tables(&count);
    for (int t = 0; t < count; t++) total += tables[t]->count + 1;
    struct CMUnitTest *tests = calloc((size_t)total + 1, sizeof *tests);
    char(*names)[160] = calloc((size_t)total + 1, sizeof *names);
    if (!tests || !names) return 1;
    for (int t = 0; t < count; t++)
        if (chosen(tables[t]->name, argc, argv))
            n += add_table(tables[t], every, tests + n, names + n);
    const int bad = _cmocka_run_group_tests("ops on a plug-in", tests, (size_t)n, NULL, NULL);
    fvi_device_free(device);
    free(names);
    free(tests);
    return bad != 0;
}
