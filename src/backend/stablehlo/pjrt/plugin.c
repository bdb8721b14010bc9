/* SPDX-License-Identifier: Apache-2.0 */
/* plugin: loading, the client and its devices. */
#include "backend/stablehlo/pjrt/plugin.h"

#include <dlfcn.h>
#include <glib.h>
#include <stdio.h>
#include <string.h>

#include "backend/stablehlo/pjrt/call.h"
#include "backend/stablehlo/pjrt/library_file.h"
#include "base/error.h"

static GMutex lock; /* of the list, and of clients being opened and closed */
static fvi_pjrt *plugins;

/* ---- loading -------------------------------------------------------------------------------- */

static fv_status check_version(const char *path, const pjrt_api *api, fv_error *err) {
    if (!api) return fvi_fail(err, FV_FORMAT, "%s: its GetPjrtApi gives nothing", path);
    if (api->head.size < offsetof(pjrt_api, to_host) + sizeof api->to_host ||
        api->version.major != PJRT_MAJOR || api->version.minor < PJRT_MINOR)
        return fvi_fail(err, FV_FORMAT,
                        "%s: a plug-in of PJRT %d.%d with a table of %zu bytes; allowed: %d.%d and "
                        "later of %d, with %zu or more",
                        path, api->version.major, api->version.minor, api->head.size, PJRT_MAJOR,
                        PJRT_MINOR, PJRT_MAJOR, offsetof(pjrt_api, to_host) + sizeof api->to_host);
    return FV_OK;
}

static fv_status load(const char *path, const pjrt_api **out, fv_error *err) {
    const fv_status st = fvi_library_check(path, err);
    if (st) return st;
    char *file = strchr(path, '/') ? g_strdup(path) : g_strconcat("./", path, NULL);
    void *library =
        dlopen(file, RTLD_NOW | RTLD_LOCAL); /* a name without / is looked up elsewhere */
    g_free(file);
    if (!library) {
        const char *why = dlerror();
        return fvi_fail(err, FV_FORMAT, "%s: not a plug-in: %s", path, why ? why : "not loadable");
    }
    pjrt_get_api *get = NULL;
    *(void **)&get = dlsym(library, "GetPjrtApi");
    if (!get) {
        dlclose(library);
        return fvi_fail(err, FV_FORMAT, "%s: not a PJRT plug-in: it has no function GetPjrtApi",
                        path);
    }
    *out = get();
    return check_version(path, *out, err); /* it stays loaded: threads of its own may run */
}

/* ---- the client ----------------------------------------------------------------------------- */

static char *text_of(const fvi_pjrt *p, pjrt_error *(*get)(pjrt_text_args *), const void *object) {
    pjrt_text_args args = {.head = FVI_PJRT_HEAD(pjrt_text_args), .object = object};
    if (fvi_pjrt_check(p, get(&args), "asking", NULL) || !args.text) return g_strdup("unknown");
    char *text = g_strndup(args.text, MIN(args.length, 200));
    return g_strdelimit(text, "\n\r\t", ' ');
}

static void describe_unit(const fvi_pjrt *p, fvi_pjrt_unit *u) {
    pjrt_pair_args args = {.head = FVI_PJRT_HEAD(pjrt_pair_args), .object = u->device};
    u->kind = NULL;
    u->id = 0;
    if (fvi_pjrt_check(p, p->api->device_description(&args), "asking", NULL)) {
        u->kind = g_strdup("unknown");
        return;
    }
    pjrt_int_args id = {.head = FVI_PJRT_HEAD(pjrt_int_args), .object = args.result};
    if (!fvi_pjrt_check(p, p->api->description_id(&id), "asking", NULL)) u->id = id.value;
    u->kind = text_of(p, p->api->description_kind, args.result);
}

static fv_status find_devices(fvi_pjrt *p, fv_error *err) {
    pjrt_devices_args args = {.head = FVI_PJRT_HEAD(pjrt_devices_args), .client = p->client};
    fv_status st = fvi_pjrt_check(p, p->api->client_devices(&args), "listing devices", err);
    if (st) return st;
    if (!args.n_devices || args.n_devices > 4096)
        return fvi_fail(err, FV_BACKEND, "%s: it has %zu devices", p->path, args.n_devices);
    p->units = g_new0(fvi_pjrt_unit, args.n_devices);
    p->n_units = (int)args.n_devices;
    for (int i = 0; i < p->n_units; i++) {
        p->units[i].device = args.devices[i];
        describe_unit(p, &p->units[i]);
    }
    p->platform = text_of(p, p->api->client_platform, p->client);
    char *own = text_of(p, p->api->client_version, p->client);
    p->version =
        g_strdup_printf("PJRT %d.%d, %s", p->api->version.major, p->api->version.minor, own);
    g_free(own);
    return FV_OK;
}

