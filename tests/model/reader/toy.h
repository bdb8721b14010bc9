/* SPDX-License-Identifier: Apache-2.0 */
/* A reader of a tiny text format, for the tests: the least that model/reader.h asks for. */
#ifndef FVI_TESTS_MODEL_READER_TOY_H
#define FVI_TESTS_MODEL_READER_TOY_H

#include "model/reader.h"

extern const fvi_reader toy_reader;

#endif
