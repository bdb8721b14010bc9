/* SPDX-License-Identifier: Apache-2.0 */
/* recipe: the handle. It holds the settings of a named recipe (recipes.c), completed for a model,
 * and what the caller changed. options.c reads and writes them as text.
 *
 * What depends on the units is not written into the settings, because units of one call differ, and
 * because it depends on the start, which may be set later. It is found each time the settings are
 * read: the recipe's own values for a unit, then over them what the caller has set. The size is one
 * for all units of a call.
 */
#include "vis/recipe/recipe.h"

#include <glib.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/tensor.h"
#include "image/image.h"
#include "runtime/model_state.h"
#include "vis/objective/objective.h"
#include "vis/param/spectrum.h"
#include "vis/recipe/option_table.h"
#include "vis/recipe/options.h"
#include "vis/recipe/recipes.h"

/* ---- defaults ------------------------------------------------------------------------------- */

/* Whether a value has one number a channel: classes, vectors. */
static int is_vector(const fvi_network *net, const char *value) {
    for (int i = 0; i < fvi_network_layer_count(net); i++) {
        const fv_layer *l = fvi_network_layer(net, i);
        int64_t elements = 1, most = 1;
        if (strcmp(l->output, value) != 0) continue;
        for (int k = 0; k < l->ndim; k++) {
            elements *= l->dim[k];
            most = MAX(most, l->dim[k]);
        }
        return elements == most;
    }
    return 0;
}

const char *fv_recipe_default(const fv_model *model, const fv_objective *objective) {
    fvi_objective o = {0};
    if (!model || !fvi_network_input(model->network)->is_image) return model ? "erhan" : "fovea";
    if (!objective) return "fovea";
    int vector = 1;
    if (!fvi_objective_resolve(objective, NULL, model->network, FVI_REDUCTION_MEAN, &o, NULL))
        for (int i = 0; i < o.n_values; i++)
            vector = vector && is_vector(model->network, o.values[i]);
    fvi_objective_clear(&o);
    return vector ? "fovea" : "fovea-layer";
}

/* Elements of a sample of an input that is no picture. */
static int64_t elements_of(const fv_input *in) {
    int64_t elements = 1;
    for (int i = 1; i < in->ndim; i++) elements *= in->dim[i] > 0 ? in->dim[i] : 1;
    return elements;
}

/* Fills in what the recipe leaves to the model. */
static fv_status complete(const fv_input *in, fvi_settings *s, fv_error *err) {
    if (!in->is_image) {
        const int64_t elements = elements_of(in);
        if (elements > G_MAXINT)
            return fvi_fail(err, FV_UNSUPPORTED, "the input has %" G_GINT64_FORMAT " elements",
                            elements);
        s->channels = s->height = 1;
        s->width = (int)elements;
        return FV_OK;
    }
    if (!s->width) s->width = in->width;
    if (!s->height) s->height = in->height;
    s->channels = in->channels;
    return FV_OK;
}

/* ---- for a unit ----------------------------------------------------------------------------- */

/* Finds what the recipe's settings for the units of an objective depend on.
 *   name  the recipe's; NULL: the objective's default
 *   errors  ARG the objective is another network's */
static fv_status kind_find(const fv_model *model, const char *name, const fv_objective *objective,
                           fvi_unit_kind *out, fv_error *err) {
    const fv_input *in = fvi_network_input(model->network);
    fvi_units_extent e = {0};
    *out = (fvi_unit_kind){.recipe = name ? name : fv_recipe_default(model, objective)};
    if (!in->is_image || in->height < 1 || in->width < 1) return FV_OK;
    fv_status st = fvi_units_extent_find(model->network, &objective, 1, &e, err);
    if (st) return st;
    const double share = MAX((double)e.height / in->height, (double)e.width / in->width);
    if (!e.whole) out->early = fvi_recipes_early(out->recipe, MAX(e.height, e.width), share);
    g_ptr_array_unref(e.values);
    return FV_OK;
}

