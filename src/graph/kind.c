/* SPDX-License-Identifier: Apache-2.0 */
/* The traits and names of kinds.def. */
#include "graph/kind.h"

int fvi_kind_has(fvi_kind k, fvi_trait trait) {
    static const unsigned traits[] = {
#define FVI_KIND(NAME, file, TRAITS, ...) [FVI_##NAME] = TRAITS,
#include "graph/kinds.def"
#undef FVI_KIND
    };
    return (unsigned)k < FVI_KIND_COUNT && (traits[k] & trait) != 0;
}

const char *fvi_kind_name(fvi_kind k) {
    static const char *const names[] = {
#define FVI_KIND(NAME, ...) #NAME,
#include "graph/kinds.def"
#undef FVI_KIND
    };
    return (unsigned)k < FVI_KIND_COUNT ? names[k] : "?";
}
