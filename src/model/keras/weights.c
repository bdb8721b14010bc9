/* SPDX-License-Identifier: Apache-2.0 */
/* A layer's weights, by the names Keras 2 gave them: "kernel", "lstm_cell/recurrent_kernel".
 *
 * Keras 3 numbers a layer's weights ("layers/conv2d/vars/0"); classes.def says which number is
 * which. HDF5 models name them, below the outermost model's layer: "block1/block1_conv1/kernel:0",
 * and list them in the attribute "weight_names", which older versions cut into several.
 * Source: saving_lib.py and legacy_h5_format.py of Keras 3.15.
 */
#include "model/keras/weights.h"

#include <string.h>

#include "base/error.h"
#include "model/keras/classes.h"
#include "model/keras/old.h"

#define PARTS_MAX 1000 /* of an attribute that is cut */

/* ---- shelves -------------------------------------------------------------------------------- */

/* Notes the names of the layers whose groups are in a group: each says it in its "vars". */
static void read_names(fvi_keras *k, fvi_keras_shelf *s) {
    fvi_hdf5_object group, vars;
    fvi_hdf5_texts members, name;
    if (fvi_hdf5_find(k->weights, NULL, s->path, &group, NULL) ||
        fvi_hdf5_members(k->weights, &group, k->file.list->pool, &members, NULL))
        return;
    for (int64_t i = 0; i < members.count; i++) {
        char *path = g_strdup_printf("%s/%s", s->path, members.text[i]);
        char *inner = g_strconcat(path, "/vars", NULL);
        if (!fvi_hdf5_find(k->weights, NULL, inner, &vars, NULL) &&
            !fvi_hdf5_attribute_texts(k->weights, &vars, "name", k->file.list->pool, &name, NULL) &&
            name.count == 1)
            g_hash_table_insert(s->by_name, g_strdup(name.text[0]), g_strdup(path));
        g_free(inner);
        g_free(path);
    }
}

void fvi_keras_shelf_open(fvi_keras *k, const fvi_keras_shelf *outer, const char *path,
                          const char *name, fvi_keras_shelf *out) {
    static const char *const folders[] = {"layers", "_layer_checkpoint_dependencies"};
    fvi_hdf5_object found;
    *out = (fvi_keras_shelf){0};
    out->by_name = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    out->counters = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    if (!k->is_archive) {
        out->top = outer ? (outer->top ? outer->top : name) : NULL;
        return;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(folders) && !out->path; i++) {
        out->path = path ? g_strdup_printf("%s/%s", path, folders[i]) : g_strdup(folders[i]);
        if (fvi_hdf5_find(k->weights, NULL, out->path, &found, NULL) == FV_OK) break;
        if (i + 1 < G_N_ELEMENTS(folders)) g_clear_pointer(&out->path, g_free);
    }
    read_names(k, out);
}

void fvi_keras_shelf_hold(const fvi_keras_shelf *outer, const char *holder, fvi_keras_shelf *out) {
    *out = (fvi_keras_shelf){.top = outer->top ? outer->top : holder, .holder = holder};
    out->by_name = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    out->counters = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
}

void fvi_keras_shelf_close(fvi_keras_shelf *s) {
    g_hash_table_unref(s->by_name);
    g_hash_table_unref(s->counters);
    g_free(s->path);
}

/* "MaxPooling2D" as "max_pooling2d". */
static char *snake_case(const char *name) {
    GString *s = g_string_new(NULL);
    for (const char *c = name; *c; c++) {
        const int upper = g_ascii_isupper(*c);
        const int begins_word = upper && g_ascii_islower(c[1]),
                  ends_word = c > name && upper && g_ascii_islower(c[-1]);
        if (!g_ascii_isalnum(*c) && *c != '_') continue;
        if (c > name && (begins_word || ends_word)) g_string_append_c(s, '_');
        g_string_append_c(s, g_ascii_tolower(*c));
    }
    return g_string_free(s, FALSE);
}