/* The name with which the kinds of a recipe's units are found. */
static const char *name_for_kinds(const fv_recipe *r) {
    return r->by_unit ? NULL : r->settings.recipe;
}

static int is_set(const fv_recipe *r, const char *option) {
    return (int)(r->set >> fvi_option_index(option) & 1);
}

/* Gives units of early layers what the recipe has for them. A picture to start from, or one with a
 * mask, is not made larger and cropped; a parametrisation that was chosen has the recipe's values.
 */
static void adapt(const fv_recipe *r, int early, fvi_settings *s) {
    const fvi_settings recipes = *s;
    if (r->settings.start.kind == FVI_START_IMAGE || r->mask) return;
    fvi_recipes_adapt(early, s);
    if (!r->spectrum && !is_set(r, "param")) return;
    s->param = recipes.param;
    s->start = recipes.start;
}

/* The settings for units of a kind, but for a receptive size. */
static fvi_settings kind_settings(const fv_recipe *r, const fvi_unit_kind *kind) {
    const fvi_settings *own = &r->settings;
    fvi_settings s = {0};
    if (fvi_recipes_find(kind->recipe, &s, NULL)) return *own; /* its name is one of ours */
    adapt(r, kind->early, &s);
    fvi_options_copy(own, r->set, &s);
    if (own->start.kind == FVI_START_IMAGE) s.start = own->start;
    s.start_is_set =
        is_set(r, "start") || is_set(r, "start-mean") || is_set(r, "start-sd") || is_set(r, "bias");
    s.start.image = own->start.image;
    s.start.mask = own->start.mask;
    s.param.spectrum = own->param.spectrum;
    s.regularizer.objective = own->regularizer.objective;
    s.channels = own->channels;
    s.height = own->height;
    s.width = own->width;
    return s;
}

/* The same with a receptive size filled in. */
static fvi_settings with_size(const fv_recipe *r, const fvi_unit_kind *kind) {
    const fv_input *in = fvi_network_input(r->model->network);
    fvi_settings s = kind_settings(r, kind);
    if (s.width != FVI_SIZE_RECEPTIVE || !r->receptive.known) return s;
    const int small = r->receptive.small && s.start.kind != FVI_START_IMAGE;
    s.height = small ? r->receptive.height : in->height;
    s.width = small ? r->receptive.width : in->width;
    if (small) s.view = FVI_VIEW_PICTURE;
    return s;
}

/* ---- making and freeing --------------------------------------------------------------------- */

/* Reads the regularizer's terms, once for all calls.  errors  as fv_objective_new */
static fv_status read_regularizer(fv_recipe *r, fv_error *err) {
    const char *terms = r->settings.regularizer.terms;
    fv_objective *read = NULL;
    if (terms[strspn(terms, " \t")]) {
        fv_status st = fvi_objective_read(r->model->network, terms, NULL, 0, &read, err);
        if (st) {
            fvi_error_prefix(err, "regularizer is \"%.80s\"", terms);
            return st;
        }
    }
    fv_objective_free(r->regularizer);
    r->settings.regularizer.objective = r->regularizer = read;
    return FV_OK;
}

/* A copy of the pixels; texts are left. */
static fv_status copy_pixels(const fv_image *image, fv_image **out, fv_error *err) {
    return fvi_image_crop(image, 0, 0, image->height, image->width, out, err);
}

/* Finds the receptive size where it is asked for and can be known. */
static fv_status find_size(fv_recipe *r, fv_error *err) {
    if (r->settings.width != FVI_SIZE_RECEPTIVE || !r->extent.values || r->receptive.known)
        return FV_OK;
    return fvi_receptive_size_find(r->model, &r->extent, &r->receptive, err);
}

