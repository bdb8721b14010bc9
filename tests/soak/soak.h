/* SPDX-License-Identifier: Apache-2.0 */
/* The soak test: one network through everything the public header has, again and again. */
#ifndef SOAK_H
#define SOAK_H

#include "fovea/fovea.h"

/* What a call came to the first time; it must come to the same ever after. */
typedef struct soak_log {
    int *status; /* [count] of the first round, in order */
    int count, room, at;
    int round;            /* from 0 */
    int done, refused;    /* calls of this round */
    int changed;          /* calls that came to something else than in the first round */
    char first_changed[640];
} soak_log;

/* The network at work and what is needed beside it. */
typedef struct soak {
    const char *path;   /* of the network's file */
    const char *folder; /* of our own, for files that are written */
    soak_log *log;
    fv_model *model;
    fv_session *session;
    fv_tensor *input;       /* one sample */
    fv_image *photo;
    const fv_layer *layer;  /* one of its layers, another one each round */
    int layer_index;
} soak;

/* Counts a call, and compares with the first round's.  Returns the status. */
fv_status soak_note(soak *s, const char *what, fv_status status, const fv_error *err);

/* Writes the photos that the networks look at into `folder`/photos.  Returns 0, or -1. */
int soak_make_photos(const char *folder);

/* Loads the network at s->path, does everything with it once, and frees all of it. */
void soak_run(soak *s);

/* Calls that must fail: damaged files, wrong names, wrong shapes. */
void soak_fail(soak *s);

#endif
