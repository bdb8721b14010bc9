/* SPDX-License-Identifier: Apache-2.0 */
/* A PJRT plug-in: a shared library, found at run time, that compiles StableHLO programs and runs
 * them on devices. Only the files of this folder know its interface.
 *
 * A plug-in is loaded once in a process and never unloaded; its client (the devices' memory) lives
 * as long as somebody uses it. All functions may be called from any thread. What a plug-in says of
 * an error becomes one line with the operation in front: FV_NOMEM if the device's memory is too
 * small, FV_BACKEND else.
 */
#ifndef FVI_BACKEND_STABLEHLO_PJRT_PLUGIN_H
#define FVI_BACKEND_STABLEHLO_PJRT_PLUGIN_H

#include "fovea/fovea.h"

typedef struct fvi_pjrt fvi_pjrt;

/* Loads the plug-in, or finds it among those loaded, and adds a user.
 *   path    of the shared library
 *   out     yours to give back with fvi_pjrt_release
 *   errors  IO: there is no such file; FORMAT: not a plug-in, or of a version that does not fit;
 *           BACKEND: it finds no device, for instance */
fv_status fvi_pjrt_acquire(const char *path, fvi_pjrt **out, fv_error *err);
/* Removes a user; after the last one the client is closed. NULL allowed. */
void fvi_pjrt_release(fvi_pjrt *p);

const char *fvi_pjrt_path(const fvi_pjrt *p);
/* "cpu", "cuda", ...: the kind of its devices. */
const char *fvi_pjrt_platform(const fvi_pjrt *p);
/* Whether they are no processors. */
int fvi_pjrt_is_accelerator(const fvi_pjrt *p);
/* "PJRT 0.114": of the interface, then what the platform says of itself. */
const char *fvi_pjrt_version(const fvi_pjrt *p);

int fvi_pjrt_device_count(const fvi_pjrt *p);
/* "NVIDIA H200"; the client's. */
const char *fvi_pjrt_device_kind(const fvi_pjrt *p, int device);
/* Bytes in use on a device, and at most; 0 where the plug-in does not say. */
void fvi_pjrt_device_memory(const fvi_pjrt *p, int device, size_t *in_use, size_t *limit);

/* Bytes of arrays copied to and from all its devices since it was loaded. */
void fvi_pjrt_copied(const fvi_pjrt *p, size_t *to, size_t *from);

#endif
