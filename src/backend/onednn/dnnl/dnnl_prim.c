/* SPDX-License-Identifier: Apache-2.0 */
/* Primitives: make them, set their operands, bind them to memory, run them.
 *
 * A primitive is made from a primitive descriptor, which is kept: it has the layout of each
 * operand, the implementation chosen and the scratch memory needed, and is the hint for backward
 * primitives. Scratch memory is part of the plan's arena, so running allocates nothing. Memory
 * objects are made when binding, over addresses owned by others. A primitive on tensors without
 * elements is empty: it can be bound and run, and does nothing.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "backend/onednn/dnnl/dnnl_layout.h"
#include "backend/onednn/dnnl/dnnl_prim_internal.h"
#include "base/clock.h"
#include "base/error.h"

static const int role_args[FVI_ROLE_COUNT] = {
    [FVI_SRC] = DNNL_ARG_SRC,           [FVI_SRC1] = DNNL_ARG_SRC_1,
    [FVI_WEIGHTS] = DNNL_ARG_WEIGHTS,   [FVI_BIAS] = DNNL_ARG_BIAS,
    [FVI_DST] = DNNL_ARG_DST,           [FVI_DIFF_SRC] = DNNL_ARG_DIFF_SRC,
    [FVI_DIFF_DST] = DNNL_ARG_DIFF_DST, [FVI_WORKSPACE] = DNNL_ARG_WORKSPACE,
    [FVI_MEAN] = DNNL_ARG_MEAN,         [FVI_VARIANCE] = DNNL_ARG_VARIANCE,
    [FVI_SCALE] = DNNL_ARG_SCALE,       [FVI_SHIFT] = DNNL_ARG_SHIFT,
};

/* ---- making ---- */

/* Stores the layout of each operand, if it is not plain. */
static fv_status note_layouts(fvi_prim *p, fv_error *err) {
    for (int r = 0; r < FVI_ROLE_COUNT; r++) {
        if (r == FVI_WORKSPACE) continue;
        fvi_md md = dnnl_primitive_desc_query_md(p->pd, dnnl_query_exec_arg_md, role_args[r]);
        fvi_blocks b = {0};
        if (!md || dnnl_memory_desc_get_size(md) == 0) continue;
        if (fvi_md_copy(&p->layout[r], md)) return fvi_fail(err, FV_NOMEM, "out of memory");
        if (fvi_md_blocks(md, &b) || b.ndim > FVI_MAX_DIMS) continue;
        fvi_shape shape = {.ndim = b.ndim};
        for (int i = 0; i < b.ndim; i++) shape.dim[i] = b.dim[i];
        if (fvi_layout_equal(p->layout[r], NULL, &shape)) {
            fvi_layout_free(p->layout[r]);
            p->layout[r] = NULL;
        }
    }
    return FV_OK;
}

fv_status fvi_prim_new_empty(fvi_dnnl_engine *b, fvi_prim **out, fv_error *err) {
    fvi_prim *p = calloc(1, sizeof *p);
    if (!p) return fvi_fail(err, FV_NOMEM, "out of memory");
    p->engine = b;
    p->info = "empty";
    *out = p;
    return FV_OK;
}

fv_status fvi_prim_new(fvi_dnnl_engine *b, dnnl_primitive_desc_t pd, int backward, const char *what,
                       fvi_prim **out, fv_error *err) {
    fvi_prim *p = NULL;
    fv_status st = fvi_prim_new_empty(b, &p, err);
    if (st) {
        dnnl_primitive_desc_destroy(pd);
        return st;
    }
    p->pd = pd;
    p->backward = backward;
    dnnl_status_t ds = dnnl_primitive_create(&p->prim, pd);
    if (!ds) ds = dnnl_primitive_desc_query(pd, dnnl_query_impl_info_str, 0, &p->info);
    st = ds ? fvi_dnnl_fail(err, ds, what) : note_layouts(p, err);
    if (st) {
        fvi_prim_free(p);
        return st;
    }
    fvi_md scratch = dnnl_primitive_desc_query_md(pd, dnnl_query_scratchpad_md, 0);
    if (scratch) p->scratch_bytes = dnnl_memory_desc_get_size(scratch);
    *out = p;
    return FV_OK;
}

static void unbind(fvi_prim *p) {
    for (int i = 0; i < p->n_operands; i++) {
        if (p->operand[i].memory) dnnl_memory_destroy(p->operand[i].memory);
        p->operand[i].memory = NULL;
    }
    if (p->scratch_memory) dnnl_memory_destroy(p->scratch_memory);
    p->scratch_memory = NULL;
    p->n_args = 0;
}

void fvi_prim_free(fvi_prim *p) {
    if (!p) return;
    unbind(p);
    for (int i = 0; i < p->n_operands; i++) fvi_layout_free(p->operand[i].view);
    for (int r = 0; r < FVI_ROLE_COUNT; r++) fvi_layout_free(p->layout[r]);
    if (p->prim) dnnl_primitive_destroy(p->prim);
    if (p->pd) dnnl_primitive_desc_destroy(p->pd);
    free(p);
}

/* ---- operands ---- */

