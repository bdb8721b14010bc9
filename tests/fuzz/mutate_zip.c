/* SPDX-License-Identifier: Apache-2.0 */
/* Changes of zip archives. Most of the time the members are unpacked, one of them is changed, and
 * all are stored in an archive written anew; else the archive's tables are changed where they lie.
 * What it does not do: archives of more than 4 GiB or 65,535 members. */
#include <string.h>
#include <zlib.h>

#include "mutate.h"

#define ENTRY      46 /* bytes of a row of the table before its name */
#define LOCAL      30 /* bytes of a member's header before its name */
#define MEMBER_MAX ((size_t)4 << 20)

typedef struct member {
    char *name;
    GByteArray *bytes;
} member;

static uint32_t get(const uint8_t *p, int bytes) {
    uint32_t x = 0;
    for (int i = 0; i < bytes; i++) x |= (uint32_t)p[i] << (8 * i);
    return x;
}

static void append(GByteArray *to, uint32_t x, int bytes) {
    for (int i = 0; i < bytes; i++) {
        const uint8_t c = (uint8_t)(x >> (8 * i));
        g_byte_array_append(to, &c, 1);
    }
}

static void free_member(gpointer at) {
    member *m = at;
    g_free(m->name);
    g_byte_array_free(m->bytes, TRUE);
    g_free(m);
}

/* Unpacks `n` bytes that were deflated; what comes out before an error. */
static void inflate_into(GByteArray *to, const uint8_t *from, size_t n) {
    z_stream z = {.next_in = (Bytef *)(uintptr_t)from, .avail_in = (uInt)n};
    uint8_t block[1 << 14];
    if (inflateInit2(&z, -15)) return;
    int st = Z_OK;
    while (st == Z_OK && to->len < MEMBER_MAX) {
        z.next_out = block;
        z.avail_out = sizeof block;
        st = inflate(&z, Z_NO_FLUSH);
        g_byte_array_append(to, block, (guint)(sizeof block - z.avail_out));
    }
    inflateEnd(&z);
}

/* The member of one row of the table; NULL: it is not there. */
static member *read_member(const uint8_t *data, size_t size, const uint8_t *row) {
    const size_t n = get(row + 20, 4), at = get(row + 42, 4), length = get(row + 28, 2);
    if (at > size || size - at < LOCAL || memcmp(data + at, "PK\3\4", 4)) return NULL;
    const size_t from = at + LOCAL + get(data + at + 26, 2) + get(data + at + 28, 2);
    if (from > size || n > size - from || length > size - ENTRY - (size_t)(row - data)) return NULL;
    member *m = g_new0(member, 1);
    m->name = g_strndup((const char *)row + ENTRY, length);
    m->bytes = g_byte_array_new();
    if (get(row + 10, 2))
        inflate_into(m->bytes, data + from, n);
    else
        g_byte_array_append(m->bytes, data + from, (guint)n);
    return m;
}

static GPtrArray *read_members(const GByteArray *bytes) {
    GPtrArray *members = g_ptr_array_new_with_free_func(free_member);
    for (size_t i = 0; i + ENTRY <= bytes->len; i++) {
        member *m = memcmp(bytes->data + i, "PK\1\2", 4)
                        ? NULL
                        : read_member(bytes->data, bytes->len, bytes->data + i);
        if (m) g_ptr_array_add(members, m);
    }
    return members;
}

/* What the header of a member and its row of the table have in common. */
static void append_header(GByteArray *to, const member *m) {
    append(to, 20, 2); /* the version that is needed */
    append(to, 0, 2);
    append(to, 0, 2); /* stored */
    append(to, 0x21 << 16, 4);
    append(to, (uint32_t)crc32(0, m->bytes->data, m->bytes->len), 4);
    append(to, m->bytes->len, 4);
    append(to, m->bytes->len, 4);
    append(to, (uint32_t)strlen(m->name), 2);
    append(to, 0, 2);
}

static void write_members(GByteArray *to, const GPtrArray *members) {
    GByteArray *table = g_byte_array_new();
    g_byte_array_set_size(to, 0);
    for (guint i = 0; i < members->len; i++) {
        const member *m = members->pdata[i];
        const guint at = to->len, length = (guint)strlen(m->name);
        append(to, 0x04034b50, 4);
        append_header(to, m);
        g_byte_array_append(to, (const uint8_t *)m->name, length);
        g_byte_array_append(to, m->bytes->data, m->bytes->len);
        append(table, 0x02014b50, 4);
        append(table, 20, 2);
        append_header(table, m);
        append(table, 0, 4);
        append(table, 0, 2);
        append(table, 0, 4);
        append(table, at, 4);
        g_byte_array_append(table, (const uint8_t *)m->name, length);
    }
    const guint at = to->len;
    g_byte_array_append(to, table->data, table->len);
    append(to, 0x06054b50, 4);
    append(to, 0, 4);
    append(to, members->len, 2);
    append(to, members->len, 2);
    append(to, table->len, 4);
    append(to, at, 4);
    append(to, 0, 2);
    g_byte_array_free(table, TRUE);
}

/* A number of the table, or of a member's header. */
static void change_tables(GRand *random, GByteArray *bytes) {
    GArray *places = g_array_new(FALSE, FALSE, sizeof(guint));
    for (guint i = 0; i + ENTRY <= bytes->len; i++)
        if (!memcmp(bytes->data + i, "PK", 2) && bytes->data[i + 2] < 9)
            g_array_append_val(places, i);
    if (places->len) {
        const guint at = g_array_index(places, guint, mutate_below(random, places->len));
        const guint field = at + 4 + 2 * mutate_below(random, (ENTRY - 6) / 2);
        const uint32_t value = (uint32_t)mutate_number(random, get(bytes->data + field, 4));
        memcpy(bytes->data + field, &value, mutate_below(random, 2) ? 2 : 4);
    }
    g_array_free(places, TRUE);
}

int mutate_zip(GRand *random, GByteArray *bytes) {
    if (!mutate_below(random, 10)) {
        change_tables(random, bytes);
        return 1;
    }
    GPtrArray *members = read_members(bytes);
    const guint n = members->len;
    if (n) {
        const guint i = mutate_below(random, n);
        member *m = members->pdata[i];
        /* Configurations are changed as often as all weights together. */
        for (guint k = 0; k < n && mutate_below(random, 2); k++) {
            member *other = members->pdata[mutate_below(random, n)];
            if (other->bytes->len && (other->bytes->data[0] == '{' || other->bytes->data[0] == '['))
                m = other;
        }
        const unsigned what = mutate_below(random, 24);
        if (what == 0 && n > 1) {
            g_ptr_array_remove_index(members, i);
        } else if (what < 3) {
            member *other = members->pdata[mutate_below(random, n)];
            char *name = g_strdup(what == 1 ? other->name : mutate_word(random));
            g_free(m->name);
            m->name = name;
        } else {
            mutate_content(random, m->bytes);
        }
        write_members(bytes, members);
    }
    g_ptr_array_free(members, TRUE);
    return n > 0;
}
