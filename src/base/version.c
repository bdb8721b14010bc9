/* SPDX-License-Identifier: Apache-2.0 */
/* The library's own version, from the numbers in the public header. */
#include "fovea/fovea.h"

#define TEXT_OF(x) #x
#define TEXT(x)    TEXT_OF(x)

const char *fv_version(void) {
    return TEXT(FV_VERSION_MAJOR) "." TEXT(FV_VERSION_MINOR) "." TEXT(FV_VERSION_PATCH);
}