char *fvi_keras_shelf_next(fvi_keras_shelf *s, const char *class_name, const char *name) {
    if (!s->path) return NULL;
    char *key = snake_case(class_name);
    const int k = GPOINTER_TO_INT(g_hash_table_lookup(s->counters, key));
    char *path =
        k ? g_strdup_printf("%s/%s_%d", s->path, key, k) : g_strdup_printf("%s/%s", s->path, key);
    g_hash_table_replace(s->counters, key, GINT_TO_POINTER(k + 1));
    const char *named = g_hash_table_lookup(s->by_name, name);
    if (named) {
        g_free(path);
        return g_strdup(named);
    }
    return path;
}

/* ---- the weights of one layer --------------------------------------------------------------- */

typedef struct collector {
    fvi_keras *k;
    const char *class_name;
    JsonObject *config;
    const char *name; /* the layer's */
    size_t skip;      /* length of its group's path */
    GArray *found;    /* fvi_keras_weight */
    fv_error problem; /* status FV_OK: none */
} collector;

/* Finds a group or dataset. One that is there, but leads elsewhere or is damaged, is a problem. */
static int find(collector *c, const fvi_hdf5_object *from, const char *path, fvi_hdf5_object *out) {
    fv_error err;
    const fv_status st = fvi_hdf5_find(c->k->weights, from, path, out, &err);
    if (st && st != FV_NOTFOUND && !c->problem.status) c->problem = err;
    return !st;
}

static void keep(collector *c, const fvi_hdf5_object *dataset, char *name) {
    fvi_keras_weight w = {0};
    const fvi_model_file *f = &c->k->file;
    fv_error err;
    w.name = name ? fvi_pool_strdup(c->k->file.list->pool, name) : NULL;
    g_free(name);
    const fv_status st = w.name
                             ? fvi_hdf5_dataset_numbers(c->k->weights, dataset, f->limits.elements,
                                                        c->k->file.list->pool, &w.numbers, &err)
                             : fvi_fail(&err, FV_NOMEM, "no memory");
    if (!st)
        g_array_append_val(c->found, w);
    else if (!c->problem.status)
        c->problem = err;
}

/* "cell/vars/2" as "cell/bias": the part, and the third of its weights. */
static char *name_by_number(const collector *c, const char *path) {
    char **parts = g_strsplit(path, "/", -1);
    GString *part = g_string_new(NULL);
    const guint n = g_strv_length(parts);
    for (guint i = 0; i + 1 < n; i++) /* Keras 2 has "_query_dense" where 3 has "query_dense" */
        if (strcmp(parts[i], "vars") && parts[i][0])
            g_string_append_printf(part, "%s/", parts[i] + (parts[i][0] == '_'));
    char *names = fvi_keras_weight_names(c->class_name, c->config, part->len ? part->str : NULL);
    char **words = g_strsplit(names ? names : "", " ", -1);
    const guint64 index = n ? g_ascii_strtoull(parts[n - 1], NULL, 10) : 0;
    char *name = g_strconcat(part->str,
                             index < g_strv_length(words) ? words[index]
                             : n                          ? parts[n - 1]
                                                          : "",
                             NULL);
    g_strfreev(words);
    g_free(names);
    g_string_free(part, TRUE);
    g_strfreev(parts);
    return name;
}

static fv_status visit(void *user, const fvi_hdf5_object *object, fv_error *err) {
    collector *c = user;
    (void)err;
    if (object->kind == FVI_HDF5_DATASET)
        keep(c, object, name_by_number(c, object->path + c->skip));
    return FV_OK;
}

static void read_numbered(collector *c, const char *path) {
    fvi_hdf5_object group;
    fv_error err;
    if (!find(c, NULL, path, &group)) return; /* it has none */
    c->skip = strlen(group.path);
    if (fvi_hdf5_walk(c->k->weights, &group, visit, c, &err) && !c->problem.status)
        c->problem = err;
}

/* "block1/conv1/kernel:0" as "kernel", for the layer "conv1"; NULL: of another layer.
 *   within  the layer is one of a model that is a layer */
static char *name_below(const char *path, const char *layer, int within) {
    char **parts = g_strsplit(path, "/", -1);
    const guint n = g_strv_length(parts);
    guint from = n > 1 ? 1 : 0;
    int is_own = !within;
    for (guint i = 0; i + 1 < n; i++) {
        if (strcmp(parts[i], layer) != 0) continue;
        is_own = 1;
        from = i + 1;
    }
    char *name = is_own ? g_strjoinv("/", parts + from) : NULL;
    char *colon = name ? strrchr(name, ':') : NULL;
    if (colon) *colon = '\0';
    g_strfreev(parts);
    return name;
}