const fvi_layout *fvi_prim_layout(const fvi_prim *p, fvi_role role) { return p->layout[role]; }

size_t fvi_prim_bytes(const fvi_prim *p, fvi_role role) {
    if (!p->pd) return 0;
    fvi_md md = dnnl_primitive_desc_query_md(p->pd, dnnl_query_exec_arg_md, role_args[role]);
    return md ? dnnl_memory_desc_get_size(md) : 0;
}

void fvi_prim_attach(fvi_prim *p, int arg, fvi_buffer *buffer, fvi_access access,
                     fvi_layout *view) {
    assert(p->n_operands < FVI_MAX_OPERANDS); /* no builder adds more */
    p->operand[p->n_operands++] =
        (fvi_operand){.arg = arg, .buffer = buffer, .access = access, .view = view};
}

void fvi_prim_set(fvi_prim *p, fvi_role role, fvi_buffer *buffer) {
    int writes =
        role == FVI_DIFF_SRC || (!p->backward && (role == FVI_DST || role == FVI_WORKSPACE));
    fvi_prim_attach(p, role_args[role], buffer, writes ? FVI_WRITE : FVI_READ, NULL);
}

size_t fvi_prim_scratch(const fvi_prim *p) { return p->scratch_bytes; }
void fvi_prim_set_scratch(fvi_prim *p, fvi_buffer *scratch) { p->scratch = scratch; }
int fvi_prim_operand_count(const fvi_prim *p) { return p->n_operands; }

fvi_buffer *fvi_prim_operand(const fvi_prim *p, int i, fvi_access *access) {
    if (access) *access = p->operand[i].access;
    return p->operand[i].buffer;
}

const char *fvi_prim_info(const fvi_prim *p) { return p->info; }

const char *fvi_prim_kind(const fvi_prim *p) {
    static const struct {
        int kind;
        const char *word;
    } words[] = {
        {dnnl_convolution, "convolution"},
        {dnnl_deconvolution, "transposed convolution"},
        {dnnl_inner_product, "product"},
        {dnnl_matmul, "product"},
        {dnnl_reorder, "reorder"},
        {dnnl_sum, "sum"},
        {dnnl_binary, "binary"},
        {dnnl_eltwise, "activation"},
        {dnnl_softmax, "softmax"},
        {dnnl_pooling, "pooling"},
        {dnnl_lrn, "lrn"},
        {dnnl_batch_normalization, "batch norm"},
#if DNNL_VERSION_MAJOR < 3
        {dnnl_logsoftmax, "softmax"},
        {dnnl_pooling_v2, "pooling"},
        {dnnl_softmax_v2, "softmax"},
#endif
    };
    dnnl_primitive_kind_t kind;
    if (!p->pd) return "empty";
    if (dnnl_primitive_desc_query(p->pd, dnnl_query_primitive_kind, 0, &kind)) return "primitive";
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (words[i].kind == (int)kind) return words[i].word;
    return "primitive";
}

double fvi_prim_take_seconds(fvi_prim *p) {
    double t = p->seconds;
    p->seconds = 0;
    return t;
}

int fvi_prim_is_slow(const fvi_prim *p) { return strstr(p->info, "ref") != NULL; }

/* ---- binding and running ---- */

static dnnl_status_t bind_one(fvi_prim *p, int arg, fvi_md md, void *data, dnnl_memory_t *memory) {
    dnnl_status_t st = dnnl_memory_create(memory, md, p->engine->engine, data);
    if (!st) p->arg[p->n_args++] = (dnnl_exec_arg_t){arg, *memory};
    return st;
}

fv_status fvi_prim_bind(fvi_prim *p, fv_error *err) {
    unbind(p);
    if (!p->prim) return FV_OK;
    dnnl_status_t st = dnnl_success;
    for (int i = 0; i < p->n_operands && !st; i++) {
        fvi_operand *o = &p->operand[i];
        fvi_md md = fvi_layout_md(o->view);
        if (!md) md = dnnl_primitive_desc_query_md(p->pd, dnnl_query_exec_arg_md, o->arg);
        st = bind_one(p, o->arg, md, o->buffer->data, &o->memory);
    }
    if (!st && p->scratch_bytes && p->scratch)
        st = bind_one(p, DNNL_ARG_SCRATCHPAD,
                      dnnl_primitive_desc_query_md(p->pd, dnnl_query_scratchpad_md, 0),
                      p->scratch->data, &p->scratch_memory);
    if (st) unbind(p);
    return st ? fvi_dnnl_fail(err, st, "binding memory") : FV_OK;
}

fv_status fvi_prim_run(fvi_prim *p) {
    if (!p->prim) return FV_OK;
    fvi_dnnl_engine *b = p->engine;
    double start = b->timing ? fvi_clock() : 0;
    dnnl_status_t st = dnnl_primitive_execute(p->prim, b->stream, p->n_args, p->arg);
    if (!st) st = dnnl_stream_wait(b->stream);
    if (b->timing) {
        double took = fvi_clock() - start;
        b->seconds += took;
        p->seconds += took;
    }
    if (st == dnnl_out_of_memory) return FV_NOMEM;
    return st ? FV_BACKEND : FV_OK;
}
