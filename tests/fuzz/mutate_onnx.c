/* SPDX-License-Identifier: Apache-2.0 */
/* libFuzzer's mutator for ONNX files: unpacks the message, changes attributes, shapes, types, names
 * and edges through protobuf-c's descriptors, and packs it again, so that what reaches the library
 * is a sound protobuf. One time in eight the bytes are changed instead.
 *
 * The tree's fields are listed as "spots"; a change takes one of them: a number becomes an odd one,
 * a text another text of the file or an operator, an entry of a list goes, comes twice, moves, or
 * is replaced by one of its kind from elsewhere in the file (or, crossing over, from another file).
 * All memory is a pool's: what is taken out of the tree need not be freed.
 */
#include <glib.h>
#include <math.h>
#include <string.h>

#include "base/pool.h"
#include "fuzz.h"
#include "model/onnx/onnx.pb-c.h"

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed);
size_t LLVMFuzzerCustomCrossOver(const uint8_t *a, size_t na, const uint8_t *b, size_t nb,
                                 uint8_t *out, size_t max_size, unsigned seed);

#define POOL_MAX  ((size_t)64 << 20)
#define DEPTH_MAX 100

/* A field of a message in the tree. */
typedef struct spot {
    ProtobufCMessage *message;
    const ProtobufCFieldDescriptor *field;
} spot;

typedef struct mutator {
    fvi_pool *pool;
    GRand *random;
    GArray *spots;    /* spot, of fields that are there */
    GPtrArray *texts; /* of the file */
} mutator;

static const char *const operators[] = {
#define FVI_ONNX_OP(NAME, first, last, handler, param) NAME,
#include "model/onnx/operators.def"
#undef FVI_ONNX_OP
    "Nonsense"};

static const char *const attributes[] = {"axis",
                                         "axes",
                                         "perm",
                                         "kernel_shape",
                                         "strides",
                                         "pads",
                                         "dilations",
                                         "group",
                                         "auto_pad",
                                         "ceil_mode",
                                         "alpha",
                                         "beta",
                                         "epsilon",
                                         "keepdims",
                                         "to",
                                         "value",
                                         "equation",
                                         "mode",
                                         "blocksize",
                                         "transA",
                                         "transB",
                                         "output_shape",
                                         "output_padding",
                                         "split",
                                         "num_outputs",
                                         "sizes",
                                         "scales",
                                         "bias",
                                         "size",
                                         "fmod",
                                         "reduction",
                                         "batch_dims",
                                         "upper",
                                         "exclusive",
                                         "reverse",
                                         "allowzero",
                                         "count_include_pad",
                                         "coordinate_transformation_mode",
                                         "nearest_mode",
                                         "num_groups",
                                         "p",
                                         "antialias",
                                         "exclude_outside",
                                         "cubic_coeff_a"};

static const char *const words[] = {"",
                                    "SAME_UPPER",
                                    "SAME_LOWER",
                                    "VALID",
                                    "NOTSET",
                                    "nearest",
                                    "linear",
                                    "cubic",
                                    "reflect",
                                    "edge",
                                    "wrap",
                                    "constant",
                                    "DCR",
                                    "CRD",
                                    "align_corners",
                                    "asymmetric",
                                    "tf_crop_and_resize",
                                    "half_pixel",
                                    "ij,jk->ik",
                                    "bij,bjk->bik",
                                    "ij->ji",
                                    "i,i->",
                                    "weights.bin",
                                    "../x",
                                    "add",
                                    "mul",
                                    "max",
                                    "tanh",
                                    "ai.onnx",
                                    "com.microsoft",
                                    "floor",
                                    "ceil",
                                    "x\ny",
                                    "%s%n"};

static const int64_t numbers[] = {0,
                                  1,
                                  -1,
                                  2,
                                  3,
                                  4,
                                  5,
                                  6,
                                  7,
                                  8,
                                  9,
                                  10,
                                  11,
                                  12,
                                  13,
                                  16,
                                  17,
                                  20,
                                  32,
                                  64,
                                  128,
                                  255,
                                  256,
                                  1000,
                                  4096,
                                  32768,
                                  65536,
                                  1 << 20,
                                  1 << 24,
                                  INT32_MAX,
                                  (int64_t)1 << 31,
                                  (int64_t)1 << 32,
                                  (int64_t)1 << 40,
                                  (int64_t)1 << 62,
                                  INT64_MAX,
                                  INT64_MIN,
                                  INT32_MIN,
                                  -2,
                                  -3,
                                  -4,
                                  -100};

