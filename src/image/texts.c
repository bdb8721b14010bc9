/* SPDX-License-Identifier: Apache-2.0 */
/* The texts of pictures in files.
 *
 * PNG has text chunks of its own, which libvips shows as fields "png-comment-N-KEY". The other
 * formats carry an XMP packet (ISO 16684-1): one rdf:Description with an attribute fovea:KEY a
 * text, which exiftool and similar programs list by name. What it does not do: read texts of other
 * programs in XMP or EXIF. In PNG, text beyond ASCII is written as UTF-8, which strictly conforming
 * readers show as Latin-1.
 */
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "image/private.h"

#define XMP_NAMESPACE "urn:fovea:texts/"
enum { TEXTS_MAX_COUNT = 1000, XMP_MAX_BYTES = 1 << 24 };

/* ---- PNG ---- */

void fvi_texts_to_png(const fv_image *image, VipsImage *to) {
    for (int i = 0; image->text && i < image->text->count; i++) {
        const fvi_text_item *item = &image->text->items[i];
        char *field = g_strdup_printf("png-comment-%d-%s", i, item->key);
        vips_image_set_string(to, field, item->value);
        g_free(field);
    }
}

typedef struct texts_reader {
    fv_image *image;
    fv_status status;
    fv_error *err;
} texts_reader;

/* Adds one text, unless its key is not one of ours or there are too many. */
static void take_text(texts_reader *r, const char *key, const char *value) {
    int count = r->image->text ? r->image->text->count : 0;
    if (r->status || count >= TEXTS_MAX_COUNT || fv_image_text(r->image, key)) return;
    fv_error ignored;
    char *valid = g_utf8_make_valid(value, -1);
    if (fv_image_set_text(r->image, key, valid, &ignored) == FV_NOMEM)
        r->status = fvi_fail(r->err, FV_NOMEM, "%s", ignored.text);
    g_free(valid);
}

static void *take_png_field(VipsImage *from, const char *field, GValue *value, void *user) {
    (void)from;
    static const char prefix[] = "png-comment-";
    if (!g_str_has_prefix(field, prefix) || !G_VALUE_HOLDS(value, VIPS_TYPE_REF_STRING))
        return NULL;
    const char *key = strchr(field + strlen(prefix), '-');
    if (key) take_text(user, key + 1, vips_value_get_ref_string(value, NULL));
    return NULL;
}

/* ---- XMP ---- */

/* Appends a text as an attribute's value; what XML cannot hold becomes '?'. */
static void append_attribute(GString *xmp, const char *key, const char *value) {
    char *valid = g_utf8_make_valid(value, -1);
    g_string_append_printf(xmp, " fovea:%s=\"", key);
    for (const char *p = valid; *p; p = g_utf8_next_char(p)) {
        gunichar c = g_utf8_get_char(p);
        if (c < 0x80 && strchr("\n\t\r&<>\"", (int)c)) /* white space would be read as spaces */
            g_string_append_printf(xmp, "&#%u;", c);
        else if (c < 0x20 || c == 0x7F || c == 0xFFFE || c == 0xFFFF)
            g_string_append_c(xmp, '?');
        else
            g_string_append_unichar(xmp, c);
    }
    g_string_append_c(xmp, '"');
    g_free(valid);
}

size_t fvi_texts_to_xmp(const fv_image *image, VipsImage *to) {
    if (!image->text || image->text->count == 0) return 0;
    GString *xmp =
        g_string_new("<?xpacket begin=\"\xEF\xBB\xBF\" id=\"W5M0MpCehiHzreSzNTczkc9d\"?>"
                     "<x:xmpmeta xmlns:x=\"adobe:ns:meta/\">"
                     "<rdf:RDF xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\">"
                     "<rdf:Description rdf:about=\"\" xmlns:fovea=\"" XMP_NAMESPACE "\"");
    for (int i = 0; i < image->text->count; i++)
        append_attribute(xmp, image->text->items[i].key, image->text->items[i].value);
    g_string_append(xmp, "/></rdf:RDF></x:xmpmeta><?xpacket end=\"w\"?>");
    size_t size = xmp->len;
    vips_image_set_blob_copy(to, VIPS_META_XMP_NAME, xmp->str, size);
    g_string_free(xmp, TRUE);
    return size;
}

static void take_xmp_element(GMarkupParseContext *context, const gchar *element,
                             const gchar **names, const gchar **values, gpointer user,
                             GError **error) {
    (void)context, (void)error;
    if (strcmp(element, "rdf:Description") != 0) return;
    for (int i = 0; names[i]; i++)
        if (g_str_has_prefix(names[i], "fovea:"))
            take_text(user, names[i] + strlen("fovea:"), values[i]);
}

static void take_xmp(texts_reader *r, const char *xmp, size_t size) {
    static const char bom[] = "\xEF\xBB\xBF";
    static const GMarkupParser parser = {.start_element = take_xmp_element};
    if (size >= 3 && !memcmp(xmp, bom, 3)) xmp += 3, size -= 3;
    while (size > 0 && xmp[size - 1] == 0) size--; /* some writers end it with a NUL */
    GMarkupParseContext *context = g_markup_parse_context_new(&parser, 0, r, NULL);
    if (g_markup_parse_context_parse(context, xmp, (gssize)size, NULL))
        g_markup_parse_context_end_parse(context, NULL);
    g_markup_parse_context_free(context);
}

fv_status fvi_texts_read(VipsImage *from, fv_image *image, fv_error *err) {
    texts_reader r = {.image = image, .err = err};
    vips_image_map(from, take_png_field, &r);
    const void *xmp = NULL;
    size_t size = 0;
    if (!r.status && vips_image_get_typeof(from, VIPS_META_XMP_NAME) == VIPS_TYPE_BLOB &&
        !vips_image_get_blob(from, VIPS_META_XMP_NAME, &xmp, &size) && size <= XMP_MAX_BYTES)
        take_xmp(&r, xmp, size);
    return r.status;
}
