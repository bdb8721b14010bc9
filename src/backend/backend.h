/* SPDX-License-Identifier: Apache-2.0 */
/* The interface a backend implements: one table of functions behind device.h and executable.h.
 *
 * The contracts are those of the functions of the same names there. `device` and `self` are what
 * the backend's device_new and executable_new returned. Functions marked "or NULL" are optional.
 */
#ifndef FVI_BACKEND_BACKEND_H
#define FVI_BACKEND_BACKEND_H

#include "backend/device.h"
#include "graph/graph.h"

typedef struct fvi_timed_op fvi_timed_op;             /* executable.h, as are the flags */
typedef struct fvi_program_memory fvi_program_memory; /* the same */

/* Is told of a device, whose texts live during the call. */
typedef void fvi_add_device(void *user, const fv_device_info *device);

typedef struct fvi_update_desc fvi_update_desc; /* update.h */

/* Updates, of which `self` is what make() returned. */
typedef struct fvi_backend_updates {
    fv_status (*make)(void *device, const fvi_update_desc *desc, void **self, fv_error *err);
    void (*free)(void *self);
    fv_status (*set_state)(void *self, int state, const float *data, fv_error *err);
    fv_status (*give)(void *self, int given, const float *data, fv_error *err);
    void (*redirect)(void *self, const unsigned char *samples);
    fv_status (*run)(void *self, fv_error *err);
    fv_status (*read_result)(void *self, int index, float *to, fv_error *err);
    void (*accept)(void *self);
    fv_status (*read_state)(void *self, int state, float *to, fv_error *err);
} fvi_backend_updates;

struct fvi_backend {
    const char *name;             /* "onednn" */
    const char *(*version)(void); /* "oneDNN 2.6.3" */

    /* Tells of the devices of plug-ins at some places, and of plug-ins that cannot be used; or
     * NULL: it needs none. */
    void (*list)(const char *const *places, int count, fvi_add_device *add, void *user);

    fv_status (*device_new)(const fvi_device_desc *desc, void **device, fv_error *err);
    void (*device_free)(void *device);
    const char *(*device_name)(const void *device);
    fv_precision (*device_precision)(const void *device);
    void (*device_bytes)(void *device, size_t *own, size_t *in_file);
    void (*device_copied)(const void *device, size_t *to, size_t *from); /* or NULL: nothing is */
    void (*device_forget)(void *device, const void *bytes); /* or NULL: it keeps no weights */

    fv_status (*executable_new)(void *device, fvi_graph *graph, int flags, void **self,
                                fv_error *err);
    void (*executable_free)(void *self);
    fv_status (*count)(void *device, fvi_graph *graph, int flags, size_t *bytes, fv_error *err);
    const fvi_graph *(*graph)(const void *self);
    size_t (*bytes)(const void *self);
    double (*extra_cost)(const void *self);
    void (*program_memory)(const void *self, fvi_program_memory *out); /* or NULL: not known */

    fv_status (*set_input)(void *self, int input, const float *data, fv_error *err);
    fv_status (*forward)(void *self, fv_error *err);
    fv_status (*backward)(void *self, fv_error *err);
    void (*redirect)(void *self, const unsigned char *samples, int64_t n);

    fv_status (*read_target)(void *self, int target, float *to, fv_error *err);
    fv_status (*write_seed)(void *self, int target, const float *from, fv_error *err);
    fv_status (*read_gradient)(void *self, int input, float *to, fv_error *err);
    fv_status (*read_target_gradient)(void *self, int target, float *to, fv_error *err);

    /* Each or NULL: a host pointer to the values. They return NULL if the values are not in host
     * memory as plain f32, or not stored at all (a gradient that is zero); callers then read and
     * write them instead. */
    const float *(*map_target)(void *self, int target);
    float *(*map_seed)(void *self, int target);
    const float *(*map_gradient)(void *self, int input);
    const float *(*map_target_gradient)(void *self, int target);

    /* All or none NULL. Without them an executable has no list of ops and no times. */
    fv_status (*profile_begin)(void *self, int *count, fv_error *err);
    const fvi_timed_op *(*profile_op)(const void *self, int i);
    void (*profile_take)(void *self, double *seconds);
    void (*profile_end)(void *self);
    double (*kernel_seconds)(void *self, int on);

    const fvi_backend_updates *updates; /* NULL: it makes none */
};

#endif
