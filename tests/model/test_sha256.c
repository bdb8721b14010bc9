/* SPDX-License-Identifier: Apache-2.0 */
/* sha256: the vectors of FIPS 180-4 and NIST's examples, GLib's own over several pieces, and the
 * memory of a mapping, which is given back and can still be read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <glib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "model/sha256.h"

static void is(const void *bytes, size_t size, const char *want) {
    const fvi_mapping m = {.bytes = bytes, .size = size};
    char *text = fvi_sha256(&m, &(fvi_mapping){0});
    assert_string_equal(text, want);
    g_free(text);
}

static void knows_the_vectors(void **state) {
    (void)state;
    is(NULL, 0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    is("abc", 3, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    char *a = malloc(1000000);
    memset(a, 'a', 1000000);
    is(a, 1000000, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
    free(a);
}

static void goes_on_over_pieces(void **state) {
    (void)state;
    const size_t sizes[] = {(4 << 20) - 1, 4 << 20, (4 << 20) + 1, (9 << 20) + 77};
    uint8_t *b = malloc(sizes[3]);
    for (size_t i = 0; i < sizes[3]; i++) b[i] = (uint8_t)(i * 2654435761u >> 13);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        char *want = g_compute_checksum_for_data(G_CHECKSUM_SHA256, b, sizes[i]);
        is(b, sizes[i], want);
        g_free(want);
    }
    free(b);
}

/* Bytes of the mapping that are in this process's memory. */
static size_t resident(const void *at) {
    FILE *f = fopen("/proc/self/smaps", "r");
    char line[512];
    size_t kb = 0;
    int inside = 0;
    while (f && fgets(line, sizeof line, f)) {
        unsigned long low, high;
        if (sscanf(line, "%lx-%lx ", &low, &high) == 2) inside = low == (uintptr_t)at;
        if (inside && !strncmp(line, "Rss:", 4)) kb = strtoul(line + 4, NULL, 10);
    }
    if (f) fclose(f);
    return kb << 10;
}

static void gives_a_mapping_back(void **state) {
    (void)state;
    const size_t size = 16 << 20;
    char path[] = "/tmp/fovea-sha256-XXXXXX";
    int fd = mkstemp(path);
    uint8_t *b = malloc(size);
    for (size_t i = 0; i < size; i++) b[i] = (uint8_t)(i % 251);
    assert_int_equal(write(fd, b, size), size);
    void *at = mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0);
    assert_ptr_not_equal(at, MAP_FAILED);
    const fvi_mapping m = {.bytes = at, .size = size, .handle = at};
    assert_memory_equal(at, b, size);
    assert_true(resident(at) >= size);
    fvi_mapping_release(&m, m.bytes + 1, (8 << 20) - 1); /* not the page that is cut */
    assert_in_range(resident(at), (size - (8 << 20)), (size - (8 << 20)) + 4096);
    fvi_mapping_release(&m, b, size); /* not of this mapping */
    fvi_mapping_release(&m, m.bytes + (12 << 20), SIZE_MAX / 2);
    assert_in_range(resident(at), 4 << 20, (4 << 20) + 4096);
    char *want = g_compute_checksum_for_data(G_CHECKSUM_SHA256, b, size);
    char *got = fvi_sha256(&m, &(fvi_mapping){0});
    assert_string_equal(got, want);
    assert_true(resident(at) <= 4096);
    assert_memory_equal(at, b, size);
    g_free(got);
    g_free(want);
    munmap(at, size);
    close(fd);
    unlink(path);
    free(b);
}

/* Memory that is no mapping keeps its numbers. */
static void leaves_copies_alone(void **state) {
    (void)state;
    const size_t size = 1 << 20;
    uint8_t *b = malloc(size);
    memset(b, 7, size);
    const fvi_mapping m = {.bytes = b, .size = size, .copy = b};
    fvi_mapping_release(&m, b, size);
    for (size_t i = 0; i < size; i++) assert_int_equal(b[i], 7);
    free(b);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(knows_the_vectors), cmocka_unit_test(goes_on_over_pieces),
        cmocka_unit_test(gives_a_mapping_back), cmocka_unit_test(leaves_copies_alone)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
