/* SPDX-License-Identifier: Apache-2.0 */
/* fovea: the devices that can run a network. Include fovea/fovea.h. */
#ifndef FOVEA_DEVICES_H
#define FOVEA_DEVICES_H

#include "fovea/core.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Networks are run by the processor, or by an accelerator through a PJRT plug-in: a shared library
 * of whoever makes the accelerator, found at run time. A session is told which device of which
 * plug-in (fv_session_desc); the library looks for plug-ins only when it is asked to, where it is
 * told to.
 */

/* A device, or a plug-in that cannot be used. */
typedef struct fv_device_info {
    const char *plugin;   /* for fv_session_desc, as is `index`; NULL: the processor */
    const char *kind;     /* "NVIDIA H200"; NULL if there is a problem */
    const char *platform; /* "cpu", "cuda", ...: as the plug-in calls it; NULL likewise */
    const char *version;  /* of what runs it; NULL likewise */
    const char *problem;  /* one line: why it cannot be used; NULL: it can */
    int index;
    int is_accelerator;   /* 1: no processor */
    size_t memory;        /* bytes in all, 0: not said */
    size_t memory_in_use; /* by this process, 0: not said */
} fv_device_info;

typedef struct fv_devices fv_devices;

/* Lists devices: the processor, then those of each plug-in, in order. Every plug-in is loaded and
 * started for it, which may take seconds; it then stays loaded as long as the process lives.
 *   places  [count] each a plug-in's path, or a folder with Python packages, in which the .so files
 *           of jax_plugins/NAME are plug-ins; a folder that does not exist is passed over
 *   out     yours to free with fv_devices_free
 *   errors  ARG places is NULL while count is not 0, or count is negative; NOMEM
 */
FV_API fv_status fv_devices_find(const char *const *places, int count, fv_devices **out,
                                 fv_error *err);
FV_API void fv_devices_free(fv_devices *devices);

FV_API int fv_devices_count(const fv_devices *devices);
/* NULL where there is none. */
FV_API const fv_device_info *fv_devices_at(const fv_devices *devices, int index);

#ifdef __cplusplus
} /* extern "C" */
#endif

#endif
