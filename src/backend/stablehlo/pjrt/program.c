/* SPDX-License-Identifier: Apache-2.0 */
/* program: compiling and running, and copies of arrays from and to the host. */
#include "backend/stablehlo/pjrt/program.h"

#include <glib.h>
#include <string.h>

#include "backend/stablehlo/pjrt/call.h"
#include "base/error.h"

struct fvi_pjrt_array {
    const fvi_pjrt *plugin;
    pjrt_buffer *buffer;
    fvi_shape shape;
};

struct fvi_pjrt_program {
    const fvi_pjrt *plugin;
    gint owners; /* atomic */
    pjrt_loaded *executable;
    int n_results;
    fvi_shape *results;
};

/* ---- arrays --------------------------------------------------------------------------------- */

static fvi_pjrt_array *new_array(const fvi_pjrt *p, pjrt_buffer *buffer, const fvi_shape *shape) {
    fvi_pjrt_array *a = g_new(fvi_pjrt_array, 1);
    *a = (fvi_pjrt_array){p, buffer, *shape};
    return a;
}

fv_status fvi_pjrt_upload(const fvi_pjrt *p, int device, const fvi_shape *shape, const float *data,
                          fvi_pjrt_array **out, fv_error *err) {
    pjrt_from_host_args args = {.head = FVI_PJRT_HEAD(pjrt_from_host_args),
                                .client = p->client,
                                .data = data,
                                .type = PJRT_F32,
                                .dims = shape->dim,
                                .n_dims = (size_t)shape->ndim,
                                .semantics = PJRT_ONLY_DURING_CALL,
                                .device = p->units[device].device};
    fv_status st = fvi_pjrt_check(p, p->api->from_host(&args), "copying to the device", err);
    if (st) return st;
    *out = new_array(p, args.buffer, shape);
    st = fvi_pjrt_await(p, args.done, "copying to the device", err);
    if (st) {
        fvi_pjrt_array_free(*out);
        *out = NULL;
        return st;
    }
    atomic_fetch_add(&p->traffic->to, (size_t)fvi_shape_count(shape) * sizeof *data);
    return FV_OK;
}

fv_status fvi_pjrt_download(const fvi_pjrt_array *a, float *to, fv_error *err) {
    int64_t order[FVI_MAX_DIMS]; /* row-major, whatever the device's own is */
    const int n = a->shape.ndim;
    for (int i = 0; i < n; i++) order[i] = n - 1 - i;
    const pjrt_layout dense = {
        .head = FVI_PJRT_HEAD(pjrt_layout),
        .tiled = {.head = FVI_PJRT_HEAD(pjrt_tiled), .minor_to_major = order, .n = (size_t)n}};
    const int64_t count = fvi_shape_count(&a->shape);
    pjrt_to_host_args args = {.head = FVI_PJRT_HEAD(pjrt_to_host_args),
                              .buffer = a->buffer,
                              .layout = &dense,
                              .to = to,
                              .size = (size_t)count * sizeof *to};
    if (!count) return FV_OK;
    const fvi_pjrt *p = a->plugin;
    fv_status st = fvi_pjrt_check(p, p->api->to_host(&args), "copying from the device", err);
    if (!st) st = fvi_pjrt_await(p, args.event, "running", err);
    if (!st) atomic_fetch_add(&p->traffic->from, args.size);
    return st;
}

void fvi_pjrt_array_free(fvi_pjrt_array *a) {
    if (!a) return;
    fvi_pjrt_destroy(a->plugin, a->plugin->api->buffer_destroy, a->buffer);
    g_free(a);
}

/* ---- programs ------------------------------------------------------------------------------- */

/* The CompileOptionsProto for one device: executable_build_options (3) with one replica (4), one
 * partition (5) and the assignment (9) of both to the device. Source of the numbers: openxla/xla,
 * xla/pjrt/proto/compile_options.proto, xla/xla_data.proto. */
static GByteArray *compile_options(int id) {
    guint8 device[16], n = 0;
    for (guint64 rest = (guint64)id;; rest >>= 7) {
        device[n++] = (guint8)((rest & 127) | (rest > 127 ? 128 : 0));
        if (rest <= 127) break;
    }
    const guint8 list = (guint8)(n + 2); /* DeviceAssignmentProto.ComputationDevice */
    const guint8 assignment = (guint8)(4 + 2 + list);
    const guint8 head[] = {3 << 3 | 2, (guint8)(4 + 2 + assignment),
                           4 << 3,     1,
                           5 << 3,     1,
                           9 << 3 | 2, assignment,
                           1 << 3,     1,
                           2 << 3,     1,
                           3 << 3 | 2, list,
                           1 << 3 | 2, n};
    GByteArray *bytes = g_byte_array_new();
    g_byte_array_append(bytes, head, sizeof head);
    return g_byte_array_append(bytes, device, n);
}

static fvi_pjrt_program *new_program(const fvi_pjrt *p, pjrt_loaded *executable,
                                     const fvi_pjrt_source *from) {
    fvi_pjrt_program *x = g_new(fvi_pjrt_program, 1);
    *x = (fvi_pjrt_program){p, 1, executable, from->n_results,
                            g_new(fvi_shape, MAX(from->n_results, 1))};
    memcpy(x->results, from->results, (size_t)from->n_results * sizeof *x->results);
    return x;
}

