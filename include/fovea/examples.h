/* SPDX-License-Identifier: Apache-2.0 */
/* fovea: photos that excite units. Include fovea/fovea.h. */
#ifndef FOVEA_EXAMPLES_H
#define FOVEA_EXAMPLES_H

#include "fovea/render.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- photos that excite units --------------------------------------------------------------- */

/* What was measured on the photos of a folder: the responses of units to each of them. */
typedef struct fv_examples fv_examples;

/* Options of fv_examples_scan. */
typedef struct fv_examples_desc {
    size_t struct_size; /* FV_DESC */
    int decoders;       /* threads that read and resize photos, 1..64; 0: as many as the session's,
                           at most 64 */
    const char *index;  /* folder of what was measured before, with one file for each layer or
                           objective; it is made if it is not there. NULL: nothing is kept */
} fv_examples_desc;

/* Measures units on all photos of a folder and of the folders in it, preprocessed as
 * fv_input_from_image does. Photos that the index knows (by path, size and time) are not read
 * again; what is measured is written to it at intervals, so that a call that was stopped goes on
 * from there. Returns when all are measured.
 *   session     runs the network, 16 photos at a time; borrowed: must outlive the result. With
 *               FV_ON_NAN_KEEP a value that is not finite becomes NaN, which is ranked nowhere.
 *               Its monitor's done and total count photos to be measured. STOP: the result has the
 *               photos measured so far and those of the index, and is unfinished
 *               (fv_examples_unfinished); without any the call ends with CANCELLED
 *   objectives  [count] `LAYER` stands for all its units, each a `LAYER:C`; else as in
 *               fv_session_gradient. One pass of the photos measures them all. Not needed
 *               afterwards
 *   folder      its path; hidden files are left out, links are followed
 *   desc        or NULL
 *   out         yours to free with fv_examples_free
 *   memory      does not grow with the photos, but for about 200 bytes each
 *   errors      as fv_session_gradient; IO the folder or an index file; NOTFOUND no picture in it;
 *               FORMAT none can be read, or a damaged index; UNSUPPORTED a layer of more than 65536
 *               units, or more layers and expressions than 1024 or half of the files the process
 *               may have open: each is an open file until the result is freed; CANCELLED, with
 *               what was measured in the index; NONFINITE
 *   threads     one call per session at a time. The network and the monitor's callbacks run on the
 *               calling thread. Photos are read and resized on threads of the library, which end
 *               with the call and call nothing of the caller's
 */
FV_API fv_status fv_examples_scan(fv_session *session, const fv_objective *const *objectives,
                                  int count, const char *folder, const fv_examples_desc *desc,
                                  fv_examples **out, fv_error *err);
/* Frees a result and closes the files of its index. */
FV_API void fv_examples_free(fv_examples *examples);

/* Counts the units that objectives stand for, without a photo: what fv_examples_unit_count says
 * after a scan. Runs no network.
 *   objectives, count  as fv_examples_scan    units  how many
 *   errors  as fv_examples_scan, but for those of the folder and the index */
FV_API fv_status fv_examples_count_units(const fv_model *model,
                                         const fv_objective *const *objectives, int count,
                                         int *units, fv_error *err);

/* Returns the number of photos that have values: those of the folder that could be read. */
FV_API int fv_examples_photo_count(const fv_examples *examples);
/* Returns the path of photo 0..count-1 inside the folder, in the order of paths; borrowed. NULL:
 * there is none of that number. */
FV_API const char *fv_examples_photo(const fv_examples *examples, int photo);
/* Returns the number of photos that cannot be read. */
FV_API int fv_examples_skipped_count(const fv_examples *examples);
/* Returns one of them with the reason, "a.jpg: is damaged or cut short"; borrowed. NULL: there is
 * none of that number. */
FV_API const char *fv_examples_skipped(const fv_examples *examples, int index);
/* Returns how many photos the scan itself measured; the others were in the index. */
FV_API int fv_examples_measured(const fv_examples *examples);
/* Returns 1 if a monitor's STOP ended the scan before all photos were measured; else 0. */
FV_API int fv_examples_unfinished(const fv_examples *examples);

/* Returns the number of units. */
FV_API int fv_examples_unit_count(const fv_examples *examples);
/* Returns the name of unit 0..count-1, "head/conv:3", in the order they were asked for; borrowed.
 * NULL: there is none of that number. */
FV_API const char *fv_examples_unit(const fv_examples *examples, int unit);
/* Returns the class that a unit stands for, where its layer has one unit a class; else -1. */
FV_API int fv_examples_unit_class(const fv_examples *examples, int unit);

