/* SPDX-License-Identifier: Apache-2.0 */
/* Whole programs. */
#ifndef FVI_BACKEND_STABLEHLO_TEXT_MODULE_H
#define FVI_BACKEND_STABLEHLO_TEXT_MODULE_H

#include "backend/stablehlo/text/hlo.h"

/* A program as text, with a function "main" that takes the arguments in the order they were made
 * and gives `results`; yours to free with g_string_free. */
GString *fvi_hlo_module(const fvi_hlo *h, const int *results, int n_results);

#endif
