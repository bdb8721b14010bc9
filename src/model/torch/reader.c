/* SPDX-License-Identifier: Apache-2.0 */
/* The reader of PyTorch's exported programs: the .pt2 files of torch.export.save. A program is a
 * graph of ATen operators with the parameters' numbers; it is read as data, no Python runs.
 *
 * What it does not do: files of torch.save and TorchScript, which hold Python's objects or code;
 * packages of AOTInductor, which hold machine code.
 * Source: torch/export/pt2_archive/_package.py, torch/_export/serde/schema.py of PyTorch 2.13. */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "model/operations/lower.h"
#include "model/torch/aten.h"
#include "model/torch/program.h"
#include "model/torch/use.h"

#define LIST_MAX ((size_t)1 << 30) /* bytes of what is made of the file, besides its own */

static const char *const endings[] = {".pt2", NULL};

static fvi_probe probe(const uint8_t *bytes, size_t size, const char *name) {
    fvi_zip *z = NULL;
    (void)name;
    if (size < 4 || memcmp(bytes, "PK\3\4", 4) || fvi_zip_open(bytes, size, &z, NULL))
        return FVI_PROBE_NO;
    const int found = fvi_zip_find(z, FVI_TORCH_MODEL) || fvi_zip_find(z, FVI_TORCH_OLD_MODEL);
    fvi_zip_close(z);
    return found ? FVI_PROBE_SURE : FVI_PROBE_NO;
}

static fv_status open_torch(fvi_model_file *f, fv_error *err) {
    fvi_torch *t = (fvi_torch *)(void *)f;
    t->file.list = fvi_op_list_new(LIST_MAX);
    t->members = g_ptr_array_new_with_free_func(free);
    if (!t->file.list) return fvi_fail(err, FV_NOMEM, "no memory to open it");
    fv_status st = fvi_zip_open(f->bytes.bytes, f->bytes.size, &t->zip, err);
    if (!st) st = fvi_torch_read_program(t, err);
    g_clear_pointer(&t->program, json_node_unref);
    g_clear_pointer(&t->zip, fvi_zip_close);
    return st;
}

static void close_torch(fvi_model_file *f) {
    fvi_torch *t = (fvi_torch *)(void *)f;
    fvi_op_list_free(t->file.list);
    g_clear_pointer(&t->members, g_ptr_array_unref);
}

static fv_status lower(const fvi_model_file *f, fvi_builder *b, const fvi_graph_request *request) {
    static const fvi_op_format format = {.kinds = fvi_torch_kinds};
    return fvi_op_list_lower(f, &format, b, request);
}

static fvi_input_use input_use(const fvi_model_file *f, const char *input) {
    return fvi_torch_input_use((const fvi_torch *)(const void *)f, input);
}

extern const fvi_reader fvi_torch_reader;
const fvi_reader fvi_torch_reader = {
    .format = "PyTorch",
    .kind = "a PyTorch exported program",
    .endings = endings,
    .file_size = sizeof(fvi_torch),
    .probe = probe,
    .open = open_torch,
    .close = close_torch,
    .inputs = fvi_op_list_inputs,
    .output = fvi_op_list_output_name,
    .values = fvi_op_list_values,
    .input_use = input_use,
    .lower = lower,
};
