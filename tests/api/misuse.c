/* SPDX-License-Identifier: Apache-2.0 */
/* What all misuse tests share (misuse.h). */
#include "misuse.h"

#include <stdio.h>
#include <unistd.h>

enum { PATTERN = 0xA5 };

outputs o;
things t;

static fv_error error;
static float number = 0.5f;

const fv_image no_image = {0};
const fv_image seven_channels = {.channels = 7, .height = 1, .width = 1, .data = &number};
const fv_image no_data = {.channels = 3, .height = 8, .width = 8};
const fv_image huge_image = {.channels = 3, .height = INT_MAX, .width = INT_MAX, .data = &number};
const fv_tensor no_tensor = {0};
const fv_tensor nine_dims = {.ndim = 9, .dim = {1, 1, 1, 1, 1, 1, 1, 1}, .data = &number};
const fv_tensor negative_dim = {.ndim = 4, .dim = {1, 3, -32, 32}, .data = &number};
const fv_tensor huge_tensor = {
    .ndim = 4, .dim = {INT64_MAX, 3, INT64_MAX, INT64_MAX}, .data = &number};
const fv_tensor no_numbers = {.ndim = 4, .dim = {1, 3, 32, 32}};

fv_error *misuse_begin(int with_error) {
    memset(&o, PATTERN, sizeof o);
    memset(&error, PATTERN, sizeof error);
    return with_error ? &error : NULL;
}

static int untouched(const void *bytes, size_t size) {
    const unsigned char *b = bytes;
    for (size_t i = 0; i < size; i++)
        if (b[i] != PATTERN) return 0;
    return 1;
}

void misuse_check(fv_status got, fv_status wanted, const char *text, const char *call,
                  const char *file, int line) {
    const int told = !untouched(&error, sizeof error);
    if (told && !memchr(error.text, 0, sizeof error.text))
        fail_msg("%s:%d: %s: its text does not end", file, line, call);
    if (got != wanted)
        fail_msg("%s:%d: %s: status %d, not %d: %s", file, line, call, got, wanted,
                 told ? error.text : "(no text)");
    if (!untouched(&o, sizeof o)) fail_msg("%s:%d: %s: an output was touched", file, line, call);
    if (!told) return;
    if (error.status != wanted)
        fail_msg("%s:%d: %s: the error's status is %d, not %d", file, line, call, error.status,
                 wanted);
    if (!strstr(error.text, text) || strchr(error.text, '\n'))
        fail_msg("%s:%d: %s: \"%s\" says nothing of \"%s\"", file, line, call, error.text, text);
}

void misuse_works(fv_status got, const char *call, const char *file, int line) {
    if (got) fail_msg("%s:%d: %s: status %d: %s", file, line, call, got, error.text);
}

const char *misuse_path(const char *name) {
    static char path[160];
    snprintf(path, sizeof path, "%s/%s", t.folder, name);
    return path;
}

static fv_image *make_photo(void) {
    fv_image *p = NULL;
    assert_int_equal(fv_image_new(3, 40, 48, &p, NULL), FV_OK);
    for (int i = 0; i < 3 * 40 * 48; i++) p->data[i] = (float)(i * 37 % 256) / 255;
    return p;
}

int misuse_setup(void **state) {
    const fv_session_desc one = {.struct_size = sizeof(fv_session_desc), .threads = 1};
    const int64_t four[] = {1, 4};
    (void)state;
    strcpy(t.folder, "/tmp/fovea-misuse-XXXXXX");
    assert_non_null(mkdtemp(t.folder));
    snprintf(t.path, sizeof t.path, "%s/photo.png", t.folder);
    t.photo = make_photo();
    WORKS(fv_image_save(t.photo, t.path, err));
    WORKS(fv_model_load("tests/data/cli/tiny.onnx", NULL, &t.net, err));
    WORKS(fv_model_load("tests/data/cli/vector.onnx", NULL, &t.vector, err));
    WORKS(fv_objective_new(t.net, "head/conv:0", NULL, 0, &t.unit, err));
    WORKS(fv_objective_new(t.net, "pool:0", NULL, 0, &t.pool, err));
    WORKS(fv_objective_new(t.net, "pool:0 - tv", NULL, 0, &t.mixed, err));
    WORKS(fv_objective_new(t.vector, "dense1:0", NULL, 0, &t.dense, err));
    WORKS(fv_session_new(t.net, &one, &t.session, err));
    WORKS(fv_session_new(t.vector, &one, &t.vector_session, err));
    WORKS(fv_input_from_image(t.net, t.photo, &t.input, err));
    WORKS(fv_tensor_new(2, four, &t.vector_input, err));
    return 0;
}

int misuse_teardown(void **state) {
    (void)state;
    fv_tensor_free(t.vector_input);
    fv_tensor_free(t.input);
    fv_session_free(t.vector_session);
    fv_objective_free(t.unit);
    fv_objective_free(t.pool);
    fv_objective_free(t.mixed);
    fv_objective_free(t.dense);
    fv_session_free(t.session);
    fv_model_free(t.vector);
    fv_model_free(t.net);
    fv_image_free(t.photo);
    unlink(t.path);
    return rmdir(t.folder);
}