/* One photo, and how one unit responds to it. */
typedef struct fv_example {
    int photo;                    /* its number */
    float value;                  /* the unit's, by the score that was asked for */
    int y, x;                     /* of the strongest (or weakest) position in the unit's map; -1:
                                     it has no map. A map of one axis has y 0 */
    int top, left, height, width; /* the position's receptive field, in the photo's pixels */
    int whole;                    /* 1: it covers all of the network's input */
    int center_top, center_left, center_height, center_width; /* the receptive field's central
                                     cell, as large as the distance to the next position's, in the
                                     photo's pixels */
    int unit, lowest;                                         /* as they were asked for */
} fv_example;

/* Finds the photos with the highest or lowest values; of equal ones the first path. Values that are
 * not numbers are left out.
 *   unit    0..fv_examples_unit_count-1
 *   by      0: FV_SCORE_MAX
 *   lowest  1: the lowest, lowest first; 0: the highest
 *   out     [*count]; caller's array
 *   count   how many are wanted, at least 1; on success how many there are: as many, or fewer
 *   errors  ARG no such unit; IO, FORMAT the index
 *   threads one call per fv_examples at a time, as all below */
FV_API fv_status fv_examples_find(fv_examples *examples, int unit, fv_score by, int lowest,
                                  fv_example *out, int *count, fv_error *err);

/* Copies the values of a unit on all photos, [fv_examples_photo_count].  errors  as above */
FV_API fv_status fv_examples_values(fv_examples *examples, int unit, fv_score by, int lowest,
                                    float *out, fv_error *err);

/* The distribution of a unit's values. Percentiles are interpolated between neighbours. */
typedef struct fv_distribution {
    int count; /* photos whose value is a number */
    double minimum, median, mean, percentile_99_9, maximum;
} fv_distribution;
/* Computes it over all photos.
 *   errors  as fv_examples_values; FORMAT no photo has a value that is a number; NOMEM */
FV_API fv_status fv_examples_distribution(fv_examples *examples, int unit, fv_score by, int lowest,
                                          fv_distribution *out, fv_error *err);

/* Measures a unit on one network input, as the photos were, with the session of the scan.
 *   input   as fv_session_run; dim[0] 1    errors  as fv_session_run; ARG
 *   threads one call per session at a time */
FV_API fv_status fv_examples_measure(fv_examples *examples, int unit, fv_score by, int lowest,
                                     const fv_tensor *input, double *value, fv_error *err);

/* How an example is shown. */
typedef enum fv_example_view {
    FV_EXAMPLE_CROP = 1, /* the receptive field of its position, cut out */
    FV_EXAMPLE_PHOTO     /* the photo, with a frame around the receptive field; around its central
                            cell where the receptive field covers the whole input */
} fv_example_view;

/* Options of contact sheets and strips. */
typedef struct fv_contact_sheet_desc {
    size_t struct_size;   /* FV_DESC */
    fv_score by;          /* 0: FV_SCORE_MAX */
    int top, bottom;      /* photos of the highest and lowest values, 0..4096; both 0: 9 and none */
    fv_example_view view; /* 0: CROP where that is less than the whole, else PHOTO */
    int tile;             /* side of a photo in pixels, 8..16384; 0: 160 */
    int columns;          /* 0: one row for the highest, one for the lowest */
} fv_contact_sheet_desc;

/* Loads one example's photo as the view says, at most side x side pixels.
 *   view    0: CROP where that is less than the whole input, else PHOTO
 *   side    8..16384
 *   out     [3]; yours to free with fv_image_free
 *   errors  as fv_image_load; IO the photo has changed since it was measured; ARG */
FV_API fv_status fv_examples_tile(fv_examples *examples, const fv_example *example,
                                  fv_example_view view, int side, fv_image **out, fv_error *err);

/* Lays out the photos that excite a unit most (and least), with their values and names, in rows
 * with titles.
 *   out     [3] with texts; yours to free    errors  as fv_examples_find; IO a photo is gone */
FV_API fv_status fv_examples_contact_sheet(fv_examples *examples, int unit,
                                           const fv_contact_sheet_desc *desc, fv_image **out,
                                           fv_error *err);

/* Lays out, from left to right: the picture made to lower a unit, photos of its lowest values,
 * those of its highest, the picture made to raise it (Olah et al. 2017).
 *   low, high  the optimised pictures; either may be NULL and is then left out
 *   desc       .top photos a side are laid in a square (0: 4); .tile is the side of all four parts
 *              (0: as the optimised pictures, 192..256); .bottom and .columns are not looked at
 *   errors     as fv_examples_contact_sheet */
FV_API fv_status fv_examples_strip(fv_examples *examples, int unit, const fv_image *low,
                                   const fv_image *high, const fv_contact_sheet_desc *desc,
                                   fv_image **out, fv_error *err);

#ifdef __cplusplus
}
#endif
#endif
