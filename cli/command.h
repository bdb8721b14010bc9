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

/* What every command's line says. The first member of the struct of a command's own options, in
 * which zero and NULL stand for "not given" unless the command says otherwise. */
typedef struct cli_args {
    const cli_command *command;
    char **operands; /* [n_operands] what is no option */
    int n_operands;
    int command_argc; /* the words as typed, for the metadata of pictures */
    char **command_argv;
    int help, quiet, verbose;
} cli_args;

/* What a command that loads a model says of it, and of how it is run. */
typedef struct cli_model_args {
    int size;    /* of the input picture, where the command takes --size */
    char *shape; /* of --shape, where the command takes it */
    cli_numbers mean, scale, std;
    int range;         /* 1: "1", 2: "255" */
    int channel_order; /* FV_RGB, FV_BGR */
    int fit;           /* FV_FIT_... */
    double crop_ratio; /* 0: not given */
    char *pad_color;
    char *labels;
    char *weights;
    int threads, precision; /* FV_PRECISION_... */
    int on_nan;             /* FV_ON_NAN_..., where the command takes --on-nan */
    char *memory;           /* of --memory: 512M */
    char **limits;          /* of --limit: NAME=N; NULL at the end */
    char *output;           /* of --output-name */
    char **set;             /* of --set: NAME=NUMBER or NAME=FILE.npy; NULL at the end */
    char **inputs;          /* of --input, where the command takes it: FILE.npy or NAME=FILE.npy */
    char *wrt;              /* of --wrt: the main input, or NULL */
    char *device;           /* of --device */
} cli_model_args;

/* What a command that makes pictures by a recipe says of that. */
typedef struct cli_recipe_args {
    char *name;
    int show; /* print the options, make nothing */
    int batch;
    char **settings; /* options of recipes as typed: name, value, name, value, ..., NULL */
    char *init, *mask, *spectrum, *shape; /* where the command takes them */
} cli_recipe_args;

typedef enum cli_kind {
    CLI_FLAG,    /* int, set to 1 */
    CLI_INT,     /* int in min..max */
    CLI_SEED,    /* uint64_t */
    CLI_NUMBERS, /* cli_numbers, comma separated; min 1: each must be above zero */
    CLI_REAL,    /* double above min, at most max */
    CLI_BETWEEN, /* double in min..max */
    CLI_TEXT,    /* char *, as typed */
    CLI_OUTPUT,  /* char *: a file that the command writes, or a folder that it writes into */
    CLI_LIST,    /* char **: every one that is given */
    CLI_CHOICE,  /* int: 1, 2, ... for the words of `value`, with '|' between, or of `choice` */
    CLI_SETTING  /* an option of recipes: the library says what it allows */
} cli_kind;

/* One option. */
typedef struct cli_option {
    const char *name; /* without the dashes */
    char letter;      /* or 0 */
    cli_kind kind;
    size_t offset; /* into the struct its table is for */
    int min, max;
    const char *value;    /* what stands for its value in help, "N"; NULL for a flag */
    const char *fallback; /* its default, in words; NULL for a flag; "" where it must be given */
    const char *help;     /* NULL: a former name, which still reads but is told nowhere */
    const char *(*choice)(int n); /* the n-th of its words, from 1; NULL beyond. CLI_CHOICE: all of
                                     them, which help lists unless `value` stands for them;
                                     CLI_TEXT: words it may be */
    const char *former;           /* CLI_CHOICE: words that still read and are told nowhere,
                                     "old=new|old=new"; or NULL */
    const char *with;    /* it is for these, of which one must be given: "output|each"; or NULL */
    const char *without; /* options that are not given with it; or NULL */
} cli_option;

/* Names that an option takes, printed with a line each below the options. */
typedef struct cli_names {
    const char *title;
    const char *(*name)(int index); /* NULL beyond */
    char *(*text)(int index);       /* what it is; caller frees */
} cli_names;

struct cli_command {
    const char *name;
    const char *operands; /* "MODEL IMAGE..." */
    int min_operands, max_operands;
    const char *summary;              /* one line */
    const char *details;              /* paragraphs, separated by an empty line */
    size_t size;                      /* of the struct of its options; cli_args stands first */
    const void *initial;              /* such a struct before parsing; NULL: all zero */
    const cli_option *options;        /* its own; ends with a NULL name */
    const cli_names *names;           /* or NULL */
    size_t model;                     /* offset of a cli_model_args; 0: it loads no model */
    const char *useless;              /* options of models that it has no use for, "mean|fit", and
                                         does not take; or NULL */
    size_t recipe;                    /* offset of a cli_recipe_args; 0: it takes none */
    const char *const (*examples)[2]; /* command line, what it does; ends with NULL */
    int (*run)(const cli_args *args);
};

extern const cli_command *const cli_commands[]; /* ends with NULL */

/* ---- commands/commands.c ---- */

/* Returns the command of that name, or NULL. */
const cli_command *cli_command_find(const char *name);

#endif
