/* SPDX-License-Identifier: Apache-2.0 */
/* How a picture becomes the network's input: what each source says of it, and what comes of that.
 *
 * A source fills an fvi_input_spec as far as it speaks. In falling priority: options of the caller,
 * the sidecar, the file's metadata, the shape of the file's input, what is assumed.
 */
#ifndef FVI_MODEL_INPUT_H
#define FVI_MODEL_INPUT_H

#include "model/labels.h"
#include "model/onnx/file.h"

#define FVI_NCHW           1
#define FVI_NHWC           2
#define FVI_INPUT_SIZE_MAX 32768

/* Numbers for the channels: 0 none said, 1 for all, else one a channel. */
typedef struct fvi_per_channel {
    int n;
    float v[4];
    char *from; /* who said it: `net.fovea.json: "mean"` */
} fvi_per_channel;

typedef struct fvi_input_spec {
    char *input; /* name of the picture input, or NULL */
    int height, width;
    int channel_order;
    int layout;
    float range;
    fvi_per_channel mean, scale;
    fvi_labels *labels;
} fvi_input_spec;

void fvi_input_spec_clear(fvi_input_spec *s);

/* Takes a list of 1..4 finite numbers; `invert`: they are divisors, not 0.
 *   from  names file and key in the message and in spec->from */
fv_status fvi_per_channel_set(fvi_per_channel *p, const double *v, int n, int invert,
                              const char *from, fv_error *err);

/* What the file's metadata says: fovea.*, ONNX's Image.*, Ultralytics' names and imgsz. */
fv_status fvi_input_from_metadata(const fvi_onnx *o, const char *base, fvi_input_spec *out,
                                  fv_error *err);
/* What MODEL.fovea.json says, if it is there. `base`: name of the model's file. */
fv_status fvi_input_from_sidecar(const char *path, fvi_input_spec *out, fv_error *err);

/* The input of the network that a picture goes into, with the class names. */
typedef struct fvi_input_info {
    fv_input in; /* .name and .assumed point into the file and below */
    char *assumed;
    fvi_labels *labels; /* or NULL */
} fvi_input_info;

/* Asks all sources and resolves them.  errors  FORMAT, NOTFOUND, IO, naming file, key and value */
fv_status fvi_input_resolve(const fvi_onnx *o, const char *path, const fv_model_desc *desc,
                            fvi_input_info *out, fv_error *err);
void fvi_input_info_clear(fvi_input_info *i);

/* Whether a name is an input of the file at run time (no initialiser stands behind it). */
int fvi_input_is_free(const fvi_onnx *o, const Onnx__ValueInfoProto *v);
/* Shape and element type of a graph input as the file says them: -1 for free sizes; ndim -1 and
 * type 0 where it says nothing, or more than 8 dimensions. */
int fvi_input_shape(const Onnx__ValueInfoProto *v, fvi_shape *out);

#endif
