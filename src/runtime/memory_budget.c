/* SPDX-License-Identifier: Apache-2.0 */
/* memory_budget: an estimate of the process's memory that work with a model uses.
 *
 * Counted are the program and its libraries with the code oneDNN generates (PROGRAM, measured), the
 * file if it was read into memory, converted weights and those used in place in a mapped file, the
 * arenas of plans, and what vis/ and inspect/ report. Not counted are the caller's own memory,
 * pictures while they are loaded and written (libvips processes them in strips), and small
 * allocations. A plan is counted before it is made (fvi_executable_count), so that one that does
 * not fit is refused with its size; docs/performance.md says how accurate this is.
 */
#include "runtime/memory_budget.h"

#include <glib.h>

#include "base/error.h"
#include "base/text.h"
#include "runtime/devices.h"
#include "runtime/model_state.h"

#define PROGRAM ((size_t)56 << 20) /* bytes */

struct fvi_budget {
    GMutex lock;
    int64_t held;
};

fvi_budget *fvi_budget_new(void) {
    fvi_budget *b = g_try_new0(fvi_budget, 1);
    if (b) g_mutex_init(&b->lock);
    return b;
}

void fvi_budget_free(fvi_budget *b) {
    if (!b) return;
    g_mutex_clear(&b->lock);
    g_free(b);
}

static size_t limit(const fv_model *m) {
    const int64_t budget = fvi_network_limits(m->network)->budget;
    return (uint64_t)budget > SIZE_MAX ? SIZE_MAX : (size_t)budget;
}

int fvi_budget_is_limited(const fv_model *m) {
    return fvi_network_limits(m->network)->budget < INT64_MAX;
}

void fvi_budget_hold(const fv_model *m, int64_t bytes) {
    g_mutex_lock(&m->budget->lock);
    m->budget->held += bytes;
    g_mutex_unlock(&m->budget->lock);
}

size_t fvi_budget_held(const fv_model *m) {
    size_t own, in_file, copied, mapped;
    fvi_device_bytes(m->device, &own, &in_file);
    fvi_network_file_bytes(m->network, &copied, &mapped);
    g_mutex_lock(&m->budget->lock);
    const size_t held = (size_t)m->budget->held;
    g_mutex_unlock(&m->budget->lock);
    own += fvi_model_devices_bytes(m->devices);
    return PROGRAM + copied + MIN(in_file, mapped) + own + held;
}

int fvi_budget_fits(const fv_model *m, size_t more) {
    const size_t held = fvi_budget_held(m), most = limit(m);
    return held <= most && more <= most - held;
}

fv_status fvi_budget_refuse(const fv_model *m, size_t more, fv_error *err) {
    const size_t held = fvi_budget_held(m), all = more > SIZE_MAX - held ? SIZE_MAX : held + more;
    char needed[FVI_MEMORY_TEXT_BYTES], most[FVI_MEMORY_TEXT_BYTES];
    return fvi_fail(err, FV_NOMEM, "%s: this needs %s of memory; allowed: %s (memory)",
                    fvi_network_name(m->network), fvi_memory_text(all, needed),
                    fvi_memory_text(limit(m), most));
}