/* Fills in a new recipe.  errors  as fv_recipe_new */
static fv_status begin(fv_recipe *r, const char *name, const fv_objective *const *objectives,
                       int count, fv_error *err) {
    const fvi_network *net = r->model->network;
    r->by_unit = !name && count;
    if (!name) name = fv_recipe_default(r->model, count ? objectives[0] : NULL);
    fv_status st = fvi_recipes_find(name, &r->settings, err);
    r->first.recipe = r->settings.recipe;
    if (!st) st = complete(fvi_network_input(net), &r->settings, err);
    if (!st) st = read_regularizer(r, err);
    if (st || !count) return st;
    st = fvi_units_extent_find(net, objectives, count, &r->extent, err);
    if (!st) st = kind_find(r->model, name_for_kinds(r), objectives[0], &r->first, err);
    return st ? st : find_size(r, err);
}

fv_status fv_recipe_new(const fv_model *model, const char *name,
                        const fv_objective *const *objectives, int count, fv_recipe **out,
                        fv_error *err) {
    fv_status st = FVI_NOT_NULL(err, model, out);
    if (st) return st;
    if (count < 0)
        return fvi_fail(err, FV_ARG, "fv_recipe_new: %d objectives; allowed: 0 and more", count);
    if (count && !objectives)
        return fvi_fail(err, FV_ARG, "fv_recipe_new: objectives is NULL, count is %d", count);
    fv_recipe *r = calloc(1, sizeof *r);
    if (!r) return fvi_fail(err, FV_NOMEM, "out of memory for a recipe");
    r->model = model;
    st = begin(r, name, objectives, count, err);
    if (st)
        fv_recipe_free(r);
    else
        *out = r;
    return st;
}

fv_status fv_recipe_copy(const fv_recipe *recipe, fv_recipe **out, fv_error *err) {
    fv_status st = FVI_NOT_NULL(err, recipe, out);
    if (st) return st;
    fv_recipe *r = calloc(1, sizeof *r);
    if (!r) return fvi_fail(err, FV_NOMEM, "out of memory for a recipe");
    *r = *recipe;
    r->start = r->mask = NULL;
    r->spectrum = NULL;
    r->regularizer = NULL;
    if (r->extent.values) g_ptr_array_ref(r->extent.values);
    if (recipe->start) st = copy_pixels(recipe->start, &r->start, err);
    if (!st && recipe->mask) st = copy_pixels(recipe->mask, &r->mask, err);
    if (!st && recipe->spectrum) st = fvi_tensor_copy(recipe->spectrum, &r->spectrum, err);
    if (!st && recipe->regularizer)
        st = fvi_objective_clone(recipe->regularizer, r->model->network, &r->regularizer, err);
    r->settings.regularizer.objective = r->regularizer;
    r->settings.start.image = r->start;
    r->settings.start.mask = r->mask;
    r->settings.param.spectrum = r->spectrum;
    if (st)
        fv_recipe_free(r);
    else
        *out = r;
    return st;
}

/* Gives a recipe that was made without units those of a call.  errors  as fv_recipe_new */
static fv_status add_units(fv_recipe *r, const fv_objective *const *objectives, int count,
                           fv_error *err) {
    if (r->extent.values) return FV_OK;
    fv_status st = fvi_units_extent_find(r->model->network, objectives, count, &r->extent, err);
    return st ? st : find_size(r, err);
}

fv_status fv_recipe_for(const fv_recipe *recipe, const fv_objective *objective, fv_recipe **out,
                        fv_error *err) {
    fv_recipe *r = NULL;
    fv_status st = FVI_NOT_NULL(err, recipe, objective, out);
    if (!st) st = fv_recipe_copy(recipe, &r, err);
    if (!st) st = add_units(r, &objective, 1, err);
    if (!st) st = kind_find(r->model, name_for_kinds(r), objective, &r->first, err);
    if (st)
        fv_recipe_free(r);
    else
        *out = r;
    return st;
}

