/* SPDX-License-Identifier: Apache-2.0 */
/* fovea: open a trained neural network's file and see what the network has learned.
 *
 *   fv_error err;
 *   fv_model *m = NULL;
 *   fv_session *s = NULL;
 *   fv_image *pic = NULL;
 *   if (fv_model_load("googlenet.onnx", NULL, &m, &err) ||
 *       fv_session_new(m, NULL, &s, &err) ||
 *       fv_render(s, "inception_4d:11", NULL, &pic, &err) ||
 *       fv_image_save(pic, "unit.png", &err))
 *       fprintf(stderr, "%s\n", err.text);
 *   fv_image_free(pic);
 *   fv_session_free(s);
 *   fv_model_free(m);
 *
 * Its parts, in the order in which data flows: core.h (error, tensor, image, model), devices.h
 * (what runs networks), monitor.h (progress, ending calls), session.h (running a model, gradients),
 * objective.h (what to look for), recipe.h (how a picture is made), render.h (pictures that excite
 * units), view.h (montages, plots, maps), examples.h (photos that excite units), attribute.h (which
 * part of a photo does it).
 *
 * Ownership: what a function puts into an `out` parameter is yours, to be freed with the `_free` of
 * its type (bytes: fv_bytes_free) unless its comment says otherwise; every pointer that a function
 * returns is borrowed and lives as long as the object you got it from.
 * Every `_free` takes NULL.
 *
 * Errors: a function that can fail returns a status, FV_OK being 0, and fills `err` if that is not
 * NULL. On failure its outputs are untouched. A pointer that must not be NULL and is one is FV_ARG;
 * functions without a status then give NULL, 0 or -1. What was freed must not be used, or freed
 * again.
 *
 * Descs: zero in any field means the default; a NULL desc means all defaults. A desc that begins
 * with struct_size is made with FV_DESC (core.h), which fills that in.
 *
 * Threads: a model is immutable once loaded and may be shared. A session belongs to one thread at
 * a time. The library never prints, exits, reads the environment, or keeps global state of its own.
 */
#ifndef FOVEA_H
#define FOVEA_H

#include "fovea/core.h"
#include "fovea/devices.h"
#include "fovea/monitor.h"
#include "fovea/objective.h"
#include "fovea/session.h"
#include "fovea/recipe.h"
#include "fovea/render.h"
#include "fovea/view.h"
#include "fovea/examples.h"
#include "fovea/attribute.h"

#endif