/* ---- memory, chance ---- */

static void *pool_alloc(void *pool, size_t size) { return fvi_pool_alloc(pool, size ? size : 1); }
static void pool_free(void *pool, void *memory) { (void)pool, (void)memory; }

static unsigned below(mutator *m, size_t n) {
    return n ? (unsigned)g_rand_int(m->random) % (unsigned)n : 0;
}

static int64_t odd_number(mutator *m, int64_t old) {
    switch (below(m, 6)) {
    case 0: return (int64_t)((uint64_t)old + 1);
    case 1: return (int64_t)((uint64_t)old - 1);
    case 2: return (int64_t)((uint64_t)old * (below(m, 8) + 2));
    case 3: return (int64_t)below(m, 9);
    default: return numbers[below(m, G_N_ELEMENTS(numbers))];
    }
}

static double odd_real(mutator *m) {
    static const double reals[] = {0,        1,         -1,          0.5,  2,
                                   1e-45,    1e30,      3.4e38,      1e-5, -1e30,
                                   INFINITY, -INFINITY, (double)NAN, 1.5,  100};
    return reals[below(m, G_N_ELEMENTS(reals))];
}

static const char *odd_text(mutator *m, const ProtobufCFieldDescriptor *f) {
    if (m->texts->len && below(m, 3)) return m->texts->pdata[below(m, m->texts->len)];
    if (!strcmp(f->name, "op_type")) {
        const char *name = operators[below(m, G_N_ELEMENTS(operators))], *dot = strrchr(name, '.');
        return dot ? dot + 1 : name;
    }
    if (!strcmp(f->name, "domain") && below(m, 2)) return "com.microsoft";
    if (!strcmp(f->name, "name")) return attributes[below(m, G_N_ELEMENTS(attributes))];
    return words[below(m, G_N_ELEMENTS(words))];
}

/* ---- the tree ---- */

static void *member(ProtobufCMessage *message, unsigned offset) { return (char *)message + offset; }

static size_t *list_count(const spot *s) { return member(s->message, s->field->quantifier_offset); }

/* Bytes of one entry of a list. */
static size_t entry_size(const ProtobufCFieldDescriptor *f) {
    switch (f->type) {
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_FLOAT: return 4;
    case PROTOBUF_C_TYPE_BYTES: return sizeof(ProtobufCBinaryData);
    default: return 8; /* 64-bit numbers, pointers */
    }
}

/* Whether a single field is there. */
static int is_there(const spot *s) {
    const ProtobufCFieldDescriptor *f = s->field;
    if (f->type == PROTOBUF_C_TYPE_STRING || f->type == PROTOBUF_C_TYPE_MESSAGE)
        return *(void **)member(s->message, f->offset) != NULL;
    return *(protobuf_c_boolean *)member(s->message, f->quantifier_offset);
}

static void note_text(mutator *m, const ProtobufCFieldDescriptor *f, void *at) {
    if (f->type == PROTOBUF_C_TYPE_STRING && *(char **)at) g_ptr_array_add(m->texts, *(char **)at);
}

static void collect(mutator *m, ProtobufCMessage *message, int depth) {
    const ProtobufCMessageDescriptor *d = message->descriptor;
    for (unsigned i = 0; i < d->n_fields && depth < DEPTH_MAX; i++) {
        spot s = {message, &d->fields[i]};
        int list = s.field->label == PROTOBUF_C_LABEL_REPEATED;
        size_t n = list ? *list_count(&s) : (size_t)is_there(&s);
        if (!n && below(m, 4)) continue; /* fields that are not there: now and then */
        g_array_append_val(m->spots, s);
        char *at = list ? *(char **)member(message, s.field->offset)
                        : (char *)member(message, s.field->offset);
        for (size_t k = 0; k < n; k++) {
            char *entry = at + k * entry_size(s.field);
            note_text(m, s.field, entry);
            if (s.field->type == PROTOBUF_C_TYPE_MESSAGE)
                collect(m, *(ProtobufCMessage **)(void *)entry, depth + 1);
        }
    }
}

