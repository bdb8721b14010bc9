/* SPDX-License-Identifier: Apache-2.0 */
/* Pictures become inputs: those with alpha as if they had been laid over mid grey before. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "fovea/fovea.h"

static void test_alpha_is_laid_over_mid_grey(void **state) {
    (void)state;
    enum { SIDE = 40, PLANE = SIDE * SIDE };
    fv_model *model = NULL;
    fv_image *p = NULL, *flat = NULL;
    fv_tensor *x = NULL, *y = NULL;
    fv_error err;
    if (fv_model_load(SOURCE_ROOT "/tests/golden/convnext.new20.onnx", NULL, &model, &err) ||
        fv_image_new(4, SIDE, SIDE, &p, &err) || fv_image_new(3, SIDE, SIDE, &flat, &err))
        fail_msg("%s", err.text);
    const float grey = 128.0f / 255;
    for (int i = 0; i < PLANE; i++) {
        float alpha = p->data[3 * PLANE + i] = (float)(i % 5) / 4;
        for (int c = 0; c < 3; c++) {
            float colour = p->data[c * PLANE + i] = (float)((i * 7 + c * 31) % 97) / 96;
            flat->data[c * PLANE + i] = alpha == 0   ? grey
                                        : alpha == 1 ? colour
                                                     : grey + alpha * (colour - grey);
        }
    }
    if (fv_input_from_image(model, p, &x, &err) || fv_input_from_image(model, flat, &y, &err))
        fail_msg("%s", err.text);
    assert_int_equal(fv_tensor_count(x), fv_tensor_count(y));
    assert_memory_equal(x->data, y->data, (size_t)fv_tensor_count(x) * sizeof(float));
    p->channels = 2; /* its second plane is now alpha: grey, for a network of colours */
    fv_tensor_free(x);
    assert_int_equal(fv_input_from_image(model, p, &x, &err), FV_ARG);
    fv_tensor_free(y);
    fv_image_free(p);
    fv_image_free(flat);
    fv_model_free(model);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_alpha_is_laid_over_mid_grey)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
