/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers as typed: read strictly, the whole word, no overflow, inside the range. */
#ifndef FOVEA_CLI_NUMBERS_H
#define FOVEA_CLI_NUMBERS_H

#include "command.h"

/* Each reads a decimal number and nothing else.
 *   returns  0, or -1 if the word is not one; *out is then untouched */
int cli_parse_int(const char *text, int64_t min, int64_t max, int64_t *out);
int cli_parse_seed(const char *text, uint64_t *out);
int cli_parse_real(const char *text, double *out);

/* "0.5" or "0.485,0.456,0.406": at most CLI_MAX_CHANNELS numbers that a float holds. */
int cli_parse_numbers(const char *text, int above_zero, cli_numbers *out);

/* "8G": a whole number above 0, perhaps times a power of 1024. */
int cli_parse_amount(const char *text, int64_t *out);

#endif
