/* SPDX-License-Identifier: Apache-2.0 */
/* The binary interface of PJRT plug-ins, as far as it is called here: the layout of the table of
 * functions that a plug-in's GetPjrtApi returns, and of the arguments of each.
 *
 * Every struct of arguments begins with its size. Plug-ins refuse one that is smaller than theirs,
 * and read of a larger one what they know; so each has room for what later versions may add
 * (PJRT_LATER), which is 0. New functions are added at the end of the table, so that this part has
 * been the same since version 0.33.
 * Source of the layout: openxla/xla, xla/pjrt/c/pjrt_c_api.h, versions 0.33 and 0.114.
 */
#ifndef FVI_BACKEND_STABLEHLO_PJRT_ABI_H
#define FVI_BACKEND_STABLEHLO_PJRT_ABI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PJRT_MAJOR 0
#define PJRT_MINOR 33 /* the oldest with this layout */

/* What a plug-in makes, and only it can look into. */
typedef struct pjrt_error pjrt_error;
typedef struct pjrt_event pjrt_event;
typedef struct pjrt_client pjrt_client;
typedef struct pjrt_device pjrt_device;
typedef struct pjrt_description pjrt_description;
typedef struct pjrt_executable pjrt_executable;
typedef struct pjrt_loaded pjrt_loaded; /* an executable on a device */
typedef struct pjrt_serialized pjrt_serialized;
typedef struct pjrt_buffer pjrt_buffer;

#define PJRT_LATER void *later[16]

/* The beginning of every struct. */
typedef struct pjrt_head {
    size_t size;
    void *extension;
} pjrt_head;

/* The arguments of functions that take one object, or give a text about one, or one number. */
typedef struct pjrt_object_args {
    pjrt_head head;
    void *object;
    PJRT_LATER;
} pjrt_object_args;

typedef struct pjrt_text_args {
    pjrt_head head;
    const void *object;
    const char *text; /* out; lives as long as the object */
    size_t length;    /* out */
    PJRT_LATER;
} pjrt_text_args;

typedef struct pjrt_pair_args {
    pjrt_head head;
    void *object;
    void *result; /* out */
    PJRT_LATER;
} pjrt_pair_args;

typedef struct pjrt_int_args {
    pjrt_head head;
    const void *object;
    int value; /* out */
    PJRT_LATER;
} pjrt_int_args;

enum { PJRT_RESOURCE_EXHAUSTED = 8 }; /* of the codes of errors: too little memory */

typedef enum pjrt_option_type {
    PJRT_STRING,
    PJRT_INT64,
    PJRT_INT64_LIST,
    PJRT_FLOAT,
    PJRT_BOOL
} pjrt_option_type;

typedef struct pjrt_option {
    pjrt_head head;
    const char *name;
    size_t name_length;
    pjrt_option_type type;
    union {
        const char *text;
        int64_t integer;
        float real;
        bool truth;
    } value;
    size_t value_length; /* of a text; else 1 */
    PJRT_LATER;
} pjrt_option;

typedef struct pjrt_client_create_args {
    pjrt_head head;
    const pjrt_option *options;
    size_t n_options;
    void *key_value_store[4]; /* of clients on several machines */
    pjrt_client *client;      /* out */
    PJRT_LATER;
} pjrt_client_create_args;

typedef struct pjrt_devices_args {
    pjrt_head head;
    pjrt_client *client;
    pjrt_device *const *devices; /* out; the client's */
    size_t n_devices;            /* out */
    PJRT_LATER;
} pjrt_devices_args;

typedef struct pjrt_statistic {
    int64_t value;
    bool is_set;
} pjrt_statistic;

typedef struct pjrt_memory_args {
    pjrt_head head;
    pjrt_device *device;
    int64_t in_use; /* out, as all below */
    pjrt_statistic peak, allocations, largest, limit, reserved, peak_reserved, reservable;
    pjrt_statistic largest_free, pool, peak_pool;
    PJRT_LATER;
} pjrt_memory_args;

