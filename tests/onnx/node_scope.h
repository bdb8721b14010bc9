/* SPDX-License-Identifier: Apache-2.0 */
/* Which tests of the ONNX backend suite concern us. */
#ifndef TESTS_ONNX_NODE_SCOPE_H
#define TESTS_ONNX_NODE_SCOPE_H

typedef struct node_scope node_scope;

/* Reads the table of tests that are out of scope: lines `SUITE TEST REASON...`, where suite and
 * test may be patterns with '*', and '#' comments. NULL when it cannot be read or has a line twice
 * (said on stderr). */
node_scope *node_scope_load(const char *path);
void node_scope_free(node_scope *s);

/* The reason why a test is out of scope, or NULL; marks the line as used. The first that fits
 * counts. */
const char *node_scope_reason(node_scope *s, const char *suite, const char *test);
/* Prints the lines never used, and returns their number. */
int node_scope_unused(const node_scope *s);

/* Whether every op of the model file is one fovea knows (src/model/onnx/operators.def), and its
 * opset is not above FVI_OPSET_MAX. */
int node_scope_knows(const char *model_path);

#endif