static void close_client(fvi_pjrt *p) {
    for (int i = 0; i < p->n_units; i++) g_free((char *)p->units[i].kind);
    g_clear_pointer(&p->units, g_free);
    g_clear_pointer(&p->platform, g_free);
    g_clear_pointer(&p->version, g_free);
    p->n_units = 0;
    fvi_pjrt_destroy(p, p->api->client_destroy, p->client);
    p->client = NULL;
}

/* A device's memory is taken as it is needed, not beforehand: other programs use it too. */
static fv_status open_client(fvi_pjrt *p, fv_error *err) {
    const pjrt_option as_needed = {.head = FVI_PJRT_HEAD(pjrt_option),
                                   .name = "preallocate",
                                   .name_length = strlen("preallocate"),
                                   .type = PJRT_BOOL,
                                   .value_length = 1};
    pjrt_client_create_args args = {.head = FVI_PJRT_HEAD(pjrt_client_create_args)};
    if (strstr(p->path, "cuda") || strstr(p->path, "rocm")) {
        args.options = &as_needed;
        args.n_options = 1;
    }
    fv_status st = fvi_pjrt_check(p, p->api->client_create(&args), "opening", err);
    if (st) return st;
    p->client = args.client;
    st = find_devices(p, err);
    if (st) close_client(p);
    return st;
}

static fv_status add(const char *path, fvi_pjrt **out, fv_error *err) {
    const pjrt_api *api = NULL;
    fv_status st = load(path, &api, err);
    if (st) return st;
    fvi_pjrt *p = g_new0(fvi_pjrt, 1);
    p->path = g_strdup(path);
    p->api = api;
    p->traffic = g_new0(fvi_pjrt_traffic, 1);
    pjrt_head args = FVI_PJRT_HEAD(pjrt_head);
    st = fvi_pjrt_check(p, api->plugin_initialize(&args), "starting", err);
    if (st) {
        g_free(p->traffic);
        g_free(p->path);
        g_free(p);
        return st;
    }
    p->next = plugins;
    *out = plugins = p;
    return FV_OK;
}

fv_status fvi_pjrt_acquire(const char *path, fvi_pjrt **out, fv_error *err) {
    g_mutex_lock(&lock);
    fvi_pjrt *p = plugins;
    while (p && strcmp(p->path, path) != 0) p = p->next;
    fv_status st = p ? FV_OK : add(path, &p, err);
    if (!st && !p->client) st = open_client(p, err);
    if (!st) {
        p->users++;
        *out = p;
    }
    g_mutex_unlock(&lock);
    return st;
}

void fvi_pjrt_release(fvi_pjrt *p) {
    if (!p) return;
    g_mutex_lock(&lock);
    if (!--p->users) close_client(p);
    g_mutex_unlock(&lock);
}

/* ---- what it says --------------------------------------------------------------------------- */

const char *fvi_pjrt_path(const fvi_pjrt *p) { return p->path; }
const char *fvi_pjrt_platform(const fvi_pjrt *p) { return p->platform; }
int fvi_pjrt_is_accelerator(const fvi_pjrt *p) {
    return g_ascii_strcasecmp(p->platform, "cpu") != 0;
}

const char *fvi_pjrt_version(const fvi_pjrt *p) { return p->version; }
int fvi_pjrt_device_count(const fvi_pjrt *p) { return p->n_units; }
const char *fvi_pjrt_device_kind(const fvi_pjrt *p, int device) { return p->units[device].kind; }

void fvi_pjrt_device_memory(const fvi_pjrt *p, int device, size_t *in_use, size_t *limit) {
    pjrt_memory_args args = {.head = FVI_PJRT_HEAD(pjrt_memory_args),
                             .device = p->units[device].device};
    *in_use = *limit = 0;
    if (fvi_pjrt_check(p, p->api->device_memory(&args), "asking", NULL)) return;
    if (args.in_use > 0) *in_use = (size_t)args.in_use;
    if (args.limit.is_set && args.limit.value > 0) *limit = (size_t)args.limit.value;
}

void fvi_pjrt_copied(const fvi_pjrt *p, size_t *to, size_t *from) {
    *to = atomic_load(&p->traffic->to);
    *from = atomic_load(&p->traffic->from);
}