static ProtobufCMessage *copy_message(mutator *m, const ProtobufCMessage *from) {
    ProtobufCAllocator a = {pool_alloc, pool_free, m->pool};
    size_t size = protobuf_c_message_get_packed_size(from);
    uint8_t *bytes = size < POOL_MAX / 8 ? fvi_pool_alloc(m->pool, size + 1) : NULL;
    if (!bytes) return NULL;
    protobuf_c_message_pack(from, bytes);
    return protobuf_c_message_unpack(from->descriptor, &a, size, bytes);
}

/* A message of that kind from the tree, copied, or an empty one. */
static ProtobufCMessage *other_message(mutator *m, const ProtobufCMessageDescriptor *d) {
    const ProtobufCMessage *found = NULL;
    for (int tries = 0; tries < 40 && !found; tries++) {
        spot s = g_array_index(m->spots, spot, below(m, m->spots->len));
        if (s.message->descriptor == d) found = s.message;
    }
    if (found) return copy_message(m, found);
    ProtobufCMessage *empty = fvi_pool_alloc(m->pool, d->sizeof_message);
    if (empty) protobuf_c_message_init(d, empty);
    return empty;
}

/* ---- changes ---- */

static void change_bytes(mutator *m, ProtobufCBinaryData *b) {
    size_t room = b->len + 16;
    uint8_t *data = fvi_pool_alloc(m->pool, room);
    if (!data) return;
    if (b->len) memcpy(data, b->data, b->len);
    if (below(m, 2)) {
        const char *word = words[below(m, G_N_ELEMENTS(words))];
        b->len = MIN(strlen(word), room);
        memcpy(data, word, b->len);
    } else if (b->len >= 8 && below(m, 2)) { /* a number of a shape, of pads, of axes */
        int64_t v = odd_number(m, 1);
        memcpy(data + below(m, b->len / 8) * 8, &v, 8);
    } else {
        b->len = LLVMFuzzerMutate(data, b->len, room);
    }
    b->data = data;
}

/* Gives the value at `at` another one of its type. */
static void change_value(mutator *m, const ProtobufCFieldDescriptor *f, void *at) {
    ProtobufCMessage *message;
    switch (f->type) {
    case PROTOBUF_C_TYPE_INT32: *(int32_t *)at = (int32_t)odd_number(m, *(int32_t *)at); break;
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_UINT64: *(int64_t *)at = odd_number(m, *(int64_t *)at); break;
    case PROTOBUF_C_TYPE_FLOAT: *(float *)at = (float)odd_real(m); break;
    case PROTOBUF_C_TYPE_DOUBLE: *(double *)at = odd_real(m); break;
    case PROTOBUF_C_TYPE_STRING: *(const char **)at = odd_text(m, f); break;
    case PROTOBUF_C_TYPE_BYTES: change_bytes(m, at); break;
    case PROTOBUF_C_TYPE_MESSAGE:
        message = other_message(m, f->descriptor);
        if (message) *(ProtobufCMessage **)at = message;
        break;
    default: break;
    }
}

static void change_single(mutator *m, const spot *s) {
    const ProtobufCFieldDescriptor *f = s->field;
    int pointer = f->type == PROTOBUF_C_TYPE_STRING || f->type == PROTOBUF_C_TYPE_MESSAGE;
    if (is_there(s) && below(m, 8) == 0 && !(f->type == PROTOBUF_C_TYPE_MESSAGE && f->id == 7)) {
        if (pointer)
            *(void **)member(s->message, f->offset) = NULL;
        else
            *(protobuf_c_boolean *)member(s->message, f->quantifier_offset) = 0;
        return;
    }
    change_value(m, f, member(s->message, f->offset));
    if (!pointer) *(protobuf_c_boolean *)member(s->message, f->quantifier_offset) = 1;
}

/* Adds an entry: a copy of another, changed as often as not. */
static void list_add(mutator *m, const spot *s) {
    size_t n = *list_count(s), size = entry_size(s->field), at = below(m, n + 1);
    char *old = *(char **)member(s->message, s->field->offset);
    char *list = fvi_pool_alloc(m->pool, (n + 1) * size);
    if (!list) return;
    if (n) {
        memcpy(list, old, at * size);
        memcpy(list + at * size, old + below(m, n) * size, size);
        memcpy(list + (at + 1) * size, old + at * size, (n - at) * size);
    }
    if (!n || below(m, 2)) change_value(m, s->field, list + at * size);
    if (s->field->type >= PROTOBUF_C_TYPE_STRING && s->field->type != PROTOBUF_C_TYPE_BYTES &&
        !*(void **)(void *)(list + at * size))
        return;
    *(char **)member(s->message, s->field->offset) = list;
    *list_count(s) = n + 1;
}

