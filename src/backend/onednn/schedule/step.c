/* SPDX-License-Identifier: Apache-2.0 */
/* step: what an op may call while it plans. */
#include "backend/onednn/schedule/step.h"

#include <glib.h>

#include "backend/onednn/schedule/schedule_internal.h"
#include "base/error.h"

fvi_dnnl_engine *fvi_step_engine(const fvi_step *s) { return s->schedule->engine; }
fvi_weight_cache *fvi_step_weights(const fvi_step *s) { return s->schedule->weights; }

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
    return fvi_pool_array(s->schedule->pool, count ? count : 1, size);
}

void fvi_step_touch(fvi_step *s, fvi_buffer *p, fvi_access access) {
    fvi_direction_touch(&s->direction[s->planning], p, access);
}

/* Declares a buffer as touched, unless making it failed (st). */
static fv_status touched(fvi_step *s, fv_status st, fvi_buffer *const *p, fvi_access access) {
    if (!st) fvi_step_touch(s, *p, access);
    return st;
}

fv_status fvi_step_convert(fvi_step *s, fvi_buffer *p, const fvi_layout *want, fvi_buffer **out,
                           fv_error *err) {
    fv_status st = fvi_schedule_convert(s->schedule, p, want, out, err);
    return touched(s, st, out, FVI_READ);
}

fv_status fvi_step_source(fvi_step *s, int i, const fvi_layout *want, fvi_buffer **out,
                          fv_error *err) {
    if (s->src[i]) return fvi_step_convert(s, s->src[i], want, out, err);
    fv_status st = fvi_weight_cache_constant(s->schedule->weights, s->schedule->engine,
                                             fvi_step_constant(s, i), want, out, err);
    return touched(s, st, out, FVI_READ);
}

/* A buffer the direction writes. */
static fv_status written_buffer(fvi_step *s, const fvi_shape *shape, const fvi_layout *layout,
                                fvi_buffer **out, fv_error *err) {
    fv_status st = fvi_schedule_buffer(s->schedule, shape, layout, out, err);
    return touched(s, st, out, FVI_WRITE);
}

fv_status fvi_step_make_dst(fvi_step *s, const fvi_layout *layout, fv_error *err) {
    return written_buffer(s, fvi_step_out_shape(s), layout, &s->dst, err);
}

fv_status fvi_step_make_dsrc(fvi_step *s, int i, const fvi_layout *layout, fv_error *err) {
    return written_buffer(s, fvi_step_shape(s, i), layout, &s->dsrc[i], err);
}

/* A buffer of `shape` in (a part of) the memory of `of`. */
static fv_status shared_buffer(fvi_step *s, const fvi_shape *shape, fvi_buffer *of, size_t offset,
                               const fvi_layout *layout, fvi_buffer **out, fv_error *err) {
    fv_status st = written_buffer(s, shape, layout, out, err);
    if (st) return st;
    (*out)->alias_of = of;
    (*out)->offset = offset;
    return FV_OK;
}

fv_status fvi_step_share_dst(fvi_step *s, fvi_buffer *of, size_t byte_offset,
                             const fvi_layout *layout, fv_error *err) {
    return shared_buffer(s, fvi_step_out_shape(s), of, byte_offset, layout, &s->dst, err);
}

fv_status fvi_step_share_dsrc(fvi_step *s, int i, fvi_buffer *of, size_t byte_offset,
                              const fvi_layout *layout, fv_error *err) {
    return shared_buffer(s, fvi_step_shape(s, i), of, byte_offset, layout, &s->dsrc[i], err);
}

void fvi_step_write_inside(fvi_step *s, fvi_buffer *part, size_t byte_offset, fvi_prim *prim) {
    const fvi_concat_request w = {part, s->dst, byte_offset, prim};
    g_array_append_val(s->schedule->concats, w);
}

fv_status fvi_step_temp(fvi_step *s, const fvi_shape *shape, const fvi_layout *layout,
                        fvi_buffer **out, fv_error *err) {
    return written_buffer(s, shape, layout, out, err);
}

fv_status fvi_step_temp_bytes(fvi_step *s, size_t bytes, fvi_buffer **out, fv_error *err) {
    fv_status st = fvi_schedule_bytes_buffer(s->schedule, bytes, out, err);
    return touched(s, st, out, FVI_WRITE);
}

fv_status fvi_step_saved_bytes(fvi_step *s, size_t bytes, fvi_buffer **out, fv_error *err) {
    fv_status st = fvi_step_temp_bytes(s, bytes, out, err);
    if (!st) fvi_direction_touch(&s->direction[1 - s->planning], *out, FVI_READ);
    return st;
}

fv_status fvi_step_add(fvi_step *s, fvi_prim *prim, fv_error *err) {
    fvi_buffer *scratch = NULL;
    fvi_direction_add(&s->direction[s->planning], prim);
    fv_status st = fvi_schedule_scratch(s->schedule, prim, &scratch, err);
    if (scratch) fvi_step_touch(s, scratch, FVI_WRITE);
    return st;
}

fv_status fvi_step_run(const fvi_step *s, int direction) {
    return fvi_direction_run(&s->direction[direction]);
}

int fvi_step_is_guided(const fvi_step *s) { return s->schedule->guided; }
int fvi_step_every_method(const fvi_step *s) { return s->schedule->every_method; }
int fvi_step_is_timed(const fvi_step *s) { return s->schedule->clock != NULL; }

const unsigned char *fvi_step_redirect(const fvi_step *s, int64_t *samples) {
    *samples = s->schedule->redirect_samples;
    return s->schedule->redirect;
}
