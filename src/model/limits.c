/* SPDX-License-Identifier: Apache-2.0 */
/* The limits of a model: the defaults, and what the caller says instead.
 *
 * Networks with many weights do much work. So each byte of the file adds to the default of max_work
 * (real networks do 100 to 1000 multiply-adds a byte, segmentation more).
 */
#include "model/limits.h"

#include <glib/gstdio.h>
#include <inttypes.h>
#include <stddef.h>

#include "base/error.h"
#include "base/shape.h"

#define WORK_A_BYTE  ((int64_t)1 << 13)
#define FOLDS        ((int64_t)1 << 29)
#define FOLDS_A_BYTE ((int64_t)1 << 4)
#define FOLDS_SHIFT  8 /* of the work that the caller gives */

typedef struct row {
    const char *name;
    size_t from, to; /* offsets in fv_model_desc and fvi_limits */
    int64_t otherwise, most;
} row;

#define ROW(name, from, to, otherwise, most) \
    { name, offsetof(fv_model_desc, from), offsetof(fvi_limits, to), otherwise, most }

static const row rows[] = {
    ROW("max_file_bytes", max_file_bytes, file_bytes, (int64_t)8 << 30, INT64_MAX),
    ROW("max_memory", max_memory, memory, (int64_t)4 << 30, INT64_MAX),
    ROW("max_work", max_work, work, (int64_t)1 << 40, INT64_MAX),
    ROW("max_elements", max_elements, elements, FVI_MAX_ELEMENTS, FVI_MAX_ELEMENTS),
    ROW("max_nodes", max_nodes, nodes, 1 << 17, 1 << 20),
    ROW("memory", memory, budget, INT64_MAX, INT64_MAX),
};

fv_status fvi_limits_resolve(const fv_model_desc *desc, fvi_limits *out, fv_error *err) {
    fvi_limits l;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const row *r = &rows[i];
        int64_t v = desc ? *(const int64_t *)(const void *)((const char *)desc + r->from) : 0;
        if (v < 0 || v > r->most)
            return fvi_fail(err, FV_ARG,
                            "option %s is %" PRId64 "; allowed: 0 (the default, %" PRId64
                            ") to %" PRId64,
                            r->name, v, r->otherwise, r->most);
        *(int64_t *)(void *)((char *)&l + r->to) = v ? v : r->otherwise;
    }
    l.work_a_byte = desc && desc->max_work ? 0 : WORK_A_BYTE;
    l.folds = desc && desc->max_work ? l.work >> FOLDS_SHIFT : FOLDS;
    *out = l;
    return FV_OK;
}

fv_status fvi_limits_map(const fvi_limits *l, const char *path, fvi_mapping *out, fv_error *err) {
    GStatBuf file;
    if (!path || g_stat(path, &file) || file.st_size <= l->file_bytes)
        return fvi_mapping_open(path, l->file_bytes, out, err);
    return fvi_fail(err, FV_NOMEM,
                    "%s: has %" PRId64 " bytes; at most %" PRId64
                    " are read (limit max_file_bytes; --limit file=N raises it)",
                    path, (int64_t)file.st_size, l->file_bytes);
}

void fvi_limits_add_bytes(fvi_limits *l, int64_t bytes) {
    int64_t more;
    if (fvi_mul(bytes, l->work_a_byte, &more) || fvi_add(l->work, more, &l->work))
        l->work = INT64_MAX;
    if (fvi_mul(bytes, l->work_a_byte ? FOLDS_A_BYTE : 0, &more) ||
        fvi_add(l->folds, more, &l->folds))
        l->folds = INT64_MAX;
}

size_t fvi_limits_constants(const fvi_limits *l) {
    uint64_t quarter = (uint64_t)l->memory / 4 + 1;
    return quarter > SIZE_MAX ? SIZE_MAX : (size_t)quarter;
}
