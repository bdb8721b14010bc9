/* SPDX-License-Identifier: Apache-2.0 */
/* Model-local functions, replaced by their bodies.
 *
 * A node whose domain and operator name a function of the file becomes copies of that function's
 * nodes: the function's inputs and outputs take the names the node uses, every other name gets the
 * node's first output and a '/' in front, which makes it unique; attributes that refer to the
 * node's attributes (ref_attr_name) take these, else the function's default, else are left out.
 * Functions may use functions; a depth and a number of nodes end what would never end.
 *
 * What it does not do: a function whose body is written in another opset than the model. Its node
 * stays, and is refused by name where it is needed.
 * Source: FunctionProto in onnx.proto of the ONNX specification.
 */
#include "model/onnx/inline.h"

#include <string.h>

#include "base/error.h"
#include "model/onnx/attribute.h"
#include "model/onnx/normalize.h"

#define DEPTH_MAX 32

typedef struct inliner {
    fvi_onnx *o;
    GHashTable *functions; /* "domain:name" -> function */
    int64_t made;          /* nodes, in all */
    int exhausted;
    fv_error *err;
} inliner;

/* One use of a function. */
typedef struct call {
    inliner *in;
    const Onnx__NodeProto *node;
    const Onnx__FunctionProto *f;
    GHashTable *names; /* of the function's inputs and outputs -> the node's */
    const char *prefix;
} call;

static void *take(inliner *in, const void *from, size_t count, size_t size) {
    void *p = fvi_pool_array(in->o->pool, count + 1, size);
    if (!p) in->exhausted = 1;
    if (p && from) memcpy(p, from, count * size);
    return p;
}

static fv_status exhausted(const inliner *in) {
    return fvi_fail(in->err, FV_NOMEM, "no memory to replace functions by their bodies");
}

/* ---- copying a body ------------------------------------------------------------------------- */

static char *renamed(const call *c, char *name) {
    if (!name || !name[0]) return name;
    char *outside = g_hash_table_lookup(c->names, name);
    if (outside) return outside;
    char *s = fvi_pool_printf(c->in->o->pool, "%s/%s", c->prefix, name);
    if (!s) c->in->exhausted = 1;
    return s ? s : name;
}

static char **renamed_list(const call *c, char **list, size_t n) {
    char **r = take(c->in, list, n, sizeof *r);
    for (size_t i = 0; r && i < n; i++) r[i] = renamed(c, r[i]);
    return r;
}

static Onnx__NodeProto *copy_node(const call *c, const Onnx__NodeProto *n);

static Onnx__ValueInfoProto **copy_values(const call *c, Onnx__ValueInfoProto **list, size_t n) {
    Onnx__ValueInfoProto **r = take(c->in, list, n, sizeof *r);
    for (size_t i = 0; r && i < n; i++) {
        Onnx__ValueInfoProto *v = take(c->in, list[i], 1, sizeof *v);
        if (!v) return NULL;
        v->name = renamed(c, v->name);
        r[i] = v;
    }
    return r;
}

static Onnx__GraphProto *copy_graph(const call *c, const Onnx__GraphProto *g) {
    Onnx__GraphProto *r = take(c->in, g, 1, sizeof *r);
    if (!r) return NULL;
    r->input = copy_values(c, g->input, g->n_input);
    r->output = copy_values(c, g->output, g->n_output);
    r->initializer = take(c->in, g->initializer, g->n_initializer, sizeof *r->initializer);
    r->node = take(c->in, g->node, g->n_node, sizeof *r->node);
    for (size_t i = 0; r->initializer && i < g->n_initializer; i++) {
        r->initializer[i] = take(c->in, g->initializer[i], 1, sizeof **r->initializer);
        if (r->initializer[i]) r->initializer[i]->name = renamed(c, g->initializer[i]->name);
    }
    for (size_t i = 0; r->node && i < g->n_node && !c->in->exhausted; i++)
        r->node[i] = copy_node(c, g->node[i]);
    return c->in->exhausted ? NULL : r;
}

/* The attribute of the call (or its default) that a body's attribute refers to; an attribute that
 * refers to none is returned itself. NULL: to be left out. */
static const Onnx__AttributeProto *referred(const call *c, const Onnx__AttributeProto *a) {
    if (!a->ref_attr_name || !a->ref_attr_name[0]) return a;
    const Onnx__AttributeProto *given = fvi_onnx_attr(c->node, a->ref_attr_name);
    for (size_t i = 0; !given && i < c->f->n_attribute_proto; i++)
        if (!strcmp(c->f->attribute_proto[i]->name, a->ref_attr_name))
            given = c->f->attribute_proto[i];
    return given;
}

static Onnx__NodeProto *copy_node(const call *c, const Onnx__NodeProto *n) {
    Onnx__NodeProto *r = take(c->in, n, 1, sizeof *r);
    if (!r) return NULL;
    r->name = n->name[0] ? renamed(c, n->name) : n->name;
    r->input = renamed_list(c, n->input, n->n_input);
    r->output = renamed_list(c, n->output, n->n_output);
    r->attribute = take(c->in, NULL, n->n_attribute, sizeof *r->attribute);
    r->n_attribute = 0;
    for (size_t i = 0; i < n->n_attribute && !c->in->exhausted; i++) {
        const Onnx__AttributeProto *a = referred(c, n->attribute[i]);
        Onnx__AttributeProto *own = a ? take(c->in, a, 1, sizeof *own) : NULL;
        if (!own) continue;
        own->name = n->attribute[i]->name;
        own->ref_attr_name = NULL;
        if (a->g && a == n->attribute[i]) own->g = copy_graph(c, a->g);
        r->attribute[r->n_attribute++] = own;
    }
    return c->in->exhausted ? NULL : r;
}

