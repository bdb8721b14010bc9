/* SPDX-License-Identifier: Apache-2.0 */
/* call: what a plug-in says of a call, and waiting for what it has begun. */
#include "backend/stablehlo/pjrt/call.h"

#include <glib.h>

#include "base/error.h"

static void destroy_error(const fvi_pjrt *p, pjrt_error *error) {
    pjrt_object_args args = {.head = FVI_PJRT_HEAD(pjrt_object_args), .object = error};
    p->api->error_destroy(&args);
}

fv_status fvi_pjrt_check(const fvi_pjrt *p, pjrt_error *error, const char *what, fv_error *err) {
    if (!error) return FV_OK;
    pjrt_text_args message = {.head = FVI_PJRT_HEAD(pjrt_text_args), .object = error};
    pjrt_int_args code = {.head = FVI_PJRT_HEAD(pjrt_int_args), .object = error};
    p->api->error_message(&message);
    pjrt_error *unknown = p->api->error_code(&code);
    if (unknown) destroy_error(p, unknown);
    const int small = !unknown && code.value == PJRT_RESOURCE_EXHAUSTED;
    const int length = message.text ? (int)MIN(message.length, 400) : 0;
    const fv_status st = fvi_fail(err, small ? FV_NOMEM : FV_BACKEND, "%s: %s failed: %.*s",
                                  p->path, what, length, message.text ? message.text : "");
    destroy_error(p, error);
    return st;
}

void fvi_pjrt_destroy(const fvi_pjrt *p, pjrt_error *(*destroy)(pjrt_object_args *), void *object) {
    if (!object) return;
    pjrt_object_args args = {.head = FVI_PJRT_HEAD(pjrt_object_args), .object = object};
    (void)fvi_pjrt_check(p, destroy(&args), "closing", NULL);
}

fv_status fvi_pjrt_await(const fvi_pjrt *p, pjrt_event *event, const char *what, fv_error *err) {
    if (!event) return FV_OK;
    pjrt_object_args args = {.head = FVI_PJRT_HEAD(pjrt_object_args), .object = event};
    const fv_status st = fvi_pjrt_check(p, p->api->event_await(&args), what, err);
    fvi_pjrt_destroy(p, p->api->event_destroy, event);
    return st;
}
