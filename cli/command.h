/* SPDX-License-Identifier: Apache-2.0 */
/* What a command is: one declaration that drives parsing, `--help` and docs/commands.md. */
#ifndef FOVEA_CLI_COMMAND_H
#define FOVEA_CLI_COMMAND_H

#include <stddef.h>
#include <stdint.h>

#include "fovea/fovea.h"

/* Exit codes. CLI_HELPED never leaves the program: parsing ended by printing help. */
enum { CLI_DONE = 0, CLI_FAILED = 1, CLI_USAGE = 2, CLI_HELPED = -1 };

#define CLI_MAX_CHANNELS 4

/* A list of numbers, one a channel of the picture, or one for all. */
typedef struct cli_numbers {
    int count; /* 0: not given */
    float value[CLI_MAX_CHANNELS];
} cli_numbers;

typedef struct cli_command cli_command;

/* Everything the command line can say. Zero or NULL: not given. */
typedef struct cli_args {
    const cli_command *command;
    char **operands; /* [n_operands] what is no option */
    int n_operands;
    int command_argc; /* the words as typed, for the metadata of pictures */
    char **command_argv;

    char **settings;    /* options of recipes as typed: name, value, name, value, ..., NULL */
    char **expressions; /* of -e; NULL at the end */
    char **limits;      /* of --limit: NAME=N; NULL at the end */
    char *memory;       /* of --memory: 512M */
    int help, quiet, verbose, json, markdown, show_recipe;
    int size, batch, threads, top, repeats;
    uint64_t seed;
    char *input, *layer, *objective, *output, *title, *labels, *channels, *npy, *each, *histogram;
    int columns, tile_size, format, scores;
    cli_numbers mean, scale, std;
    int range;         /* 1: "1", 2: "255" */
    int channel_order; /* FV_RGB, FV_BGR */
    char *recipe, *init, *mask, *spectrum, *shape;                /* what renders */
    char *animate;                                                /* visualize */
    char *examples;                                               /* visualize: a folder */
    int octaves, steps, tile, zoom, frames, film_size;            /* dream */
    int original_colors, jitter;                                  /* jitter -1: not given */
    double octave_scale, rate, zoom_scale;
    char *guide, *frames_dir;
    int color, grey;                                              /* spectrum; weights: grey */
    int by, palette, overlay;                                     /* activations; examples: by */
    int alone;                                                    /* invert, caricature, ... */
    double power, strength;                                       /* -1: not given */
    char *near;
    int bottom, crop, whole, no_index;                            /* examples */
    char *index, *picture;
    int tile_scale, form, min_max;                                /* weights */
    char *inputs;
    int method, samples, path_steps, window, stride, masks, cells; /* attribute */
    int ops, machine;                                             /* bench */
    int stages;                                                   /* sanity */
    double noise, keep;
    char *class, *baseline, *parts;
    int precision;                                              /* FV_PRECISION_...; 0: not given */
    int on_nan;                                                    /* FV_ON_NAN_...; 0: not given */
    int again;                                                     /* visualize */
} cli_args;

typedef enum cli_kind {
    CLI_FLAG,    /* int, set to 1 */
    CLI_INT,     /* int in min..max */
    CLI_SEED,    /* uint64_t */
    CLI_NUMBERS, /* cli_numbers, comma separated; min 1: each must be above zero */
    CLI_REAL,    /* double above min, at most max */
    CLI_BETWEEN, /* double in min..max */
    CLI_TEXT,    /* char *, as typed */
    CLI_LIST,    /* char **: every one that is given */
    CLI_CHOICE,  /* int: 1, 2, ... for the words of `value`, which are separated by '|' */
    CLI_SETTING  /* an option of recipes: the library says what it allows */
} cli_kind;

/* One option. */
typedef struct cli_option {
    const char *name; /* without the dashes */
    char letter;      /* or 0 */
    cli_kind kind;
    size_t offset; /* into cli_args */
    int min, max;
    const char *value;    /* what stands for its value in help, "N"; NULL for a flag */
    const char *fallback; /* its default, in words; NULL for a flag; "" where it must be given */
    const char *help;
} cli_option;

struct cli_command {
    const char *name;
    const char *operands; /* "MODEL IMAGE..." */
    int min_operands, max_operands;
    const char *summary;              /* one line */
    const char *details;              /* paragraphs, separated by an empty line */
    const cli_option *options;        /* its own; ends with a NULL name */
    int loads_model;                  /* also takes cli_model_options */
    int renders;                      /* also takes the options of recipes */
    const char *const (*examples)[2]; /* command line, what it does; ends with NULL */
    int (*run)(const cli_args *args);
};

extern const cli_command *const cli_commands[]; /* ends with NULL */
extern const cli_command cli_command_layers, cli_command_layer, cli_command_classify,
    cli_command_run, cli_command_gradient, cli_command_visualize, cli_command_bench,
    cli_command_models, cli_command_dream, cli_command_spectrum, cli_command_activations,
    cli_command_invert, cli_command_caricature, cli_command_accentuate, cli_command_weights,
    cli_command_compare, cli_command_examples, cli_command_attribute, cli_command_sanity;

/* Options of every command, and of those that load a model; end with a NULL name. */
extern const cli_option cli_common_options[], cli_model_options[];

/* Returns the command of that name, or NULL. */
const cli_command *cli_command_find(const char *name);

#endif
