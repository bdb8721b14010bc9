/* SPDX-License-Identifier: Apache-2.0 */
/* A program that a device can run, and where its arguments come from. */
#ifndef FVI_BACKEND_STABLEHLO_RUNNABLE_H
#define FVI_BACKEND_STABLEHLO_RUNNABLE_H

#include "backend/stablehlo/loaded_programs.h"
#include "backend/stablehlo/programs.h"
#include "backend/stablehlo/weights.h"

/* What a device of this backend is. */
typedef struct fvi_hlo_device {
    fvi_pjrt *plugin;
    int device;             /* of the plug-in's */
    char *name;             /* for people */
    size_t memory;          /* bytes at most; 0: no limit */
    fv_precision precision; /* never AUTO */
    char *programs;         /* folder for compiled programs, or NULL */
    fvi_loaded_programs *loaded;
    fvi_device_weights *weights;
} fvi_hlo_device;

typedef struct fvi_runnable {
    fvi_pjrt_program *code; /* NULL: not compiled yet */
    GArray *arguments;      /* of fvi_emitter_argument */
    int n_results;
} fvi_runnable;

/* Compiles a program's text.
 *   out  zeroed; yours to clear */
fv_status fvi_runnable_compile(const fvi_hlo_device *d, const fvi_program_text *text,
                               fvi_runnable *out, fv_error *err);
void fvi_runnable_clear(fvi_runnable *r);

/* Where the array of an argument that is no weight is kept; NULL there is zeros. */
typedef fvi_pjrt_array **fvi_argument_slot(void *user, const fvi_emitter_argument *a);

/* Runs a program.
 *   results  [n_results] yours to free; untouched on failure */
fv_status fvi_runnable_run(const fvi_hlo_device *d, const fvi_runnable *r, fvi_argument_slot *slot,
                           void *user, fvi_pjrt_array **results, fv_error *err);

/* Of the weights among a program's arguments, the bytes of those that are not on the device yet. */
size_t fvi_new_weights(const fvi_hlo_device *d, const GArray *arguments);

/* That they fit the device beside those that are there.  own  bytes that are needed besides
 *   errors  NOMEM */
fv_status fvi_check_memory(const fvi_hlo_device *d, const GArray *arguments, size_t own,
                           fv_error *err);

/* The samples whose ReLUs are redirected, as an argument of programs. */
typedef struct fvi_redirection {
    float *samples; /* [n] 0 or 1; NULL: none is redirected */
    int64_t n;
    fvi_pjrt_array *array; /* NULL: not on the device yet */
} fvi_redirection;

/*   samples  [n] nonzero: redirected; NULL: none, and nothing is kept */
void fvi_redirection_set(fvi_redirection *r, const unsigned char *samples, int64_t n);
/* Copies them to the device if they are not there, before a run that takes them. */
fv_status fvi_redirection_upload(const fvi_hlo_device *d, fvi_redirection *r, fv_error *err);

/* Puts numbers into a slot, in the place of what it holds; NULL: zeros. */
fv_status fvi_slot_upload(const fvi_hlo_device *d, const fvi_shape *shape, const float *data,
                          fvi_pjrt_array **slot, fv_error *err);
/* Puts an array into a slot. */
void fvi_slot_set(fvi_pjrt_array **slot, fvi_pjrt_array *array);
/* Copies what a slot holds to `to`. */
fv_status fvi_slot_download(const fvi_pjrt_array *array, float *to, fv_error *err);
/* Frees what [n] slots hold, and them. */
void fvi_slots_free(fvi_pjrt_array **slots, int n);

#endif
