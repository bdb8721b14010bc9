/* SPDX-License-Identifier: Apache-2.0 */
/* Calls of a plug-in's functions, for the files of this folder: its inside, and its errors. */
#ifndef FVI_BACKEND_STABLEHLO_PJRT_CALL_H
#define FVI_BACKEND_STABLEHLO_PJRT_CALL_H

#include <stdatomic.h>

#include "backend/stablehlo/pjrt/abi.h"
#include "fovea/fovea.h"

typedef struct fvi_pjrt fvi_pjrt; /* plugin.h */

/* The head of an argument struct. */
#define FVI_PJRT_HEAD(type) \
    { .size = sizeof(type) }

typedef struct fvi_pjrt_unit {
    pjrt_device *device;
    int id; /* the plug-in's number of it */
    const char *kind;
} fvi_pjrt_unit;

/* Bytes of arrays that were copied, since the plug-in was loaded. */
typedef struct fvi_pjrt_traffic {
    atomic_size_t to, from; /* its devices */
} fvi_pjrt_traffic;

struct fvi_pjrt {
    char *path;
    const pjrt_api *api;
    int users;
    pjrt_client *client; /* NULL while nobody uses it */
    char *platform, *version;
    int n_units;
    fvi_pjrt_unit *units;
    fvi_pjrt_traffic *traffic;
    fvi_pjrt *next;
};

/* Turns an error into a status, and frees it; NULL is FV_OK.  what  "compiling" */
fv_status fvi_pjrt_check(const fvi_pjrt *p, pjrt_error *error, const char *what, fv_error *err);
/* Waits for an event, and frees it; NULL allowed. */
fv_status fvi_pjrt_await(const fvi_pjrt *p, pjrt_event *event, const char *what, fv_error *err);
/* Calls one of the functions that destroy an object; what they say is not heard. */
void fvi_pjrt_destroy(const fvi_pjrt *p, pjrt_error *(*destroy)(pjrt_object_args *), void *object);

#endif
