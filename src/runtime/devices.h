/* SPDX-License-Identifier: Apache-2.0 */
/* The devices that a model's sessions use, each with the model's weights, made when a session first
 * asks for it. From any thread. */
#ifndef FVI_RUNTIME_DEVICES_H
#define FVI_RUNTIME_DEVICES_H

#include "backend/device.h"

typedef struct fvi_model_devices fvi_model_devices;

/* NULL: out of memory. */
fvi_model_devices *fvi_model_devices_new(void);
/* After all sessions. NULL allowed. */
void fvi_model_devices_free(fvi_model_devices *d);

/* The device that a session asks for; plugin NULL: the processor.
 *   desc    of the session; .programs counts for the first that asks for a device
 *   out     the model's own
 *   errors  those of fvi_device_new */
fv_status fvi_model_device(const fv_model *m, const fv_session_desc *desc, fvi_device **out,
                           fv_error *err);

/* fvi_device_forget, on all of them and the processor. */
void fvi_model_forget(const fv_model *m, const void *bytes);

/* Bytes of weights on all devices but the processor. */
size_t fvi_model_devices_bytes(fvi_model_devices *d);

#endif
