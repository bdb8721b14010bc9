/* SPDX-License-Identifier: Apache-2.0 */
/* decode: photos read, resized and encoded on threads of their own, while the network
 * works on those before. Photo i goes into slot i % ahead; a thread takes the next photo only when
 * its slot is free, so that memory is bounded, and the photos are handed out in their order
 * whichever is ready first. Threads are pthreads, not GLib's: race detectors do not understand the
 * locks of GLib.
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "image/image.h"
#include "inspect/dataset/dataset.h"

typedef struct slot {
    int ready;
    fvi_decoded photo;
} slot;

struct fvi_decoder {
    const fv_model *model;
    const char *folder;
    const GPtrArray *todo; /* fvi_file_entry */
    pthread_mutex_t lock;  /* of all below */
    pthread_cond_t changed;
    slot *slots;                /* [ahead] */
    guint ahead, taken, handed; /* photos taken by threads; photos handed out */
    int stop;
    int n_threads;
    pthread_t *threads;
};

/* A picture that fovea made is no photo: a montage in the folder of its own photos would rank among
 * them. */
static fv_status check_own(const fv_image *image, const char *path, fv_error *err) {
    const char *own = fv_image_text(image, "fovea.version") ? "fovea.version" : "fovea.command";
    if (!fv_image_text(image, own)) return FV_OK;
    return fvi_fail(err, FV_FORMAT,
                    "%s: a picture made by fovea (it carries the text %s), no photo", path, own);
}

static void read_photo(const fvi_decoder *d, guint i, fvi_decoded *out) {
    const fvi_file_entry *w = d->todo->pdata[i];
    char *path = g_build_filename(d->folder, w->path, NULL);
    fv_image *image = NULL;
    memset(out, 0, sizeof *out);
    if (!fv_image_load(path, &image, &out->err) && !check_own(image, path, &out->err) &&
        !fv_input_from_image(d->model, image, &out->input, &out->err)) {
        out->height = image->height;
        out->width = image->width;
    }
    fv_image_free(image);
    g_free(path);
}

static void *work(void *data) {
    fvi_decoder *d = data;
    pthread_mutex_lock(&d->lock);
    for (;;) {
        while (!d->stop && d->taken < d->todo->len && d->taken >= d->handed + d->ahead)
            pthread_cond_wait(&d->changed, &d->lock);
        if (d->stop || d->taken >= d->todo->len) break;
        const guint i = d->taken++;
        slot *s = &d->slots[i % d->ahead];
        pthread_mutex_unlock(&d->lock);
        read_photo(d, i, &s->photo); /* the slot is this thread's until it is ready */
        pthread_mutex_lock(&d->lock);
        s->ready = 1;
        pthread_cond_broadcast(&d->changed);
    }
    pthread_mutex_unlock(&d->lock);
    return NULL;
}

fv_status fvi_decoder_new(const fv_model *model, const char *folder, const GPtrArray *todo,
                          int threads, int ahead, fvi_decoder **out, fv_error *err) {
    fvi_decoder *d = calloc(1, sizeof *d);
    if (!d) return fvi_fail(err, FV_NOMEM, "out of memory");
    d->model = model;
    d->folder = folder;
    d->todo = todo;
    d->ahead = (guint)ahead;
    pthread_mutex_init(&d->lock, NULL);
    pthread_cond_init(&d->changed, NULL);
    d->slots = calloc((size_t)ahead, sizeof *d->slots);
    d->threads = calloc((size_t)threads, sizeof *d->threads);
    fv_status st = d->slots && d->threads ? FV_OK : fvi_fail(err, FV_NOMEM, "out of memory");
    if (!st) st = fvi_image_start(err); /* on one thread, once */
    while (!st && d->n_threads < threads &&
           !pthread_create(&d->threads[d->n_threads], NULL, work, d))
        d->n_threads++;
    if (!st && !d->n_threads) st = fvi_fail(err, FV_NOMEM, "no thread can be made to read photos");
    if (st)
        fvi_decoder_free(d);
    else
        *out = d;
    return st;
}

void fvi_decoder_next(fvi_decoder *d, fvi_decoded *out) {
    pthread_mutex_lock(&d->lock);
    slot *s = &d->slots[d->handed % d->ahead];
    while (!s->ready) pthread_cond_wait(&d->changed, &d->lock);
    *out = s->photo;
    s->photo.input = NULL;
    s->ready = 0;
    d->handed++;
    pthread_cond_broadcast(&d->changed);
    pthread_mutex_unlock(&d->lock);
}

void fvi_decoder_free(fvi_decoder *d) {
    if (!d) return;
    pthread_mutex_lock(&d->lock);
    d->stop = 1;
    pthread_cond_broadcast(&d->changed);
    pthread_mutex_unlock(&d->lock);
    for (int i = 0; i < d->n_threads; i++) pthread_join(d->threads[i], NULL);
    for (guint i = 0; d->slots && i < d->ahead; i++) fv_tensor_free(d->slots[i].photo.input);
    pthread_cond_destroy(&d->changed);
    pthread_mutex_destroy(&d->lock);
    free(d->slots);
    free(d->threads);
    free(d);
}
