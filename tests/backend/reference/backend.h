/* SPDX-License-Identifier: Apache-2.0 */
/* A second backend, for tests: plain loops in double precision, one tensor a value, nothing fused,
 * nothing simplified, nothing mapped into host memory. Slow on purpose: small networks only. */
#ifndef FVI_TESTS_BACKEND_REFERENCE_BACKEND_H
#define FVI_TESTS_BACKEND_REFERENCE_BACKEND_H

#include "backend/backend.h"

extern const fvi_backend fvi_backend_reference;

/* Makes call number `call` (0: the next) of those that move values or run fail with FV_BACKEND;
 * -1: none. */
void fvi_reference_fail_at(int call);

#endif
