/* SPDX-License-Identifier: Apache-2.0 */
/* What measuring and listing Darknet's layers share. */
#include "model/darknet/file.h"

int fvi_darknet_from(int index, int64_t number) {
    const int64_t at = number < 0 ? index + number : number;
    return at >= 0 && at < index ? (int)at : -1;
}

const char *fvi_darknet_text(fvi_darknet *d, char *text) {
    const char *own = fvi_pool_strdup(d->file.list->pool, text);
    g_free(text);
    return own ? own : "no memory";
}

void fvi_darknet_give_up(fvi_darknet *d, int index, char *why) {
    d->layers[index].unknown = fvi_darknet_text(d, why);
    d->layers[index].out = (fvi_darknet_size){0};
}