static void change_list(mutator *m, const spot *s) {
    size_t n = *list_count(s), size = entry_size(s->field), i = below(m, n), k = below(m, n);
    char *list = *(char **)member(s->message, s->field->offset), spare[16];
    int what = (int)below(m, 6);
    if (!n || what == 0) {
        list_add(m, s);
    } else if (what == 1) {
        memmove(list + i * size, list + (i + 1) * size, (n - i - 1) * size);
        *list_count(s) = n - 1;
    } else if (what == 2) {
        memcpy(spare, list + i * size, size);
        memmove(list + i * size, list + k * size, size);
        memcpy(list + k * size, spare, size);
    } else {
        change_value(m, s->field, list + i * size);
    }
}

static void mutator_begin(mutator *m, unsigned seed) {
    m->pool = fvi_pool_new(POOL_MAX);
    FUZZ_ASSERT(m->pool);
    m->random = g_rand_new_with_seed(seed);
    m->spots = g_array_new(FALSE, FALSE, sizeof(spot));
    m->texts = g_ptr_array_new();
}

static void mutator_end(mutator *m) {
    fvi_pool_free(m->pool);
    g_rand_free(m->random);
    g_array_free(m->spots, TRUE);
    g_ptr_array_free(m->texts, TRUE);
}

static Onnx__ModelProto *unpack(mutator *m, const uint8_t *data, size_t size) {
    ProtobufCAllocator a = {pool_alloc, pool_free, m->pool};
    return onnx__model_proto__unpack(&a, size, data);
}

/* The packed message in `out`, or 0 where it does not fit. */
static size_t pack(const Onnx__ModelProto *model, uint8_t *out, size_t max_size) {
    size_t size = onnx__model_proto__get_packed_size(model);
    return size <= max_size ? onnx__model_proto__pack(model, out) : 0;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed) {
    mutator m;
    mutator_begin(&m, seed);
    Onnx__ModelProto *model = below(&m, 8) ? unpack(&m, data, size) : NULL;
    size_t made = 0;
    if (model) {
        collect(&m, &model->base, 0);
        for (unsigned left = 1 + below(&m, 4); left && m.spots->len; left--) {
            spot s = g_array_index(m.spots, spot, below(&m, m.spots->len));
            if (s.field->label == PROTOBUF_C_LABEL_REPEATED)
                change_list(&m, &s);
            else
                change_single(&m, &s);
        }
        made = pack(model, data, max_size);
    }
    mutator_end(&m);
    return made ? made : LLVMFuzzerMutate(data, size, max_size);
}

/* A message of b in the place of one of a of the same kind. */
size_t LLVMFuzzerCustomCrossOver(const uint8_t *a, size_t na, const uint8_t *b, size_t nb,
                                 uint8_t *out, size_t max_size, unsigned seed) {
    mutator m;
    mutator_begin(&m, seed);
    Onnx__ModelProto *to = unpack(&m, a, na), *from = to ? unpack(&m, b, nb) : NULL;
    size_t made = 0;
    if (from) {
        collect(&m, &from->base, 0);
        guint of_other = m.spots->len;
        collect(&m, &to->base, 0);
        for (int tries = 0; tries < 100 && of_other && m.spots->len > of_other; tries++) {
            spot s = g_array_index(m.spots, spot, below(&m, of_other));
            spot t = g_array_index(m.spots, spot, of_other + below(&m, m.spots->len - of_other));
            if (s.field != t.field || s.field->type != PROTOBUF_C_TYPE_MESSAGE) continue;
            if (s.field->label != PROTOBUF_C_LABEL_REPEATED || !*list_count(&s)) continue;
            ProtobufCMessage **list = *(ProtobufCMessage ***)member(s.message, s.field->offset);
            list_add(&m, &t);
            ProtobufCMessage **own = *(ProtobufCMessage ***)member(t.message, t.field->offset);
            if (*list_count(&t)) own[below(&m, *list_count(&t))] = list[below(&m, *list_count(&s))];
            made = pack(to, out, max_size);
            break;
        }
    }
    mutator_end(&m);
    return made;
}
