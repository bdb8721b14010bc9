/* SPDX-License-Identifier: Apache-2.0 */
/* fv_examples: its struct, and what its files offer each other. */
#ifndef FVI_INSPECT_DATASET_DATASET_H
#define FVI_INSPECT_DATASET_DATASET_H

#include "graph/positions/token_grid.h"
#include "graph/receptive_field.h"
#include "inspect/dataset/list_files.h"
#include "inspect/dataset/store.h"
#include "runtime/session.h"
#include "vis/objective/bind.h"

enum { FVI_DECODERS_MAX = 64 }; /* threads that read photos */

/* One layer, all of whose channels are units; or one objective, which is a unit. */
typedef struct fvi_layer_table {
    fvi_objective o;
    int is_layer; /* of o.values[0] */
    char *name;   /* "head/conv", or the objective in one spelling */
    int units;
    int axis[FV_MAX_DIMS], n_axes; /* of a sample that count positions, outermost first */
    int64_t size[FV_MAX_DIMS];     /* theirs, at the model's own input size */
    fvi_token_grid grid;           /* how positions lie over the picture */
    fvi_receptive_field reach[2];  /* what a position sees along height and width */
    int active;                    /* whether this pass measures it */
    int target[FVI_MAX_VALUES];    /* then o.values[v] is the plan's target of that number */
    fvi_index *index;
    int *row; /* [photos] of its responses in the index */
} fvi_layer_table;

typedef struct fvi_unit_request {
    int table, channel;
    char *name;
} fvi_unit_request;

/* A photo of the folder that can be read. */
typedef struct fvi_photo_entry {
    const fvi_file_entry *file;
    int height, width;
} fvi_photo_entry;

struct fv_examples {
    const fv_model *model;
    fv_session *session; /* the caller's, of that model; NULL where nothing is to be run */
    char *folder;
    GPtrArray *files;   /* fvi_file_entry */
    GPtrArray *tables;  /* fvi_layer_table */
    GArray *units;      /* fvi_unit_request */
    GArray *photos;     /* fvi_photo_entry */
    GPtrArray *skipped; /* char * */
    int measured;       /* photos by this scan */
    int unfinished;     /* a STOP ended it */
    const char **wanted; /* [n_wanted] values that active tables need; borrowed from the network */
    int n_wanted;
    int loaded;              /* unit whose responses are in `responses`; -1 */
    fvi_response *responses; /* [photos] */
};

/* ---- request.c ---- */

/* Reads the objectives: fills tables and units.  errors  as fv_examples_scan */
fv_status fvi_examples_request(fv_examples *e, const fv_objective *const *objectives, int count,
                               fv_error *err);
void fvi_layer_table_free(void *table);
/* Sets e->wanted, and every active table's targets. */
void fvi_examples_collect_values(fv_examples *e);
/* All that a table's numbers depend on, as a text; g_free. */
char *fvi_layer_table_key(const fv_examples *e, const fvi_layer_table *t);

/* ---- scan.c ---- */

/* Measures the photos `todo` (fvi_file_entry) for the active tables, into their indices; sets
 * e->measured and e->unfinished.
 *   decoders  threads that read photos; 0: as many as the session has
 *   failed    char *: "path: why" of those that could not be read this time, and are not remembered
 *   errors    as fv_examples_scan; what was measured until then is in the indices */
fv_status fvi_examples_scan_photos(fv_examples *e, const GPtrArray *todo, int decoders,
                                   GPtrArray *failed, fv_error *err);

/* ---- decode.c: photos read and made network inputs on other threads, in order ---- */

typedef struct fvi_decoder fvi_decoder;
typedef struct fvi_decoded {
    fv_tensor *input;  /* [1][...]; NULL: could not be read */
    int height, width; /* of the photo */
    fv_error err;
} fvi_decoded;
/* todo is borrowed; ahead >= 1.  errors  NOMEM; ARG no thread can be made */
fv_status fvi_decoder_new(const fv_model *model, const char *folder, const GPtrArray *todo,
                          int threads, int ahead, fvi_decoder **out, fv_error *err);
/* Waits for the next photo; to be called once for each. out->input is the caller's. */
void fvi_decoder_next(fvi_decoder *d, fvi_decoded *out);
/* Ends the threads; photos not asked for are dropped. */
void fvi_decoder_free(fvi_decoder *d);

/* ---- pool.c ---- */

/* Turns the targets of a batch into responses; bound to one plan. */
typedef struct fvi_pool_stats fvi_pool_stats;
/* Binds the active tables to a plan whose targets are e->wanted.
 *   samples  the plan is run for
 *   errors  as fvi_objective_bind */
fv_status fvi_pool_stats_new(const fv_examples *e, fvi_executable *plan, int64_t samples,
                             fvi_pool_stats **out, fv_error *err);
void fvi_pool_stats_free(fvi_pool_stats *m);
/* Writes the responses [units] of one table to sample n of the plan's last run. */
fv_status fvi_pool_stats_read(fvi_pool_stats *m, fvi_executable *plan, int table, int64_t n,
                              fvi_response *out, fv_error *err);

/* ---- sheet.c ---- */

/* "logits:8 hen"; g_free. */
char *fvi_examples_title(const fv_examples *e, int unit);
/* Texts that say what a picture shows.  errors  NOMEM */
fv_status fvi_examples_describe(const fv_examples *e, int unit, const fv_contact_sheet_desc *desc,
                                fv_image *onto, fv_error *err);

/* ---- locate.c ---- */

/* Fills y and x of an example, the receptive field of that position of its unit's map in the photo,
 * and its center. */
void fvi_example_locate(const fv_examples *e, const fvi_layer_table *t, uint32_t position,
                        fv_example *out);

#endif
