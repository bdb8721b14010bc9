/* SPDX-License-Identifier: Apache-2.0 */
/* Descs that can grow: a program compiled against one version of a header works with a library of
 * another.
 *
 * Every desc begins with its size as the caller's compiler knew it. An older caller's desc is
 * shorter: what it lacks is 0, and 0 is every field's default. A newer caller's desc is longer: it
 * is accepted while what this library does not know is 0, since that asks for nothing.
 *
 * Not done: fields that change their type or meaning; those need a new desc.
 */
#include "base/desc.h"

#include <string.h>

#include "base/error.h"

fv_status fvi_desc_read(const char *name, const void *desc, size_t first, size_t size, void *own,
                        fv_error *err) {
    size_t given = size;
    if (desc) memcpy(&given, desc, sizeof given);
    if (given < first)
        return fvi_fail(err, FV_ARG,
                        "%s.struct_size is %zu, at least %zu is expected: write FV_DESC(%s, ...)",
                        name, given, first, name);
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
