/* SPDX-License-Identifier: Apache-2.0 */
/* The formats that models can be read from. */
#ifndef FVI_MODEL_READERS_H
#define FVI_MODEL_READERS_H

#include "model/reader.h"

/* The library's readers, NULL-ended, static. */
const fvi_reader *const *fvi_readers(void);

/* Ending `index` of the names of files they read, static; NULL beyond the last. */
const char *fvi_readers_ending(int index);

/* What a file is, "an ONNX model", "a picture (JPEG)", static; NULL: not known, or it cannot be
 * read. Bytes tell; the name's ending counts only where they cannot. */
const char *fvi_readers_kind(const char *path);

/* Opens a model with the reader that finds its bytes most likely to be of its format.
 *   limits  NULL: the defaults
 *   errors  IO; the chosen reader's, naming the file */
fv_status fvi_readers_open(const fvi_model_source *from, const fvi_limits *limits,
                           fvi_model_file **out, fv_error *err);

#endif
