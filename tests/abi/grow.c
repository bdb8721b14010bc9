/* SPDX-License-Identifier: Apache-2.0 */
/* A program that calls the library with each desc that can grow. test_grow.py compiles it against
 * today's header, and with -DGROWN against one whose descs have one more field, `grown`, at their
 * end: both must work with the same library.
 *
 * For a new desc, a line TRY(its type, a call that takes `desc`). The call may fail for any reason
 * but the size of its desc. */
#include <fovea/fovea.h>
#include <stdio.h>
#include <string.h>

static int failures;
static fv_error err;
static fv_image *out;

static void check(const char *type, const char *what, fv_status got, int refused) {
    if (!got) err = (fv_error){0};
    const int size = strstr(err.text, "struct_size") || strstr(err.text, "newer one");
    if (size != refused || (refused && got != FV_UNSUPPORTED)) {
        printf("%s: %s: status %d, \"%s\"\n", type, what, (int)got, err.text);
        failures++;
    }
    fv_image_free(out);
    out = NULL;
}

#ifdef GROWN
#define TRY_GROWN(type, call) \
    own.grown = 1;            \
    check(#type, "an unknown field is set", call, 1);
#else
#define TRY_GROWN(type, call)
#endif
#define TRY(type, call)                            \
    do {                                           \
        type own = {.struct_size = sizeof own};    \
        const type *desc = &own;                   \
        check(#type, "all fields are 0", call, 0); \
        TRY_GROWN(type, call)                      \
    } while (0)

int main(int argc, char **argv) {
    float numbers[4] = {1, 2, 3, 4};
    fv_image *picture = NULL;
    fv_model *model = NULL;
    fv_session *session = NULL;
    fv_tensor *input = NULL;
    if (argc != 2 || fv_model_load(argv[1], NULL, &model, &err) ||
        fv_image_new(3, 8, 8, &picture, &err) || fv_session_new(model, NULL, &session, &err) ||
        fv_input_from_image(model, picture, &input, &err))
        return 1;
    fv_model *no_model = NULL;
    fv_session *other = NULL;
    fv_weights *weights = NULL;
    fv_attribution *attribution = NULL;
    fv_scores *scores = NULL;
    fv_sanity *sanity = NULL;
    fv_examples *examples = NULL;
    const fv_activations activations = {"layer", FV_ACTIVATION_MAPS, 1, 2, 2, 0, numbers};
    const fv_image *const pictures[] = {picture};
    const fv_objective *const nowhere[] = {NULL};
    fv_rendering *pictures_made[64] = {0};
    const char *const nothing[] = {NULL};
    fv_tensor *tensor = NULL;
    int group, groups;
    fv_model *other_model = NULL;
    fv_objective *elsewhere = NULL; /* of the other model: calls are refused */
    if (fv_model_load(argv[1], NULL, &other_model, &err) ||
        fv_objective_new(other_model, fv_model_layer(other_model, 0)->name, NULL, 0, &elsewhere,
                         &err))
        return 1;

    TRY(fv_model_desc, fv_model_load("/nowhere.onnx", desc, &no_model, &err));
    TRY(fv_session_desc, fv_session_new(model, desc, &other, &err));
    TRY(fv_montage_desc, fv_montage(pictures, NULL, 1, desc, &out, &err));
    TRY(fv_plot_desc, fv_plot_bars(numbers, 4, desc, &out, &err));
    TRY(fv_plot_desc, fv_plot_histogram(numbers, 4, NULL, 0, desc, &out, &err));

    TRY(fv_paint_desc, fv_paint(numbers, 2, 2, desc, &out, &err));
    TRY(fv_weights_desc, fv_weights_render(model, 0, desc, &weights, &err));
    TRY(fv_activations_desc, fv_activations_draw(&activations, desc, NULL, &out, &err));
    TRY(fv_examples_desc, fv_examples_scan(session, nowhere, 1, ".", desc, &examples, &err));
    TRY(fv_contact_sheet_desc, fv_examples_contact_sheet(NULL, 0, desc, &out, &err));
    TRY(fv_contact_sheet_desc, fv_examples_strip(NULL, 0, NULL, NULL, desc, &out, &err));
    TRY(fv_attribute_desc, fv_attribute(session, input, NULL, desc, &attribution, &err));
    TRY(fv_sanity_desc, fv_attribute_sanity(session, input, NULL, desc, &sanity, &err));
    TRY(fv_scores_desc, fv_attribute_scores(session, input, NULL, NULL, desc, &scores, &err));
    TRY(fv_render_desc, fv_render_many(session, nowhere, 1, NULL, desc, pictures_made, &err));
    TRY(fv_group_desc, fv_images_group(pictures, 1, desc, &group, NULL, &groups, &err));
    TRY(fv_dream_desc, fv_dream(session, picture, elsewhere, desc, &err));
    TRY(fv_spectrum_desc, fv_spectrum(nothing, 1, desc, &tensor, NULL, &err));

    fv_objective_free(elsewhere);
    fv_model_free(other_model);
    fv_scores_free(scores);
    fv_sanity_free(sanity);
    fv_attribution_free(attribution);
    fv_examples_free(examples);
    fv_weights_free(weights);
    fv_session_free(other);
    fv_tensor_free(input);
    fv_session_free(session);
    fv_image_free(picture);
    fv_model_free(model);
    return failures != 0;
}
