/* SPDX-License-Identifier: Apache-2.0 */
/* What a file is that no reader of ours opens: its kind, whether it holds a network, and how to
 * make one that can be read. */
#ifndef FVI_MODEL_FOREIGN_FOREIGN_H
#define FVI_MODEL_FOREIGN_FOREIGN_H

#include <stddef.h>
#include <stdint.h>

/* One line about the bytes of a file, caller frees with g_free; NULL where they are of no kind that
 * is known, or of one that a reader opens.
 *   name  the file's, for the command; its ending counts only where bytes cannot tell */
char *fvi_foreign_text(const uint8_t *bytes, size_t size, const char *name);
/* The kind alone, "a PyTorch state_dict", static; NULL: none that is known. */
const char *fvi_foreign_kind_of(const uint8_t *bytes, size_t size, const char *name);
/* The same about a folder; NULL where `path` is none. */
char *fvi_foreign_folder_text(const char *path);

/* The kind of row `index`, "a PyTorch state_dict"; NULL beyond the last. For the documentation. */
const char *fvi_foreign_kind(int index);

#endif
