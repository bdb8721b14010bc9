/* SPDX-License-Identifier: Apache-2.0 */
/* Measurements for `fovea bench`, exported by the library but not part of its interface: this
 * header is not installed, and what it declares may change with any version. */
#ifndef FOVEA_PRIVATE_BENCH_H
#define FOVEA_PRIVATE_BENCH_H

#include "fovea-private/stage.h"
#include "fovea/fovea.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct fv_bench_desc {
    int size;             /* 0: the model's own */
    int batch;            /* 0: 1 */
    int threads;          /* 0: all processors */
    int repeats;          /* 0: 20 */
    const char *plugin;   /* of an accelerator, not for fv_bench_ops; NULL: the processor */
    int device;           /* which of the plug-in's */
    const char *programs; /* folder for its compiled programs, or NULL */
} fv_bench_desc;

typedef struct fv_bench_result {
    double step_ms;      /* median of one forward + backward step to the input */
    double gflop;        /* of that step: 2 per multiply-add, of convolutions and matrix products */
    double gflops;       /* gflop / step */
    double primitive_ms; /* of the step, inside oneDNN primitives */
    double peak_rss_mb;  /* of this process */
    double first_ms;     /* from the call to the end of the first step: plan, programs, weights */
    int batch, threads;
    fv_precision precision; /* what is multiplied in */
    /* Of an accelerator's memory, as its compiler says: code of both programs, and the larger one's
     * arguments (with weights), results, and what it needs meanwhile; all 0: it does not say. */
    double code_mb, argument_mb, result_mb, temporary_mb;
} fv_bench_result;

/* Times forward to a layer and backward to the input.  errors  as fv_session_run */
FV_API fv_status fv_bench(const fv_model *model, const char *layer, const fv_bench_desc *desc,
                          fv_bench_result *out, fv_error *err);

/* What one thing a network does costs: a primitive of oneDNN, or a loop of the library's own. */
typedef struct fv_op_time {
    const char *layer;          /* name in the graph; of what stands between layers, the next one;
                                   NULL in a sum over layers */
    const char *kind;           /* "convolution", "reorder", "LRN"; NULL in a sum */
    const char *implementation; /* oneDNN's name for it, "jit:avx2"; ours "winograd:f4x4",
                                   "depthwise:rows", or "own loop" */
    int backward;               /* 0 in a sum */
    int ndim;                   /* shape of what it writes; 0 in a sum */
    int64_t dim[FV_MAX_DIMS];
    int count;    /* 1, or how many are summed */
    double ms;    /* median over the steps */
    double gflop; /* of convolutions and matrix products, 2 per multiply-add as defined, however
                     many the implementation does with; else 0 */
    double gbyte; /* of the tensors it reads and writes; 0: not known */
} fv_op_time;

typedef struct fv_op_times {
    double step_ms; /* median of a whole step, timed so */
    double gflop;   /* of a step, as fv_bench_result */
    int batch, threads;
    fv_precision precision; /* what is multiplied in */
    int op_count, sum_count;
    const fv_op_time *ops;  /* [op_count] longest first */
    const fv_op_time *sums; /* [sum_count] the same, added up over each implementation */
} fv_op_times;

/* Times everything in a step (forward to a layer, backward to the input) by itself.
 * Loops of under a microsecond, and of under ten beside primitives of the same step, are left out.
 *   desc    as for fv_bench
 *   out     yours to free with fv_op_times_free
 *   errors  as fv_bench
 */
FV_API fv_status fv_bench_ops(const fv_model *model, const char *layer, const fv_bench_desc *desc,
                              fv_op_times **out, fv_error *err);
FV_API void fv_op_times_free(fv_op_times *times);

typedef struct fv_machine_speed {
    int threads;
    double gflops; /* GFLOP/s of products of large f32 matrices by oneDNN */
    double gbytes; /* GB/s of a = b + 3 c over arrays too large for caches, three tensors counted */
} fv_machine_speed;

/* Measures what a network could reach at most on this machine; takes about a second and 300 MB.
 *   threads  0: all processors
 *   errors   ARG; NOMEM; BACKEND
 */
FV_API fv_status fv_bench_machine(int threads, fv_machine_speed *out, fv_error *err);

/* What fv_bench_render measures. Medians over the updates; means have the rare ones in them. */
typedef struct fv_render_bench {
    int updates, batch;
    double step_ms, mean_ms; /* of an update */
    double first_ms; /* from the call to the end of the first update: plans, programs, weights */
    double to_device, from_device; /* bytes copied an update; 0 on the processor */
    double stage_ms[FV_STAGE_COUNT], stage_mean_ms[FV_STAGE_COUNT];
    double peak_rss_mb; /* of this process */
} fv_render_bench;

/* Returns a part's name, "network"; static. */
FV_API const char *fv_stage_name(fv_stage part);

/* Renders an objective and times the parts of its updates, after the first three.
 *   recipe   NULL: the default; its restarts are rendered side by side, its steps are not looked at
 *   desc     NULL: as zeros. Of .size and .batch the recipe decides; .repeats at each level
 *   monitor  is told the notes; or NULL
 *   errors   as fv_render
 */
FV_API fv_status fv_bench_render(const fv_model *model, const fv_objective *objective,
                                 const fv_recipe *recipe, const fv_bench_desc *desc,
                                 const fv_monitor *monitor, fv_render_bench *out, fv_error *err);

#ifdef __cplusplus
}
#endif
#endif
