/* SPDX-License-Identifier: Apache-2.0 */
/* oneDNN's engine and stream. */
#include "backend/onednn/dnnl/dnnl_engine.h"

#include <stdlib.h>

#include "backend/onednn/dnnl/dnnl_engine_internal.h"
#include "base/error.h"

fv_status fvi_dnnl_fail(fv_error *err, dnnl_status_t st, const char *what) {
    static const char *const words[] = {"success",         "out of memory", "invalid arguments",
                                        "not implemented", "iterator ends", "runtime error",
                                        "not required"};
    if (st == dnnl_out_of_memory) return fvi_fail(err, FV_NOMEM, "%s: out of memory", what);
    const char *word = (unsigned)st < sizeof words / sizeof *words ? words[st] : "unknown failure";
    return fvi_fail(err, FV_BACKEND, "%s: oneDNN says \"%s\"", what, word);
}

fv_status fvi_dnnl_engine_new(fvi_dnnl_engine **out, fv_error *err) {
    fvi_dnnl_engine *b = calloc(1, sizeof *b);
    if (!b) return fvi_fail(err, FV_NOMEM, "out of memory");
    dnnl_status_t st = dnnl_engine_create(&b->engine, dnnl_cpu, 0);
    if (!st) st = dnnl_stream_create(&b->stream, b->engine, dnnl_stream_default_flags);
    if (st) {
        fvi_dnnl_engine_free(b);
        return fvi_dnnl_fail(err, st, "starting the CPU engine");
    }
    *out = b;
    return FV_OK;
}

void fvi_dnnl_engine_free(fvi_dnnl_engine *b) {
    if (!b) return;
    if (b->stream) dnnl_stream_destroy(b->stream);
    if (b->engine) dnnl_engine_destroy(b->engine);
    free(b);
}

void fvi_dnnl_engine_set_bf16(fvi_dnnl_engine *b, int on) { b->bf16 = on; }

#define TEXT(x)          #x
#define VERSION(a, b, c) "oneDNN " TEXT(a) "." TEXT(b) "." TEXT(c)

const char *fvi_dnnl_version(void) {
    return VERSION(DNNL_VERSION_MAJOR, DNNL_VERSION_MINOR, DNNL_VERSION_PATCH);
}

int fvi_dnnl_is_avx2(void) {
    dnnl_cpu_isa_t isa = dnnl_get_effective_cpu_isa();
    return isa == dnnl_cpu_isa_avx2 || isa == dnnl_cpu_isa_avx2_vnni;
}

double fvi_dnnl_engine_time(fvi_dnnl_engine *b, int on) {
    double t = b->seconds;
    b->seconds = 0;
    b->timing = on;
    return t;
}
