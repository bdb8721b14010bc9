/* SPDX-License-Identifier: Apache-2.0 */
/* fake_plugin: built several times, each wrong in another way:
 *   FAKE_OLD       of a version before the oldest that is read
 *   FAKE_MAJOR     of another major version
 *   FAKE_SHORT     with a table that ends too early
 *   FAKE_NONE      without the function that a plug-in is found by
 *   FAKE_EMPTY     without devices
 *   FAKE_SILENT    GetPjrtApi gives NULL
 *   FAKE_FIRST     with the shortest table that is read: nothing of later versions
 */
#include "fake_plugin.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend/stablehlo/pjrt/abi.h"

#define EXPORTED __attribute__((visibility("default")))

/* All objects are of this type. */
typedef struct object {
    size_t bytes;       /* of an array */
    int n_results;      /* of a program */
    size_t results[64]; /* bytes of each */
    int code;           /* of an error */
} object;

static int left = -1, code_then, vanished;
static atomic_int calls, alive, loads, compiles;
static size_t largest;

EXPORTED int fake_fail_at(int n, int code);
int fake_fail_at(int n, int code) {
    const int so_far = calls;
    calls = 0;
    left = n;
    code_then = code;
    return so_far;
}

EXPORTED int fake_alive(void);
int fake_alive(void) { return alive; }

EXPORTED int fake_loads(void);
int fake_loads(void) { return loads; }

EXPORTED int fake_compiles(void);
int fake_compiles(void) { return compiles; }

EXPORTED void fake_largest(size_t bytes);
void fake_largest(size_t bytes) { largest = bytes; }

EXPORTED void fake_gone(int gone);
void fake_gone(int gone) { vanished = gone; }

static void *new_object(void) {
    object *o = calloc(1, sizeof *o);
    if (!o) abort();
    alive++;
    return o;
}

static pjrt_error *failure(int code) {
    object *error = new_object();
    error->code = code;
    return (pjrt_error *)(void *)error;
}

/* NULL, or the failure that was asked for. */
static pjrt_error *outcome(void) {
    calls++;
    if (vanished) return failure(13);
    return left < 0 || left-- ? NULL : failure(code_then);
}

/* The same for an array of so many bytes. */
static pjrt_error *outcome_for(size_t bytes) {
    pjrt_error *failed = outcome();
    return failed || !largest || bytes <= largest ? failed : failure(PJRT_RESOURCE_EXHAUSTED);
}

static void drop(void *o) {
    if (!o) return;
    alive--;
    free(o);
}

static pjrt_error *destroy(pjrt_object_args *a) {
    drop(a->object);
    return NULL;
}

static void error_destroy(pjrt_object_args *a) { drop(a->object); }

static void error_message(pjrt_text_args *a) {
    a->text = "failed,\nas asked";
    a->length = strlen(a->text);
}

static pjrt_error *error_code(pjrt_int_args *a) {
    a->value = ((const object *)a->object)->code;
    return NULL;
}

static pjrt_error *initialize(pjrt_head *a) {
    (void)a;
    return outcome();
}

static pjrt_error *await(pjrt_object_args *a) {
    (void)a;
    return outcome();
}

static pjrt_error *client_create(pjrt_client_create_args *a) {
    pjrt_error *failed = outcome();
    if (!failed) a->client = new_object();
    return failed;
}

static pjrt_error *text(pjrt_text_args *a) {
    a->text = "fake";
    a->length = 4;
    return outcome();
}

static pjrt_error *devices(pjrt_devices_args *a) {
    static pjrt_device *const list[] = {NULL, NULL};
    a->devices = list;
#ifdef FAKE_EMPTY
    a->n_devices = 0;
#else
    a->n_devices = 2;
#endif
    return outcome();
}

static pjrt_error *description(pjrt_pair_args *a) {
    a->result = NULL;
    return outcome();
}

static pjrt_error *id(pjrt_int_args *a) {
    a->value = 0;
    return outcome();
}

static pjrt_error *memory(pjrt_memory_args *a) {
    a->in_use = 1000;
    a->limit = (pjrt_statistic){4000000000, 1};
    return outcome();
}

/* Reads "tensor<2x3xf32>": its bytes; *end behind it. */
static size_t tensor_bytes(const char *at, const char **end) {
    size_t bytes = 4;
    at += strlen("tensor<");
    while (*at >= '0' && *at <= '9') {
        char *next;
        bytes *= strtoul(at, &next, 10);
        at = next + 1;
    }
    *end = strchr(at, '>') + 1;
    return bytes;
}

