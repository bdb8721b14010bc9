/* SPDX-License-Identifier: Apache-2.0 */
/* Changes of a file's bytes by a mutator of libFuzzer, one function a kind of content. Each makes
 * one change at random that leaves the rest as it was, so that what reads it gets to the change. */
#ifndef FOVEA_TESTS_MUTATE_H
#define FOVEA_TESTS_MUTATE_H

#include <glib.h>
#include <stdint.h>

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed);

/* ---- mutate.c ---- */

/* A number below n; 0 for n = 0. */
unsigned mutate_below(GRand *random, size_t n);
/* A number that readers may not expect, some of them made of `old`. */
int64_t mutate_number(GRand *random, int64_t old);
/* The name of an operator, layer or function of some format, a number's or another text. */
const char *mutate_word(GRand *random);
/* Puts `n` bytes in the place of `count` at `at`. */
void mutate_replace(GByteArray *bytes, size_t at, size_t count, const void *by, size_t n);
/* What libFuzzer does to bytes of no known structure. */
void mutate_plain(GByteArray *bytes);
/* Little-endian numbers of 1, 2, 4 or 8 bytes: one becomes an odd one, another one of the bytes, or
 * a place among them. */
void mutate_words(GRand *random, GByteArray *bytes);
/* Whatever the bytes are: archives, JSON and other text, HDF5, flatbuffers, protobuf. */
void mutate_content(GRand *random, GByteArray *bytes);

/* ---- mutate_text.c ---- */

/* JSON, protobuf's text, lists of options: a number, a name, or what stands in brackets. */
void mutate_text(GRand *random, GByteArray *text);

/* ---- mutate_binary.c ---- */

/* HDF5: the JSON of a Keras configuration, in the room it has; or words. */
void mutate_hdf5(GRand *random, GByteArray *bytes);
/* A flatbuffer: a field of a table that the root leads to, or of its vtable; an element or the
 * length of a vector. */
void mutate_flatbuffer(GRand *random, GByteArray *bytes);
/* A protobuf of any schema: a field, at whatever depth.  returns  0: it is none */
int mutate_protobuf(GRand *random, GByteArray *bytes);

/* ---- mutate_zip.c ---- */

/* A zip archive: the content or the name of a member, and all is packed anew; or the archive's own
 * tables.  returns  0: it has no members that can be read */
int mutate_zip(GRand *random, GByteArray *bytes);

#endif