typedef struct pjrt_program {
    pjrt_head head;
    const char *code;
    size_t code_length;
    const char *format; /* "mlir" */
    size_t format_length;
    PJRT_LATER;
} pjrt_program;

typedef struct pjrt_compile_args {
    pjrt_head head;
    pjrt_client *client;
    const pjrt_program *program;
    const char *options; /* a CompileOptionsProto */
    size_t options_length;
    pjrt_loaded *executable; /* out */
    PJRT_LATER;
} pjrt_compile_args;

typedef enum pjrt_type { PJRT_S32 = 4, PJRT_F32 = 11 } pjrt_type;

enum { PJRT_ONLY_DURING_CALL = 0 }; /* how long the plug-in may read the host's memory */

typedef struct pjrt_from_host_args {
    pjrt_head head;
    pjrt_client *client;
    const void *data;
    pjrt_type type;
    const int64_t *dims;
    size_t n_dims;
    const int64_t *strides; /* NULL: dense */
    size_t n_strides;
    int semantics;
    pjrt_device *device;
    void *memory;        /* NULL: the device's own */
    void *layout;        /* NULL: dense, outermost axis first */
    pjrt_event *done;    /* out: the host's memory is not read any more */
    pjrt_buffer *buffer; /* out */
    PJRT_LATER;
} pjrt_from_host_args;

typedef struct pjrt_tiled {
    pjrt_head head;
    const int64_t *minor_to_major;
    size_t n;
    const int64_t *tile_dims;
    const size_t *tile_dim_counts;
    size_t n_tiles;
} pjrt_tiled;

typedef struct pjrt_layout {
    pjrt_head head;
    pjrt_tiled tiled; /* the larger of two members of a union */
    int kind;         /* 0: tiled */
    PJRT_LATER;
} pjrt_layout;

typedef struct pjrt_to_host_args {
    pjrt_head head;
    pjrt_buffer *buffer;
    const pjrt_layout *layout;
    void *to;
    size_t size;
    pjrt_event *event; /* out */
    PJRT_LATER;
} pjrt_to_host_args;

typedef struct pjrt_execute_options {
    pjrt_head head;
    void *send_callbacks, *receive_callbacks;
    size_t n_send, n_receive;
    int launch;
    const int64_t *kept; /* inputs whose memory must not be used for outputs */
    size_t n_kept;
    PJRT_LATER;
} pjrt_execute_options;

typedef struct pjrt_execute_args {
    pjrt_head head;
    pjrt_loaded *executable;
    pjrt_execute_options *options;
    pjrt_buffer *const *const *arguments; /* [n_devices][n_arguments] */
    size_t n_devices, n_arguments;
    pjrt_buffer **const *results; /* [n_devices][results], the inner ones out */
    pjrt_event **done;            /* [n_devices] out, or NULL */
    pjrt_device *device;          /* NULL: what it was compiled for */
    PJRT_LATER;
} pjrt_execute_args;

typedef struct pjrt_serialize_args {
    pjrt_head head;
    const pjrt_executable *executable;
    const char *bytes; /* out; as long as `serialized` */
    size_t length;     /* out */
    pjrt_serialized *serialized;
    void (*free)(pjrt_serialized *serialized); /* out */
    PJRT_LATER;
} pjrt_serialize_args;

typedef struct pjrt_load_args {
    pjrt_head head;
    pjrt_client *client;
    const char *bytes;
    size_t length;
    pjrt_loaded *executable; /* out */
    PJRT_LATER;
} pjrt_load_args;

typedef struct pjrt_compiled_memory_args {
    pjrt_head head;
    pjrt_executable *executable;
    int64_t code, arguments, results, shared, temporary; /* out; bytes of the device's memory */
    int64_t of_host[5];                                  /* the same of the host's */
    PJRT_LATER;
} pjrt_compiled_memory_args;

