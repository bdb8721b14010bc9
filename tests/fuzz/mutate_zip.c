/* SPDX-License-Identifier: Apache-2.0 */
/* A mutator for files of which some are zip archives: after libFuzzer's own changes the checksums
 * of members that are stored as they are become right again, so that what is inside is read. What
 * it does not do: members that are compressed, and archives whose table is no longer found. */
#include <string.h>
#include <zlib.h>

#include "fuzz.h"

#define ENTRY 46 /* bytes of a row of the table before its name */
#define LOCAL 30 /* bytes of a member's header before its name */

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed);

static uint32_t get(const uint8_t *p, int bytes) {
    uint32_t x = 0;
    for (int i = 0; i < bytes; i++) x |= (uint32_t)p[i] << (8 * i);
    return x;
}

static void put(uint8_t *p, uint32_t x) {
    for (int i = 0; i < 4; i++) p[i] = (uint8_t)(x >> (8 * i));
}

/* Corrects the checksum of the member of one row of the table. */
static void mend(uint8_t *data, size_t size, uint8_t *row) {
    const size_t n = get(row + 20, 4), at = get(row + 42, 4);
    if (get(row + 10, 2) || at + LOCAL > size || memcmp(data + at, "PK\3\4", 4)) return;
    const size_t from = at + LOCAL + get(data + at + 26, 2) + get(data + at + 28, 2);
    if (from > size || n > size - from) return;
    const uint32_t sum = (uint32_t)crc32(0, data + from, (uInt)n);
    put(row + 16, sum);
    put(data + at + 14, sum);
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed) {
    (void)seed;
    size = LLVMFuzzerMutate(data, size, max_size);
    if (size < ENTRY || memcmp(data, "PK\3\4", 4)) return size;
    for (size_t i = 0; i + ENTRY <= size; i++)
        if (!memcmp(data + i, "PK\1\2", 4)) mend(data, size, data + i);
    return size;
}