/* ---- replacing nodes ------------------------------------------------------------------------ */

static int64_t opset_of(Onnx__OperatorSetIdProto **sets, size_t n) {
    for (size_t i = 0; i < n; i++)
        if (!sets[i]->domain || !sets[i]->domain[0] || !strcmp(sets[i]->domain, "ai.onnx"))
            return sets[i]->version;
    return 0;
}

/* Collects the functions that can be replaced; a later one of the same name is passed over. */
static void add_functions(inliner *in) {
    const Onnx__ModelProto *m = in->o->proto;
    for (size_t i = 0; i < m->n_functions; i++) {
        Onnx__FunctionProto *f = m->functions[i];
        int64_t own = opset_of(f->opset_import, f->n_opset_import);
        if (own && own != fvi_onnx_opset(in->o, "")) continue;
        char *key = g_strdup_printf("%s:%s", f->domain, f->name);
        if (g_hash_table_contains(in->functions, key))
            g_free(key);
        else
            g_hash_table_insert(in->functions, key, f);
    }
}

static const Onnx__FunctionProto *function_of(const inliner *in, const Onnx__NodeProto *n) {
    char *key = g_strdup_printf("%s:%s", n->domain, n->op_type);
    const Onnx__FunctionProto *f = g_hash_table_lookup(in->functions, key);
    g_free(key);
    return f;
}

static fv_status inline_nodes(inliner *in, Onnx__NodeProto **nodes, size_t n, int depth,
                              GPtrArray *out);

static const char *first_output(const Onnx__NodeProto *n) {
    for (size_t i = 0; i < n->n_output; i++)
        if (n->output[i][0]) return n->output[i];
    return n->name;
}

static fv_status inline_call(inliner *in, const Onnx__NodeProto *n, const Onnx__FunctionProto *f,
                             int depth, GPtrArray *out) {
    if (depth == DEPTH_MAX)
        return fvi_fail(in->err, FV_FORMAT, "function \"%s\" uses functions more than %d deep",
                        f->name, DEPTH_MAX);
    if (n->n_input > f->n_input || n->n_output > f->n_output)
        return fvi_fail(in->err, FV_FORMAT,
                        "node \"%s\" has %zu inputs and %zu outputs, its "
                        "function \"%s\" %zu and %zu",
                        n->name, n->n_input, n->n_output, f->name, f->n_input, f->n_output);
    call c = {in, n, f, g_hash_table_new(g_str_hash, g_str_equal), first_output(n)};
    static char absent[] = "";
    for (size_t i = 0; i < f->n_input; i++)
        g_hash_table_insert(c.names, f->input[i], i < n->n_input ? n->input[i] : absent);
    for (size_t i = 0; i < n->n_output; i++)
        if (n->output[i][0]) g_hash_table_insert(c.names, f->output[i], n->output[i]);
    Onnx__NodeProto **body = take(in, NULL, f->n_node, sizeof *body);
    for (size_t i = 0; i < f->n_node && !in->exhausted; i++) body[i] = copy_node(&c, f->node[i]);
    g_hash_table_unref(c.names);
    return in->exhausted ? exhausted(in) : inline_nodes(in, body, f->n_node, depth + 1, out);
}

static fv_status inline_graph(inliner *in, Onnx__GraphProto *g, int depth) {
    GPtrArray *out = g_ptr_array_new();
    fv_status st = inline_nodes(in, g->node, g->n_node, depth, out);
    Onnx__NodeProto **list = st ? NULL : take(in, out->pdata, out->len, sizeof *list);
    if (!st && !list) st = exhausted(in);
    if (!st) {
        g->node = list;
        g->n_node = out->len;
    }
    g_ptr_array_unref(out);
    return st;
}

/* Appends the nodes to out, calls replaced. */
static fv_status inline_nodes(inliner *in, Onnx__NodeProto **nodes, size_t n, int depth,
                              GPtrArray *out) {
    fv_status st = FV_OK;
    for (size_t i = 0; i < n && !st; i++) {
        const Onnx__FunctionProto *f = function_of(in, nodes[i]);
        if (in->made++ >= in->o->file.limits.nodes)
            return fvi_fail(in->err, FV_NOMEM,
                            "functions make more than %lld nodes " FVI_LIMIT("nodes"),
                            (long long)in->o->file.limits.nodes);
        for (size_t a = 0; a < nodes[i]->n_attribute && !st; a++)
            if (nodes[i]->attribute[a]->g) st = inline_graph(in, nodes[i]->attribute[a]->g, depth);
        if (!st && f)
            st = inline_call(in, nodes[i], f, depth, out);
        else if (!st)
            g_ptr_array_add(out, nodes[i]);
    }
    return st;
}

fv_status fvi_onnx_inline(fvi_onnx *o, fv_error *err) {
    if (!o->proto->n_functions) return FV_OK;
    inliner in = {.o = o, .err = err};
    in.functions = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    add_functions(&in);
    fv_status st = inline_graph(&in, o->proto->graph, 0);
    g_hash_table_unref(in.functions);
    if (!st) st = fvi_onnx_normalize(o, err); /* attributes that calls filled in */
    return st;
}