void fv_recipe_free(fv_recipe *recipe) {
    if (!recipe) return;
    if (recipe->extent.values) g_ptr_array_unref(recipe->extent.values);
    fv_image_free(recipe->start);
    fv_image_free(recipe->mask);
    fv_tensor_free(recipe->spectrum);
    fv_objective_free(recipe->regularizer);
    free(recipe);
}

/* ---- setting -------------------------------------------------------------------------------- */

fv_status fv_recipe_option_check(const char *option, const char *value, fv_error *err) {
    fvi_settings scratch = {0};
    fv_status st = FVI_NOT_NULL(err, option, value);
    return st ? st : fvi_option_set(&scratch, option, value, err);
}

/* An option has the recipe's own value again. */
static void unset(fv_recipe *r, const char *option) {
    r->set &= ~((uint64_t)1 << fvi_option_index(option));
}

/* Sets the numbers that go with the kind of start: none with a picture, else the recipe's own. */
static void reset_start(fv_recipe *r) {
    fvi_settings named = {0};
    fvi_start_settings *start = &r->settings.start;
    unset(r, "start-mean");
    unset(r, "start-sd");
    start->mean = start->sd = 0;
    if (start->kind == FVI_START_IMAGE || fvi_recipes_find(r->settings.recipe, &named, NULL))
        return;
    start->mean = named.start.mean;
    start->sd = named.start.sd;
}

/* Updates the state that depends on the options just set: the start image, the regulariser. */
static fv_status follow(fv_recipe *r, const fvi_settings *before, fv_error *err) {
    const int was_image = before->start.kind == FVI_START_IMAGE;
    if (r->start && was_image != (r->settings.start.kind == FVI_START_IMAGE)) reset_start(r);
    if (!strcmp(r->settings.regularizer.terms, before->regularizer.terms)) return FV_OK;
    return read_regularizer(r, err);
}

fv_status fv_recipe_set(fv_recipe *recipe, const char *option, const char *value, fv_error *err) {
    fv_status st = FVI_NOT_NULL(err, recipe, option, value);
    if (st) return st;
    const fvi_settings before = recipe->settings;
    const uint64_t set = recipe->set;
    st = fvi_option_set(&recipe->settings, option, value, err);
    if (!st) recipe->set |= (uint64_t)1 << fvi_option_index(option);
    if (!st && !fvi_network_input(recipe->model->network)->is_image &&
        recipe->settings.width == FVI_SIZE_RECEPTIVE)
        st = fvi_fail(err, FV_ARG, "size is \"%s\"; the input of %s is no picture", value,
                      fv_model_name(recipe->model));
    if (!st) st = find_size(recipe, err);
    if (!st) st = follow(recipe, &before, err);
    if (st) {
        recipe->settings = before;
        recipe->set = set;
    }
    return st;
}

fv_status fv_recipe_get(const fv_recipe *recipe, const char *option, char *text, size_t size,
                        fv_error *err) {
    fv_status st = FVI_NOT_NULL(err, recipe, option, text);
    if (st) return st;
    if (size < 1) return fvi_fail(err, FV_ARG, "fv_recipe_get: size is 0; at least 1");
    const fvi_settings s = with_size(recipe, &recipe->first);
    if (strcmp(option, "recipe") != 0) return fvi_option_get(&s, option, text, size, err);
    g_strlcpy(text, s.recipe, size);
    return FV_OK;
}

fv_status fv_recipe_preset(const char *recipe, const char *option, char *text, size_t size,
                           fv_error *err) {
    fvi_settings s = {0};
    fv_status st = FVI_NOT_NULL(err, recipe, option, text);
    if (st) return st;
    if (size < 1) return fvi_fail(err, FV_ARG, "fv_recipe_preset: size is 0; at least 1");
    st = fvi_recipes_find(recipe, &s, err);
    if (!st) st = fvi_option_get(&s, option, text, size, err);
    if (!st && !s.width && !strcmp(option, "size")) text[0] = '\0';
    return st;
}

