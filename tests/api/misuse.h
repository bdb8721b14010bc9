/* SPDX-License-Identifier: Apache-2.0 */
/* Misuse of the public functions, as tables: each line is a call, the status it must end with, and
 * a part of what it must say.
 *
 * Every call is made twice, with an fv_error and with NULL in its place. What a function gives is
 * put into the one block of outputs below, which is filled with a pattern before each call and
 * compared with it afterwards: a call that fails leaves its outputs as they were.
 * tools/check_misuse.py reads these tables: a public function, a pointer argument or a number of a
 * desc that has no line here makes it fail.
 */
#ifndef MISUSE_H
#define MISUSE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "fovea-private/bench.h"
#include "fovea/fovea.h"

/* Everything a public function can write into. */
typedef struct outputs {
    fv_tensor *tensor, *second;
    fv_image *image, *images[4];
    fv_objective *objective;
    fv_model *model;
    fv_devices *devices;
    fv_session *session;
    fv_monitor *monitor;
    fv_rendering *renderings[4];
    fv_weights *weights;
    fv_filter_stats *filters;
    fv_comparison *comparison;
    fv_changes *changes;
    fv_activations *activations[4];
    fv_examples *examples;
    fv_attribution *attribution;
    fv_scores *scores;
    fv_sanity *sanity;
    fv_weight_stats stats;
    fv_rect window;
    fv_prediction predictions[16];
    fv_bench_result bench;
    fv_op_times *ops;
    fv_machine_speed machine;
    fv_render_bench render_bench;
    fv_recipe *recipe;
    fv_channel channels[64];
    fv_example found[8];
    fv_distribution spread;
    float peaks[2], floats[64];
    double value, values[64];
    void *bytes;
    size_t size;
    int index, count, integers[16];
    char text[256], note[256];
} outputs;
extern outputs o;

/* A call that must be refused. `err` in the call is the error, or NULL. */
#define REFUSED(STATUS, TEXT, CALL)                                 \
    for (int once_more = 1; once_more >= 0; once_more--) {          \
        fv_error *err = misuse_begin(once_more);                    \
        fv_status got = (CALL);                                     \
        misuse_check(got, STATUS, TEXT, #CALL, __FILE__, __LINE__); \
    }

/* A call that must do its work. */
#define WORKS(CALL)                                   \
    do {                                              \
        fv_error *err = misuse_begin(1);              \
        fv_status got = (CALL);                       \
        misuse_works(got, #CALL, __FILE__, __LINE__); \
    } while (0)

/* A function without a status that is called with nothing, and gives `VALUE`. */
#define GIVES(VALUE, CALL) assert_true((CALL) == (VALUE))

/* A function that frees, called with NULL. */
#define HARMLESS(CALL) CALL

/* What the calls are made with: a small network of 32 x 32 pictures with 10 classes, its session,
 * objectives, an input, a photo; and a network of vectors. Made by misuse_setup, freed by
 * misuse_teardown. */
typedef struct things {
    fv_model *net, *vector;
    fv_session *session, *vector_session;
    fv_tensor *input, *vector_input;
    fv_objective *unit, *pool, *mixed; /* of net: head/conv:0, pool:0, pool:0 - tv */
    fv_objective *dense;               /* of vector: dense1:0 */
    fv_image *photo;
    char folder[64]; /* of our own, empty but for "photo.png" */
    char path[96];   /* of that photo */
} things;
extern things t;
int misuse_setup(void **state);
int misuse_teardown(void **state);

/* A file of ours in `t.folder`; the text is static. */
const char *misuse_path(const char *name);

fv_error *misuse_begin(int with_error);
void misuse_check(fv_status got, fv_status wanted, const char *text, const char *call,
                  const char *file, int line);
void misuse_works(fv_status got, const char *call, const char *file, int line);

/* Pictures and tensors that are none. The data of the last two lie about their size. */
extern const fv_image no_image, seven_channels, no_data, huge_image;
extern const fv_tensor no_tensor, nine_dims, negative_dim, huge_tensor, no_numbers;

#endif