static pjrt_error *compile(pjrt_compile_args *a) {
    pjrt_error *failed = outcome();
    if (failed) return failed;
    object *program = new_object();
    const char *at = strstr(a->program->code, ") -> ("), *end = at ? strstr(at, ") {") : NULL;
    if (!at || !end) abort();
    while ((at = strstr(at, "tensor<")) && at < end)
        program->results[program->n_results++] = tensor_bytes(at, &at);
    a->executable = (pjrt_loaded *)(void *)program;
    compiles++;
    return NULL;
}

/* An executable and what it is serialised to: its object's own bytes. */
static pjrt_error *executable_of(pjrt_pair_args *a) {
    pjrt_error *failed = outcome();
    if (failed) return failed;
    object *copy = new_object();
    *copy = *(const object *)a->object;
    a->result = copy;
    return NULL;
}

static pjrt_error *compiled_memory(pjrt_compiled_memory_args *a) {
    a->code = 1000;
    a->arguments = 2000;
    a->results = (int64_t)((const object *)(const void *)a->executable)->results[0];
    a->temporary = 3000;
    return outcome();
}

static void free_serialized(pjrt_serialized *s) { drop(s); }

static pjrt_error *serialize(pjrt_serialize_args *a) {
    pjrt_error *failed = outcome();
    if (failed) return failed;
    object *copy = new_object();
    *copy = *(const object *)(const void *)a->executable;
    a->bytes = (const char *)copy;
    a->length = sizeof *copy;
    a->serialized = (pjrt_serialized *)(void *)copy;
    a->free = free_serialized;
    return NULL;
}

static pjrt_error *load(pjrt_load_args *a) {
    pjrt_error *failed = outcome();
    if (failed) return failed;
    object *program = new_object();
    if (a->length != sizeof *program) abort();
    memcpy(program, a->bytes, sizeof *program);
    a->executable = (pjrt_loaded *)(void *)program;
    loads++;
    return NULL;
}

static pjrt_error *from_host(pjrt_from_host_args *a) {
    size_t bytes = 4;
    for (size_t i = 0; i < a->n_dims; i++) bytes *= (size_t)a->dims[i];
    pjrt_error *failed = outcome_for(bytes);
    if (failed) return failed;
    object *array = new_object();
    array->bytes = bytes;
    a->buffer = (pjrt_buffer *)(void *)array;
    a->done = new_object();
    return NULL;
}

static pjrt_error *to_host(pjrt_to_host_args *a) {
    pjrt_error *failed = outcome();
    if (failed) return failed;
    if (a->size != ((const object *)(void *)a->buffer)->bytes) abort();
    memset(a->to, 0, a->size);
    a->event = new_object();
    return NULL;
}

static pjrt_error *execute(pjrt_execute_args *a) {
    const object *program = (const object *)(void *)a->executable;
    size_t most = 0;
    for (int i = 0; i < program->n_results; i++)
        if (program->results[i] > most) most = program->results[i];
    pjrt_error *failed = outcome_for(most);
    if (failed) return failed;
    for (int i = 0; i < program->n_results; i++) {
        object *array = new_object();
        array->bytes = program->results[i];
        a->results[0][i] = (pjrt_buffer *)(void *)array;
    }
    return NULL;
}

static pjrt_api api = {
    .head = {.size = sizeof(pjrt_api)},
    .version = {.major = 0, .minor = PJRT_MINOR},
    .error_destroy = error_destroy,
    .error_message = error_message,
    .error_code = error_code,
    .plugin_initialize = initialize,
    .event_destroy = destroy,
    .event_await = await,
    .client_create = client_create,
    .client_destroy = destroy,
    .client_platform = text,
    .client_version = text,
    .client_devices = devices,
    .compile = compile,
    .from_host = from_host,
    .description_id = id,
    .description_kind = text,
    .device_description = description,
    .device_memory = memory,
    .executable_destroy = destroy,
    .serialize = serialize,
    .loaded_destroy = destroy,
    .loaded_executable = executable_of,
    .load = load,
    .execute = execute,
    .buffer_destroy = destroy,
    .to_host = to_host,
    .compiled_memory = compiled_memory,
};

#ifdef FAKE_NONE
#define GetPjrtApi not_found
#endif
EXPORTED const pjrt_api *GetPjrtApi(void);
const pjrt_api *GetPjrtApi(void) {
#if defined FAKE_OLD
    api.version.minor = PJRT_MINOR - 1;
#elif defined FAKE_MAJOR
    api.version.major = 1;
#elif defined FAKE_SHORT
    api.head.size = offsetof(pjrt_api, execute);
#elif defined FAKE_FIRST
    api.head.size = offsetof(pjrt_api, to_host) + sizeof api.to_host;
#elif defined FAKE_SILENT
    return NULL;
#endif
    return &api;
}