static fv_status copy_image(const fv_image *image, const char *what, fv_image **out,
                            fv_error *err) {
    fv_status st = fvi_image_check(image, what, err);
    if (!st) st = fvi_image_check_values(image, what, err);
    return st ? st : copy_pixels(image, out, err);
}

/* Takes a picture over (NULL: the start is the recipe's own again). */
static void set_start(fv_recipe *r, fv_image *image) {
    fvi_settings named = {0};
    fv_image_free(r->start);
    r->settings.start.image = r->start = image;
    if (image)
        r->settings.start.kind = FVI_START_IMAGE;
    else if (!fvi_recipes_find(r->settings.recipe, &named, NULL))
        r->settings.start.kind = named.start.kind;
    unset(r, "start");
    reset_start(r);
}

fv_status fv_recipe_set_image(fv_recipe *recipe, const char *input, const fv_image *image,
                              fv_error *err) {
    fv_status st = FVI_NOT_NULL(err, recipe, input);
    if (st) return st;
    const int is_start = !strcmp(input, "start");
    if (!is_start && strcmp(input, "mask") != 0)
        return fvi_fail(err, FV_NOTFOUND, "there is no picture \"%.64s\"; there are start, mask",
                        input);
    fv_image *copy = NULL;
    if (image)
        st = copy_image(image, is_start ? "the picture to start from" : "the mask", &copy, err);
    if (st) return st;
    if (is_start) {
        set_start(recipe, copy);
    } else {
        fv_image_free(recipe->mask);
        recipe->settings.start.mask = recipe->mask = copy;
    }
    return FV_OK;
}

fv_status fv_recipe_set_tensor(fv_recipe *recipe, const char *input, const fv_tensor *tensor,
                               fv_error *err) {
    fv_status st = FVI_NOT_NULL(err, recipe, input);
    if (st) return st;
    if (strcmp(input, "spectrum") != 0)
        return fvi_fail(err, FV_NOTFOUND, "there is no tensor \"%.64s\"; there is spectrum", input);
    fv_tensor *copy = NULL;
    if (tensor) st = fvi_tensor_check(tensor, "the spectrum", err);
    if (!st && tensor) st = fvi_spectrum_check(tensor, recipe->settings.channels, err);
    if (!st && tensor) st = fvi_tensor_copy(tensor, &copy, err);
    if (st) return st;
    fv_tensor_free(recipe->spectrum);
    recipe->settings.param.spectrum = recipe->spectrum = copy;
    return FV_OK;
}

/* Whether the settings take all elements of an input that is no picture. */
static fv_status check_shape(const fv_model *model, const fvi_settings *s, fv_error *err) {
    const int64_t elements = elements_of(fvi_network_input(model->network));
    if ((int64_t)s->channels * s->height * s->width == elements) return FV_OK;
    return fvi_fail(err, FV_SHAPE,
                    "%dx%dx%d are not the %" G_GINT64_FORMAT " elements of the input", s->channels,
                    s->height, s->width, elements);
}

fv_status fv_recipe_set_shape(fv_recipe *recipe, int channels, int height, int width,
                              fv_error *err) {
    fv_status st = FVI_NOT_NULL(err, recipe);
    if (st) return st;
    if (fvi_network_input(recipe->model->network)->is_image)
        return fvi_fail(err, FV_ARG, "the input of %s is a picture; a shape is for other inputs",
                        fv_model_name(recipe->model));
    if (channels < 1 || height < 1 || width < 1)
        return fvi_fail(err, FV_ARG, "the shape is %dx%dx%d; sizes are at least 1", channels,
                        height, width);
    const fvi_settings before = recipe->settings;
    recipe->settings.channels = channels;
    recipe->settings.height = height;
    recipe->settings.width = width;
    st = check_shape(recipe->model, &recipe->settings, err);
    if (st) recipe->settings = before;
    return st;
}

