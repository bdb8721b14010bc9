/* SPDX-License-Identifier: Apache-2.0 */
/* Models from bytes in memory, class names from an array, and monitors that see a loading. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fovea/fovea.h"

#define TINY "tests/data/cli/tiny.onnx"

static uint8_t *read_file(const char *path, size_t *size) {
    FILE *f = fopen(path, "rb");
    assert_non_null(f);
    uint8_t *bytes = malloc(1 << 20);
    assert_non_null(bytes);
    *size = fread(bytes, 1, 1 << 20, f);
    fclose(f);
    return bytes;
}

static void bytes_are_the_file(void **state) {
    (void)state;
    size_t size;
    uint8_t *bytes = read_file(TINY, &size);
    fv_error err;
    fv_model *file = NULL, *memory = NULL;
    assert_int_equal(fv_model_load(TINY, NULL, &file, &err), FV_OK);
    if (fv_model_load_memory(bytes, size, "small.onnx", NULL, &memory, &err))
        fail_msg("%s", err.text);
    memset(bytes, 0, size); /* they were copied */
    assert_string_equal(fv_model_sha256(memory), fv_model_sha256(file));
    assert_string_equal(fv_model_name(memory), "small");
    assert_int_equal(fv_model_layer_count(memory), fv_model_layer_count(file));
    fv_model_free(memory);
    memory = NULL;
    assert_int_equal(fv_model_load_memory("no model", 8, NULL, NULL, &memory, &err), FV_FORMAT);
    assert_null(memory);
    fv_model_free(file);
    free(bytes);
}

static void class_names_are_the_callers(void **state) {
    (void)state;
    const char *names[] = {"apple", "pear", "plum", "quince"};
    fv_error err;
    fv_model *m = NULL;
    if (fv_model_load(TINY, FV_DESC(fv_model_desc, .class_names = names, .class_count = 4), &m,
                      &err))
        fail_msg("%s", err.text);
    assert_int_equal(fv_model_class_count(m), 4);
    names[2] = "changed afterwards";
    assert_string_equal(fv_model_class_name(m, 2), "plum");
    fv_model_free(m);
}

typedef struct seen {
    int calls, answer_at, answer, last_done;
} seen;

static int watch(void *user, const fv_progress *p) {
    seen *s = user;
    assert_int_equal(p->total, 2);
    s->last_done = p->done;
    return s->calls++ == s->answer_at ? s->answer : FV_MONITOR_GO;
}

static void monitors_see_and_end_a_loading(void **state) {
    (void)state;
    for (int at = 0; at < 4; at++)
        for (int answer = FV_MONITOR_STOP; answer <= FV_MONITOR_CANCEL; answer++) {
            seen s = {.answer_at = at, .answer = answer};
            fv_monitor *monitor = NULL;
            fv_model *m = NULL;
            fv_error err = {0};
            assert_int_equal(fv_monitor_new(watch, NULL, &s, &monitor, &err), FV_OK);
            fv_status st =
                fv_model_load(TINY, FV_DESC(fv_model_desc, .monitor = monitor), &m, &err);
            assert_int_equal(st, at < 3 ? FV_CANCELLED : FV_OK);
            assert_int_equal(m != NULL, at == 3);
            assert_int_equal(s.last_done, at < 3 ? at : 2);
            fv_model_free(m);
            fv_monitor_free(monitor);
        }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bytes_are_the_file),
        cmocka_unit_test(class_names_are_the_callers),
        cmocka_unit_test(monitors_see_and_end_a_loading),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
