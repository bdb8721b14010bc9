/* SPDX-License-Identifier: Apache-2.0 */
/* A plug-in of no device: what it is told to compile it only counts, and all numbers are 0. It
 * fails as it is told, through these functions, which a test finds in it by name. */
#ifndef FVI_TESTS_STABLEHLO_FAKE_PLUGIN_H
#define FVI_TESTS_STABLEHLO_FAKE_PLUGIN_H

#include <stddef.h>

/* "fake_fail_at": call number n from now on (0: the next one) that can fail does, with a code; -1:
 * none does. Returns the calls so far since it was last told. */
typedef int fake_fail_at_fn(int n, int code);
/* "fake_alive": clients, programs, arrays, errors and events that were made and not destroyed. */
typedef int fake_alive_fn(void);
/* "fake_loads": programs that were loaded, not compiled. */
typedef int fake_loads_fn(void);
/* "fake_compiles": programs that were compiled. */
typedef int fake_compiles_fn(void);
/* "fake_largest": arrays of more bytes are too large for its memory; 0: none is. */
typedef void fake_largest_fn(size_t bytes);
/* "fake_gone": from now on every call that can fail does, or (0) none does. */
typedef void fake_gone_fn(int gone);

#endif