/* ---- for a call ----------------------------------------------------------------------------- */

/* Refuses settings that contradict each other. */
static fv_status check(const fv_model *model, const fvi_settings *s, fv_error *err) {
    const fv_input *in = fvi_network_input(model->network);
    const int in_place = s->in_place_transforms.count > 0;
    if (in_place && s->param.kind != FVI_PARAM_PIXELS)
        return fvi_fail(err, FV_ARG, "in-place-transforms are of pixels; param must be pixels");
    if (in_place && s->optimizer.kind == FVI_OPTIMIZER_LBFGS)
        return fvi_fail(err, FV_ARG, "optimizer lbfgs does not go with in-place-transforms");
    if (s->start.kind == FVI_START_IMAGE && !s->start.image)
        return fvi_fail(err, FV_ARG, "start is image, and no image is given");
    if (s->param.spectrum && s->param.kind != FVI_PARAM_PHASE && s->param.kind != FVI_PARAM_BOUNDED)
        return fvi_fail(err, FV_ARG, "a spectrum is given, and param is not phase or bounded");
    if (s->schedule.levels > 1 && !in->is_image)
        return fvi_fail(err, FV_ARG, "levels is %d; inputs that are no pictures have one",
                        s->schedule.levels);
    return in->is_image ? FV_OK : check_shape(model, s, err);
}

/* Adds the settings for the units of objective i, unless earlier ones have the same. */
static fv_status add_unit(const fv_recipe *r, const fv_objective *objective, GArray *kinds,
                          fvi_call_settings *c, int i, fv_error *err) {
    fvi_unit_kind kind;
    fv_status st = kind_find(r->model, name_for_kinds(r), objective, &kind, err);
    if (st) return st;
    for (c->of[i] = 0; c->of[i] < c->n; c->of[i]++) {
        const fvi_unit_kind *k = &g_array_index(kinds, fvi_unit_kind, c->of[i]);
        if (k->recipe == kind.recipe && k->early == kind.early) return FV_OK;
    }
    const fvi_settings s = with_size(r, &kind);
    st = check(r->model, &s, err);
    if (st) return st;
    c->list = g_renew(fvi_settings, c->list, c->n + 1);
    c->list[c->n++] = s;
    g_array_append_val(kinds, kind);
    return FV_OK;
}

fv_status fvi_recipe_settings(const fv_recipe *recipe, const fv_model *model,
                              const fv_objective *const *objectives, int count,
                              fvi_call_settings *out, fv_error *err) {
    fvi_call_settings c = {0};
    if (recipe && recipe->model != model)
        return fvi_fail(err, FV_ARG, "the recipe was made for another model, %s",
                        fv_model_name(recipe->model));
    fv_status st = fvi_objectives_check(objectives, count, err);
    if (!st && !recipe) st = fv_recipe_new(model, NULL, objectives, count, &c.owner, err);
    if (!st && recipe && recipe->settings.width == FVI_SIZE_RECEPTIVE && !recipe->extent.values) {
        st = fv_recipe_copy(recipe, &c.owner, err);
        if (!st) st = add_units(c.owner, objectives, count, err);
    }
    GArray *kinds = g_array_new(FALSE, FALSE, sizeof(fvi_unit_kind));
    c.of = g_new0(int, (gsize)count);
    for (int i = 0; !st && i < count; i++)
        st = add_unit(c.owner ? c.owner : recipe, objectives[i], kinds, &c, i, err);
    g_array_unref(kinds);
    if (st)
        fvi_call_settings_clear(&c);
    else
        *out = c;
    return st;
}

void fvi_call_settings_clear(fvi_call_settings *c) {
    fv_recipe_free(c->owner);
    g_free(c->list);
    g_free(c->of);
    *c = (fvi_call_settings){0};
}
