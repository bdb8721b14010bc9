/* SPDX-License-Identifier: Apache-2.0 */
/* Fuzzes reading pictures and the texts in them; what is read is written as PNG and read again. */
#include <math.h>
#include <string.h>

#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    fv_image *image = NULL, *again = NULL;
    fv_error err;
    if (fuzz_check(fv_image_load(fuzz_file("picture", data, size), &image, &err), &err)) return 0;
    int64_t n = (int64_t)image->height * image->width;
    FUZZ_ASSERT(image->channels == 3 && n > 0);
    for (int64_t i = 0; i < 3 * n; i++) FUZZ_ASSERT(image->data[i] >= 0 && image->data[i] <= 1);
    const char *text = fv_image_text(image, "fovea.objective");
    if (n <= 1 << 14) { /* writing is not what is looked for here */
        FUZZ_ASSERT(!fuzz_check(fv_image_save(image, fuzz_path("again.png"), &err), &err));
        FUZZ_ASSERT(!fuzz_check(fv_image_load(fuzz_path("again.png"), &again, &err), &err));
        FUZZ_ASSERT(again->height == image->height && again->width == image->width);
        if (text) FUZZ_ASSERT(fv_image_text(again, "fovea.objective"));
    }
    fv_image_free(image);
    fv_image_free(again);
    return 0;
}
