/* SPDX-License-Identifier: Apache-2.0 */
/* step: the services an op has while it plans (see step.h for what each promises). */
#include "backend/onednn/step.h"

#include <glib.h>

#include "backend/onednn/dnnl/dnnl_ops.h"
#include "backend/onednn/program_internal.h"
#include "base/error.h"

fvi_dnnl_engine *fvi_step_engine(const fvi_step *s) { return s->program->engine; }
fvi_weight_cache *fvi_step_weights(const fvi_step *s) { return s->program->weights; }

static const fvi_value *input_value(const fvi_step *s, int i) {
    return i < s->n_in && s->node->in[i] >= 0 ? &s->graph->values[s->node->in[i]] : NULL;
}

const fvi_const *fvi_step_constant(const fvi_step *s, int i) {
    const fvi_value *v = input_value(s, i);
    return v ? v->constant : NULL;
}

const fvi_shape *fvi_step_shape(const fvi_step *s, int i) {
    const fvi_value *v = input_value(s, i);
    return v ? &v->shape : NULL;
}

const fvi_shape *fvi_step_out_shape(const fvi_step *s) {
    const fvi_node *last = s->n_fused ? s->fused[s->n_fused - 1] : s->node;
    return &s->graph->values[last->out].shape;
}

int fvi_step_unavailable(fvi_step *s, fv_status st) {
    s->no_memory |= st == FV_NOMEM;
    return st != FV_OK;
}

void *fvi_step_alloc(fvi_step *s, size_t count, size_t size) {
    return fvi_pool_array(s->program->pool, count ? count : 1, size);
}

fv_status fvi_step_touch(fvi_step *s, fvi_buffer *p, fvi_access access, fv_error *err) {
    (void)err;
    fvi_direction *ph = &s->phase[s->now];
    int n = ph->n_touched++;
    ph->touched = g_renew(fvi_buffer *, ph->touched, n + 1);
    ph->access = g_renew(int, ph->access, n + 1);
    ph->touched[n] = p;
    ph->access[n] = access;
    return FV_OK;
}

fv_status fvi_step_convert(fvi_step *s, fvi_buffer *p, const fvi_layout *want, fvi_buffer **out,
                           fv_error *err) {
    fv_status st = fvi_schedule_convert(s->program, p, want, out, err);
    return st ? st : fvi_step_touch(s, *out, FVI_READ, err);
}

fv_status fvi_step_source(fvi_step *s, int i, const fvi_layout *want, fvi_buffer **out,
                          fv_error *err) {
    if (s->src[i]) return fvi_step_convert(s, s->src[i], want, out, err);
    fv_status st = fvi_weight_cache_constant(s->program->weights, s->program->engine,
                                             fvi_step_constant(s, i), want, out, err);
    return st ? st : fvi_step_touch(s, *out, FVI_READ, err);
}

/* A place the current phase writes. */
static fv_status written_place(fvi_step *s, const fvi_shape *shape, const fvi_layout *layout,
                               fvi_buffer **out, fv_error *err) {
    fv_status st = fvi_schedule_buffer(s->program, shape, layout, out, err);
    return st ? st : fvi_step_touch(s, *out, FVI_WRITE, err);
}

fv_status fvi_step_make_dst(fvi_step *s, const fvi_layout *layout, fv_error *err) {
    return written_place(s, fvi_step_out_shape(s), layout, &s->dst, err);
}

fv_status fvi_step_make_dsrc(fvi_step *s, int i, const fvi_layout *layout, fv_error *err) {
    return written_place(s, fvi_step_shape(s, i), layout, &s->dsrc[i], err);
}

/* A place of `shape` that is (a part of) the memory of `of`. */
static fv_status shared_place(fvi_step *s, const fvi_shape *shape, fvi_buffer *of, size_t offset,
                              const fvi_layout *layout, fvi_buffer **out, fv_error *err) {
    fv_status st = written_place(s, shape, layout, out, err);
    if (st) return st;
    (*out)->root = of;
    (*out)->offset = offset;
    return FV_OK;
}

fv_status fvi_step_share_dst(fvi_step *s, fvi_buffer *of, size_t byte_offset,
                             const fvi_layout *layout, fv_error *err) {
    return shared_place(s, fvi_step_out_shape(s), of, byte_offset, layout, &s->dst, err);
}

fv_status fvi_step_share_dsrc(fvi_step *s, int i, fvi_buffer *of, size_t byte_offset,
                              const fvi_layout *layout, fv_error *err) {
    return shared_place(s, fvi_step_shape(s, i), of, byte_offset, layout, &s->dsrc[i], err);
}

void fvi_step_write_inside(fvi_step *s, fvi_buffer *part, size_t byte_offset, fvi_prim *prim) {
    fvi_move m = {part, s->dst, byte_offset, prim};
    g_array_append_val(s->program->moves, m);
}

fv_status fvi_step_temp(fvi_step *s, const fvi_shape *shape, const fvi_layout *layout,
                        fvi_buffer **out, fv_error *err) {
    return written_place(s, shape, layout, out, err);
}

fv_status fvi_step_temp_bytes(fvi_step *s, size_t bytes, fvi_buffer **out, fv_error *err) {
    fv_status st = fvi_schedule_bytes_buffer(s->program, bytes, out, err);
    return st ? st : fvi_step_touch(s, *out, FVI_WRITE, err);
}

fv_status fvi_step_saved_bytes(fvi_step *s, size_t bytes, fvi_buffer **out, fv_error *err) {
    int now = s->now;
    fv_status st = fvi_step_temp_bytes(s, bytes, out, err);
    s->now = 1 - now;
    if (!st) st = fvi_step_touch(s, *out, FVI_READ, err);
    s->now = now;
    return st;
}

fv_status fvi_step_add(fvi_step *s, fvi_prim *prim, fv_error *err) {
    fvi_direction *ph = &s->phase[s->now];
    ph->prims = g_renew(fvi_prim *, ph->prims, ph->n_prims + 1);
    ph->prims[ph->n_prims++] = prim;
    fvi_buffer *scratch = NULL;
    fv_status st = fvi_schedule_scratch(s->program, prim, &scratch, err);
    return st || !scratch ? st : fvi_step_touch(s, scratch, FVI_WRITE, err);
}

int fvi_step_is_slow(const fvi_step *s, int phase) {
    for (int i = 0; i < s->phase[phase].n_prims; i++)
        if (fvi_prim_is_slow(s->phase[phase].prims[i])) return 1;
    return 0;
}

fv_status fvi_step_run(const fvi_step *s, int phase) {
    const fvi_direction *ph = &s->phase[phase];
    for (int i = 0; i < ph->n_prims; i++) {
        fv_status st = fvi_prim_run(ph->prims[i]);
        if (st) return st;
    }
    return FV_OK;
}
