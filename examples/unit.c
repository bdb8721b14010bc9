/* SPDX-License-Identifier: Apache-2.0 */
/* Draws what one channel of a network looks for:  unit MODEL.onnx LAYER:CHANNEL OUT.png
 * Build:  cc unit.c $(pkg-config --cflags --libs fovea) -o unit */
#include <stdio.h>

#include <fovea/fovea.h>

int main(int argc, char **argv) {
    fv_error err = {0};
    fv_model *m = NULL;
    fv_session *s = NULL;
    fv_image *pic = NULL;
    if (argc != 4) return 2;
    int failed = fv_model_load(argv[1], NULL, &m, &err) ||
                 fv_session_new(m, NULL, &s, &err) ||
                 fv_render(s, argv[2], NULL, &pic, &err) ||
                 fv_image_save(pic, argv[3], &err);
    if (failed) fprintf(stderr, "%s\n", err.text);
    fv_image_free(pic);
    fv_session_free(s);
    fv_model_free(m);
    return failed;
}