fv_status fvi_pjrt_compile(const fvi_pjrt *p, int device, const fvi_pjrt_source *from,
                           fvi_pjrt_program **out, fv_error *err) {
    const pjrt_program code = {.head = FVI_PJRT_HEAD(pjrt_program),
                               .code = from->text,
                               .code_length = from->length,
                               .format = "mlir",
                               .format_length = strlen("mlir")};
    GByteArray *options = compile_options(p->units[device].id);
    pjrt_compile_args args = {.head = FVI_PJRT_HEAD(pjrt_compile_args),
                              .client = p->client,
                              .program = &code,
                              .options = (const char *)options->data,
                              .options_length = options->len};
    const fv_status st = fvi_pjrt_check(p, p->api->compile(&args), "compiling", err);
    g_byte_array_unref(options);
    if (st) return st;
    *out = new_program(p, args.executable, from);
    return FV_OK;
}

GBytes *fvi_pjrt_serialize(const fvi_pjrt_program *x) {
    const fvi_pjrt *p = x->plugin;
    pjrt_pair_args loaded = {.head = FVI_PJRT_HEAD(pjrt_pair_args), .object = x->executable};
    if (fvi_pjrt_check(p, p->api->loaded_executable(&loaded), "asking", NULL)) return NULL;
    pjrt_serialize_args args = {.head = FVI_PJRT_HEAD(pjrt_serialize_args),
                                .executable = loaded.result};
    GBytes *bytes = NULL;
    if (!fvi_pjrt_check(p, p->api->serialize(&args), "asking", NULL) && args.bytes) {
        bytes = g_bytes_new(args.bytes, args.length);
        if (args.free) args.free(args.serialized);
    }
    fvi_pjrt_destroy(p, p->api->executable_destroy, loaded.result);
    return bytes;
}

fv_status fvi_pjrt_load(const fvi_pjrt *p, const fvi_pjrt_source *from, const void *bytes,
                        size_t size, fvi_pjrt_program **out) {
    pjrt_load_args args = {
        .head = FVI_PJRT_HEAD(pjrt_load_args), .client = p->client, .bytes = bytes, .length = size};
    const fv_status st = fvi_pjrt_check(p, p->api->load(&args), "loading a program", NULL);
    if (!st) *out = new_program(p, args.executable, from);
    return st;
}

static size_t bytes_of(int64_t n) { return n > 0 ? (size_t)n : 0; }

fvi_pjrt_memory fvi_pjrt_program_memory(const fvi_pjrt_program *x) {
    const fvi_pjrt_memory unknown = {0};
    if (!x) return unknown;
    const pjrt_api *api = x->plugin->api;
    if (api->head.size < offsetof(pjrt_api, compiled_memory) + sizeof api->compiled_memory ||
        !api->compiled_memory)
        return unknown;
    pjrt_pair_args loaded = {.head = FVI_PJRT_HEAD(pjrt_pair_args), .object = x->executable};
    if (fvi_pjrt_check(x->plugin, api->loaded_executable(&loaded), "asking", NULL)) return unknown;
    pjrt_compiled_memory_args args = {.head = FVI_PJRT_HEAD(pjrt_compiled_memory_args),
                                      .executable = loaded.result};
    const fv_status st = fvi_pjrt_check(x->plugin, api->compiled_memory(&args), "asking", NULL);
    fvi_pjrt_destroy(x->plugin, api->executable_destroy, loaded.result);
    if (st) return unknown;
    return (fvi_pjrt_memory){bytes_of(args.code), bytes_of(args.arguments), bytes_of(args.results),
                             bytes_of(args.temporary)};
}

fvi_pjrt_program *fvi_pjrt_program_ref(fvi_pjrt_program *x) {
    g_atomic_int_inc(&x->owners);
    return x;
}

void fvi_pjrt_program_free(fvi_pjrt_program *x) {
    if (!x || !g_atomic_int_dec_and_test(&x->owners)) return;
    fvi_pjrt_destroy(x->plugin, x->plugin->api->loaded_destroy, x->executable);
    g_free(x->results);
    g_free(x);
}

fv_status fvi_pjrt_run(const fvi_pjrt_program *x, fvi_pjrt_array *const *args, int n_args,
                       fvi_pjrt_array **results, fv_error *err) {
    const fvi_pjrt *p = x->plugin;
    pjrt_buffer **in = g_new0(pjrt_buffer *, MAX(n_args, 1));
    pjrt_buffer **to = g_new0(pjrt_buffer *, MAX(x->n_results, 1));
    int64_t *kept = g_new(int64_t, MAX(n_args, 1));
    for (int i = 0; i < n_args; i++) {
        in[i] = args[i]->buffer;
        kept[i] = i;
    }
    pjrt_execute_options options = {
        .head = FVI_PJRT_HEAD(pjrt_execute_options), .kept = kept, .n_kept = (size_t)n_args};
    pjrt_buffer *const *in_of[] = {in};
    pjrt_buffer **to_of[] = {to};
    pjrt_execute_args run = {.head = FVI_PJRT_HEAD(pjrt_execute_args),
                             .executable = x->executable,
                             .options = &options,
                             .arguments = in_of,
                             .n_devices = 1,
                             .n_arguments = (size_t)n_args,
                             .results = to_of};
    const fv_status st = fvi_pjrt_check(p, p->api->execute(&run), "running", err);
    for (int i = 0; i < x->n_results && !st; i++) results[i] = new_array(p, to[i], &x->results[i]);
    g_free(in);
    g_free(to);
    g_free(kept);
    return st;
}