/* The table. Members named "_" and a number are functions that are not called. */
#define PJRT_UNUSED(first, count) void (*_##first[count])(void)
typedef struct pjrt_api {
    pjrt_head head;
    struct {
        pjrt_head head;
        int major, minor;
    } version;
    void (*error_destroy)(pjrt_object_args *);
    void (*error_message)(pjrt_text_args *);
    pjrt_error *(*error_code)(pjrt_int_args *);
    pjrt_error *(*plugin_initialize)(pjrt_head *);
    PJRT_UNUSED(1, 1);
    pjrt_error *(*event_destroy)(pjrt_object_args *);
    PJRT_UNUSED(2, 2);
    pjrt_error *(*event_await)(pjrt_object_args *);
    PJRT_UNUSED(3, 1);
    pjrt_error *(*client_create)(pjrt_client_create_args *);
    pjrt_error *(*client_destroy)(pjrt_object_args *);
    pjrt_error *(*client_platform)(pjrt_text_args *);
    PJRT_UNUSED(4, 1);
    pjrt_error *(*client_version)(pjrt_text_args *);
    PJRT_UNUSED(5, 1);
    pjrt_error *(*client_devices)(pjrt_devices_args *);
    PJRT_UNUSED(6, 3);
    pjrt_error *(*compile)(pjrt_compile_args *);
    PJRT_UNUSED(7, 1);
    pjrt_error *(*from_host)(pjrt_from_host_args *);
    pjrt_error *(*description_id)(pjrt_int_args *);
    PJRT_UNUSED(8, 2);
    pjrt_error *(*description_kind)(pjrt_text_args *);
    PJRT_UNUSED(9, 2);
    pjrt_error *(*device_description)(pjrt_pair_args *);
    PJRT_UNUSED(10, 4);
    pjrt_error *(*device_memory)(pjrt_memory_args *);
    PJRT_UNUSED(11, 5);
    pjrt_error *(*executable_destroy)(pjrt_object_args *);
    PJRT_UNUSED(12, 8);
    pjrt_error *(*serialize)(pjrt_serialize_args *);
    pjrt_error *(*loaded_destroy)(pjrt_object_args *);
    pjrt_error *(*loaded_executable)(pjrt_pair_args *);
    PJRT_UNUSED(13, 3);
    pjrt_error *(*execute)(pjrt_execute_args *);
    pjrt_error *(*load)(pjrt_load_args *);
    PJRT_UNUSED(14, 1);
    pjrt_error *(*buffer_destroy)(pjrt_object_args *);
    PJRT_UNUSED(15, 11);
    pjrt_error *(*to_host)(pjrt_to_host_args *);
    /* Of later versions: to be called only where the table is that long. */
    PJRT_UNUSED(16, 25);
    pjrt_error *(*compiled_memory)(pjrt_compiled_memory_args *);
} pjrt_api;

typedef const pjrt_api *pjrt_get_api(void);

/* Where the functions are in the table, on machines with pointers of 8 bytes. */
_Static_assert(sizeof(void *) != 8 || offsetof(pjrt_api, client_create) == 120, "layout");
_Static_assert(sizeof(void *) != 8 || offsetof(pjrt_api, compile) == 200, "layout");
_Static_assert(sizeof(void *) != 8 || offsetof(pjrt_api, from_host) == 216, "layout");
_Static_assert(sizeof(void *) != 8 || offsetof(pjrt_api, description_kind) == 248, "layout");
_Static_assert(sizeof(void *) != 8 || offsetof(pjrt_api, device_memory) == 312, "layout");
_Static_assert(sizeof(void *) != 8 || offsetof(pjrt_api, executable_destroy) == 360, "layout");
_Static_assert(sizeof(void *) != 8 || offsetof(pjrt_api, serialize) == 432, "layout");
_Static_assert(sizeof(void *) != 8 || offsetof(pjrt_api, execute) == 480, "layout");
_Static_assert(sizeof(void *) != 8 || offsetof(pjrt_api, buffer_destroy) == 504, "layout");
_Static_assert(sizeof(void *) != 8 || offsetof(pjrt_api, to_host) == 600, "layout");
_Static_assert(sizeof(void *) != 8 || offsetof(pjrt_api, compiled_memory) == 808, "layout");

#endif
