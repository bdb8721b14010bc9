/* SPDX-License-Identifier: Apache-2.0 */
/* Descs that can grow: a program compiled against one version of a header works with another
 * version of the library.
 *
 * Every desc begins with its size when the caller was compiled. An older caller's desc is shorter:
 * the missing fields are 0, which is every field's default. A newer caller's desc is longer: it is
 * accepted if the fields that this library does not know are 0.
 *
 * Not done: fields that change their type or meaning; those need a new desc.
 */
#include "base/desc.h"

#include <string.h>

#include "base/error.h"

/* Bytes by which a newer header's desc may be longer: a size beyond that was never filled in, and
 * reading that far might leave the caller's memory. */
#define GROWTH_MOST ((size_t)4096)

fv_status fvi_desc_read(const char *name, const void *desc, size_t first, size_t size, void *own,
                        fv_error *err) {
    size_t given = size;
    if (desc) memcpy(&given, desc, sizeof given);
    if (given < first)
        return fvi_fail(err, FV_ARG,
                        "%s.struct_size is %zu, at least %zu is expected: write FV_DESC(%s, ...)",
                        name, given, first, name);
    if (given > GROWTH_MOST + size)
        return fvi_fail(err, FV_ARG,
                        "%s.struct_size is %zu, at most %zu is expected: write FV_DESC(%s, ...)",
                        name, given, GROWTH_MOST + size, name);
    for (size_t i = size; desc && i < given; i++)
        if (((const unsigned char *)desc)[i])
            return fvi_fail(err, FV_UNSUPPORTED,
                            "%s: byte %zu is set, and this version of the library knows %zu; the "
                            "program was compiled for a newer one",
                            name, i, size);
    memset(own, 0, size);
    if (desc) memcpy(own, desc, given < size ? given : size);
    memcpy(own, &size, sizeof size);
    return FV_OK;
}
