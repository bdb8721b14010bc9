/* SPDX-License-Identifier: Apache-2.0 */
/* What a file is, for messages about one that was given in another's place. Not installed, as
 * bench.h is not. */
#ifndef FOVEA_PRIVATE_FILE_KIND_H
#define FOVEA_PRIVATE_FILE_KIND_H

#include "fovea/fovea.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Says it by the file's bytes, static: "an ONNX model", "a picture (JPEG)", "a TensorFlow Lite
 * model", ...; NULL: of no kind that is known, or it cannot be read. */
FV_API const char *fv_file_kind(const char *path);

#ifdef __cplusplus
}
#endif
#endif
