/* SPDX-License-Identifier: Apache-2.0 */
/* Fuzzes the texts a user types for a picture: objectives (read, written, and evaluated with
 * their gradient on a small network), and every option of a recipe, transforms and regularisers
 * among them. The first line is the objective, each other line NAME=VALUE. */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

static fv_model *model;
static fv_session *session;
static fv_tensor *input;

int LLVMFuzzerInitialize(int *argc, char ***argv) {
    (void)argc, (void)argv;
    fv_error err;
    const fv_model_desc desc = {.struct_size = sizeof(fv_model_desc),
                                .max_work = (int64_t)1 << 36}; /* texts are what is looked at */
    FUZZ_ASSERT(!fv_model_load(FUZZ_NETWORK, &desc, &model, &err));
    FUZZ_ASSERT(!fv_session_new(model, FV_DESC(fv_session_desc, .threads = 1), &session, &err));
    const fv_input *in = fv_model_input(model);
    const int64_t dim[] = {2, in->channels, in->height, in->width};
    FUZZ_ASSERT(!fv_tensor_new(4, dim, &input, &err));
    for (int64_t i = 0; i < fv_tensor_count(input); i++) input->data[i] = (float)(i % 17) / 17;
    return 0;
}

static void objective(const char *text) {
    fv_error err;
    double values[2];
    fv_objective *o = NULL, *twice = NULL;
    fv_tensor *gradient = NULL;
    if (fuzz_check(fv_objective_new(model, text, NULL, 0, &o, &err), &err)) return;
    FUZZ_ASSERT(*fv_objective_text(o) && strlen(fv_objective_note(o)) < 256);
    if (!fuzz_check(fv_session_gradient(session, input, o, values, &gradient, &err), &err))
        FUZZ_ASSERT(fv_tensor_count(gradient) == fv_tensor_count(input));
    if (!fuzz_check(fv_objective_add(o, -1, o, &twice, &err), &err))
        FUZZ_ASSERT(*fv_objective_text(twice));
    fv_objective_free(twice);
    fv_objective_free(o);
    fv_tensor_free(gradient);
}

/* What was taken is written as the text that sets it, which must set the same. */
static void option(fv_recipe *d, char *line) {
    fv_error err;
    char text[4096], again[4096], *value = strchr(line, '=');
    if (!value) return;
    *value++ = 0;
    const int known = !fuzz_check(fv_recipe_get(d, line, text, sizeof text, &err), &err);
    if (fuzz_check(fv_recipe_set(d, line, value, &err), &err)) {
        if (!known) return;
        FUZZ_ASSERT(!fuzz_check(fv_recipe_get(d, line, again, sizeof again, &err), &err));
        FUZZ_ASSERT(!strcmp(text, again));
        return;
    }
    fv_recipe *copy = NULL;
    FUZZ_ASSERT(!fuzz_check(fv_recipe_get(d, line, text, sizeof text, &err), &err));
    FUZZ_ASSERT(!fuzz_check(fv_recipe_copy(d, &copy, &err), &err));
    if (fuzz_check(fv_recipe_set(copy, line, text, &err), &err)) abort();
    FUZZ_ASSERT(!fuzz_check(fv_recipe_get(copy, line, again, sizeof again, &err), &err));
    FUZZ_ASSERT(!strcmp(text, again));
    fv_recipe_free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    fv_error err;
    fv_recipe *d = NULL;
    char *text = malloc(size + 1);
    FUZZ_ASSERT(text);
    if (size) memcpy(text, data, size);
    text[size] = 0;
    char *saved = NULL, *line = strtok_r(text, "\n", &saved);
    if (line) objective(line);
    if (!fuzz_check(fv_recipe_new(model, NULL, NULL, 0, &d, &err), &err))
        while ((line = strtok_r(NULL, "\n", &saved))) option(d, line);
    fv_recipe_free(d);
    free(text);
    return 0;
}
