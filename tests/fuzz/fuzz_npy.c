/* SPDX-License-Identifier: Apache-2.0 */
/* Fuzzes reading arrays: NPY, NPZ, safetensors and HDF5 files, of which the only array is read, or
 * one of those that an error names. What is read is written and read again, and must be the same.
 * It is given to a network, too: as its picture, as one of its other inputs (floating-point
 * numbers, integers that choose rows, truth values), and as the sample that says how large it will
 * be. */
#include <stdio.h>
#include <string.h>

#include "fuzz.h"
#include "support/builder.h"

static const char *const inputs[] = {"image", "gain", "ids", "flag"};
static char network[512];

/* y = ids' rows of a table + flag + gain mean(conv(image)), each of free sizes */
int LLVMFuzzerInitialize(int *argc, char ***argv) {
    (void)argc, (void)argv;
    builder *b = builder_new(17);
    size_t size;
    builder_input(b, inputs[0], FVI_F32, "N,3,H,W");
    builder_input(b, inputs[1], FVI_F32, "N,4");
    builder_input(b, inputs[2], FVI_I64, "N");
    builder_input(b, inputs[3], FVI_BOOL, "N,1");
    builder_f32(b, "w", "4,3,3,3", NULL);
    builder_f32(b, "table", "5,4", NULL);
    builder_node(b, "Conv", "conv", "image,w", "c");
    builder_node(b, "GlobalAveragePool", "pool", "c", "p");
    builder_node(b, "Flatten", "flat", "p", "f");
    builder_node(b, "Mul", "scaled", "f,gain", "s");
    builder_node(b, "Gather", "rows", "table,ids", "r");
    builder_node(b, "Where", "chosen", "flag,s,r", "o");
    builder_node(b, "Add", "sum", "o,r", "y");
    builder_output(b, "y");
    uint8_t *bytes = builder_pack(b, &size);
    snprintf(network, sizeof network, "%s", fuzz_file("net.onnx", bytes, size));
    builder_free(b);
    return 0;
}

static void give(const fv_tensor *t, int as) {
    const fv_named_tensor named = {inputs[as], t};
    fv_model_desc desc = fuzz_small;
    desc.input_count = as > 0;
    desc.inputs = &named;
    desc.sample = as ? NULL : t;
    fv_model *m = NULL;
    fv_session *s = NULL;
    fv_tensor *x = NULL, *y = NULL;
    fv_error err;
    const int64_t dim[] = {t->ndim && t->dim[0] < 64 ? t->dim[0] : 1, 3, 5, 5};
    if (!fuzz_check(fv_model_load(network, &desc, &m, &err), &err) &&
        !fuzz_check(fv_session_new(m, FV_DESC(fv_session_desc, .threads = 1), &s, &err), &err) &&
        !fuzz_check(fv_tensor_new(4, dim, &x, &err), &err) &&
        !fuzz_check(fv_session_run(s, as ? x : t, NULL, &y, &err), &err))
        fuzz_read(y);
    fv_tensor_free(x);
    fv_tensor_free(y);
    fv_session_free(s);
    fv_model_free(m);
}

/* The only array of a file, or the first that the error names. */
static fv_status load(const char *file, fv_tensor **out, fv_error *err) {
    const fv_status st = fv_tensor_load(file, out, err);
    const char *list = st == FV_NOTFOUND ? strstr(err->text, "NAME one of ") : NULL;
    char path[1024];
    if (!list) return st;
    list += strlen("NAME one of ");
    const size_t last = strcspn(list, ","), end = strcspn(list, " ");
    snprintf(path, sizeof path, "%s:%.*s", file, (int)(last < end ? last : end), list);
    return fv_tensor_load(path, out, err);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    fv_tensor *t = NULL, *again = NULL;
    fv_error err;
    if (fuzz_check(load(fuzz_file("x.npy", data, size), &t, &err), &err)) return 0;
    if (fv_tensor_count(t) > 1 << 16) { /* a small file of a large one, packed */
        fv_tensor_free(t);
        return 0;
    }
    FUZZ_ASSERT(!fuzz_check(fv_tensor_save(t, fuzz_path("y.npy"), &err), &err));
    FUZZ_ASSERT(!fuzz_check(fv_tensor_load(fuzz_path("y.npy"), &again, &err), &err));
    FUZZ_ASSERT(again->ndim == t->ndim);
    FUZZ_ASSERT(!memcmp(again->dim, t->dim, (size_t)t->ndim * sizeof *t->dim));
    FUZZ_ASSERT(!memcmp(again->data, t->data, (size_t)fv_tensor_count(t) * sizeof *t->data));
    for (int as = 0; as < 4; as++) give(t, as);
    fv_tensor_free(t);
    fv_tensor_free(again);
    return 0;
}