static void read_listed(collector *c, const fvi_hdf5_object *group, const char *attribute,
                        int within) {
    fvi_hdf5_texts names;
    fvi_hdf5_object dataset;
    fv_error err;
    if (fvi_hdf5_attribute_texts(c->k->weights, group, attribute, c->k->file.list->pool, &names,
                                 &err)) {
        if (!c->problem.status) c->problem = err;
        return;
    }
    for (int64_t i = 0; i < names.count; i++) {
        char *name = name_below(names.text[i], c->name, within);
        if (!name) continue;
        if (fvi_hdf5_find(c->k->weights, group, names.text[i], &dataset, &err)) {
            if (!c->problem.status) c->problem = err;
            g_free(name);
        } else {
            keep(c, &dataset, name);
        }
    }
}

/* Names that are none of the class' (Keras 1 had "conv1_W") are taken in their order, if there are
 * as many. */
static void rename_in_order(collector *c) {
    char *expected = fvi_keras_weight_names(c->class_name, c->config, NULL);
    char **words = g_strsplit(expected ? expected : "", " ", -1);
    const guint n = g_strv_length(words);
    int known = n != c->found->len;
    for (guint i = 0; i < c->found->len && !known; i++)
        known = g_strv_contains((const char *const *)words,
                                g_array_index(c->found, fvi_keras_weight, i).name);
    for (guint i = 0; i < n && !known; i++) {
        char *own = fvi_pool_strdup(c->k->file.list->pool, words[i]);
        if (own) g_array_index(c->found, fvi_keras_weight, i).name = own;
    }
    g_strfreev(words);
    g_free(expected);
}

static void read_named(collector *c, const char *top) {
    static const char *const roots[] = {"model_weights", ""};
    fvi_hdf5_object root, group;
    char part[32];
    for (size_t i = 0; i < G_N_ELEMENTS(roots); i++) {
        if (!find(c, NULL, roots[i], &root) || !find(c, &root, top ? top : c->name, &group))
            continue;
        if (fvi_hdf5_has_attribute(c->k->weights, &group, "weight_names"))
            read_listed(c, &group, "weight_names", top != NULL);
        for (int n = 0; n < PARTS_MAX; n++) {
            g_snprintf(part, sizeof part, "weight_names%d", n);
            if (!fvi_hdf5_has_attribute(c->k->weights, &group, part)) break;
            read_listed(c, &group, part, top != NULL);
        }
        break;
    }
    rename_in_order(c);
}

fv_status fvi_keras_read_weights(fvi_keras *k, const fvi_keras_shelf *s, const char *path,
                                 const char *name, fvi_keras_layer *l, fv_error *err) {
    collector c = {.k = k, .class_name = l->class_name, .config = l->config, .name = name};
    c.found = g_array_new(FALSE, FALSE, sizeof(fvi_keras_weight));
    if (path)
        read_numbered(&c, path);
    else
        read_named(&c, s->top);
    if (!path && !c.found->len && s->holder) {
        c.name = s->holder;
        read_named(&c, s->top);
    }
    fvi_pool *pool = k->file.list->pool;
    for (guint i = 0; i < c.found->len && !c.problem.status; i++)
        fvi_keras_turn_old(k, l, &g_array_index(c.found, fvi_keras_weight, i), pool, &c.problem);
    fvi_keras_weight *weights = fvi_pool_array(pool, c.found->len + 1, sizeof *weights);
    l->problem = c.problem.status ? fvi_pool_strdup(pool, c.problem.text) : NULL;
    const int ok = weights && (!c.problem.status || l->problem);
    if (ok && c.found->len) memcpy(weights, c.found->data, c.found->len * sizeof *weights);
    l->weights = weights;
    l->n_weights = ok ? (int)c.found->len : 0;
    g_array_unref(c.found);
    return ok ? FV_OK : fvi_fail(err, FV_NOMEM, "no memory for the weights of \"%s\"", name);
}
