/* SPDX-License-Identifier: Apache-2.0 */
/* A SavedModel holds graphs, each for what its tags say. Of the one tagged "serve" the signature
 * "serving_default" is taken, or its only one with outputs.
 * Source: saved_model.proto, meta_graph.proto; signature_constants.py. */
#include "model/tensorflow/saved/model.h"

#include <glib.h>
#include <string.h>

#include "base/error.h"

enum { SAVED_VERSION = 1, SAVED_GRAPH = 2 };
enum { META_INFO = 1, META_GRAPH = 2, META_SIGNATURE = 5 };
enum { INFO_TAG = 4, SIGNATURE_OUTPUT = 2 };

/* By its first bytes, so that one that is cut off counts too: version 1, and a graph that begins
 * with what its tags are in, or with its nodes. */
int fvi_tf_is_saved_model(const uint8_t *bytes, size_t size) {
    static const uint8_t begin[] = {SAVED_VERSION << 3 | FVI_WIRE_VARINT, 1,
                                    SAVED_GRAPH << 3 | FVI_WIRE_BYTES};
    size_t at = sizeof begin;
    if (size <= at || memcmp(bytes, begin, sizeof begin) != 0) return 0;
    while (at < size && bytes[at] & 0x80) at++; /* the graph's length */
    return at + 1 < size && (bytes[at + 1] == 0x0a || bytes[at + 1] == 0x12);
}

static int has_tag(fvi_tf_bytes meta, const char *tag) {
    fvi_wire w = fvi_tf_wire(fvi_tf_part(meta, META_INFO));
    fvi_wire_field f;
    while (fvi_wire_next(&w, &f) > 0)
        if (f.number == INFO_TAG && f.type == FVI_WIRE_BYTES &&
            fvi_tf_is((fvi_tf_bytes){f.bytes, f.size}, tag))
            return 1;
    return 0;
}

/* The graph for serving, else the first one. */
static fvi_tf_bytes choose_graph(fvi_tf_bytes file) {
    fvi_wire w = fvi_tf_wire(file);
    fvi_wire_field f;
    fvi_tf_bytes first = {0};
    while (fvi_wire_next(&w, &f) > 0) {
        const fvi_tf_bytes meta = {f.bytes, f.size};
        if (f.number != SAVED_GRAPH || f.type != FVI_WIRE_BYTES) continue;
        if (has_tag(meta, "serve")) return meta;
        if (!first.bytes) first = meta;
    }
    return first;
}

/* The only signature with outputs; `names` gets those that there are. */
static fvi_tf_bytes only_signature(fvi_tf_bytes meta, GString *names) {
    fvi_wire w = fvi_tf_wire(meta);
    fvi_wire_field f;
    fvi_tf_bytes found = {0};
    int n = 0;
    while (fvi_wire_next(&w, &f) > 0) {
        if (f.number != META_SIGNATURE || f.type != FVI_WIRE_BYTES) continue;
        const fvi_tf_bytes entry = {f.bytes, f.size}, own = fvi_tf_part(entry, 2);
        const fvi_tf_bytes name = fvi_tf_part(entry, 1);
        if (!fvi_tf_part(own, SIGNATURE_OUTPUT).bytes || !name.bytes) continue;
        if (fvi_tf_is(name, "__saved_model_init_op")) continue;
        found = own;
        if (n++ < 8)
            g_string_append_printf(names, "%s%.*s", n > 1 ? ", " : "", (int)MIN(name.size, 60),
                                   (const char *)name.bytes);
    }
    return n == 1 ? found : (fvi_tf_bytes){0};
}

fv_status fvi_tf_saved_model(fvi_tf_bytes file, fvi_tf_bytes *graph, fvi_tf_bytes *signature,
                             fv_error *err) {
    const fvi_tf_bytes meta = choose_graph(file);
    if (!fvi_tf_is_sound(file) || !meta.bytes || !fvi_tf_is_sound(meta))
        return fvi_fail(err, FV_FORMAT, "not a SavedModel, or damaged, or cut off");
    *graph = fvi_tf_part(meta, META_GRAPH);
    *signature = fvi_tf_entry(meta, META_SIGNATURE, "serving_default");
    GString *names = g_string_new(NULL);
    if (!signature->bytes) *signature = only_signature(meta, names);
    fv_status st = FV_OK;
    if (!graph->bytes)
        st = fvi_fail(err, FV_FORMAT, "the SavedModel has no graph");
    else if (!signature->bytes)
        st = fvi_fail(err, FV_UNSUPPORTED,
                      "the SavedModel has no signature \"serving_default\"; there %s: %s; save it "
                      "with signatures={\"serving_default\": FUNCTION}",
                      names->len ? "are" : "is", names->len ? names->str : "none");
    g_string_free(names, TRUE);
    return st;
}
