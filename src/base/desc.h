/* SPDX-License-Identifier: Apache-2.0 */
/* Reading a caller's desc, which may be of an older or a newer header than this library's. */
#ifndef FVI_BASE_DESC_H
#define FVI_BASE_DESC_H

#include <stddef.h>

#include "fovea/fovea.h"

/* Copies a desc into one of this library's size: fields the caller does not know are 0, which is
 * their default.
 *   name    "fv_model_desc", for the error
 *   desc    begins with size_t struct_size; NULL: all defaults
 *   first   bytes of the desc's first version, `size` those of today's
 *   own     [size] written; own's struct_size is `size`
 *   errors  ARG struct_size is below `first` or far above `size`: it was not filled in;
 *           UNSUPPORTED the desc is of a newer header and sets a field that this library does not
 *           know. own is then untouched */
fv_status fvi_desc_read(const char *name, const void *desc, size_t first, size_t size, void *own,
                        fv_error *err);

/* The same for a type whose first version ended with the field `last`: own is a `type *`. Fields
 * are added at the end of a type. No type may end in padding, whose bytes are undefined. */
#define FVI_DESC_READ(type, last, desc, own, err)                                              \
    fvi_desc_read(#type, (const type *){desc}, offsetof(type, last) + sizeof((own)->last),     \
                  sizeof(type), (type *){own}, err)

#endif
