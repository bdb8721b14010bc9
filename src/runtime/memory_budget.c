/* SPDX-License-Identifier: Apache-2.0 */
/* budget: what work with a model takes of this process's memory, as near as it can be known.
 *
 * Held are: the program itself and its libraries with the code oneDNN makes (PROGRAM, measured),
 * the file where it was read whole, weights rearranged and, of mapped files, those used where they
 * lie, the arenas of plans, and what vis/ and view/ say they hold. Not counted: what the caller
 * itself holds, pictures being loaded and written (libvips works through them in strips), small
 * things. Before a plan is made it is counted (fvi_executable_count), so that what does not fit is
 * refused with a number before anything is touched; docs/performance.md says how near it comes.
 */
#include "runtime/memory_budget.h"

#include <glib.h>

#include "base/error.h"
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
    return PROGRAM + copied + MIN(in_file, mapped) + own + held;
}

int fvi_budget_fits(const fv_model *m, size_t more) {
    const size_t held = fvi_budget_held(m), most = limit(m);
    return held <= most && more <= most - held;
}

fv_status fvi_budget_refuse(const fv_model *m, size_t more, fv_error *err) {
    const size_t held = fvi_budget_held(m), all = more > SIZE_MAX - held ? SIZE_MAX : held + more;
    return fvi_fail(err, FV_NOMEM, "%s: this needs %zu MB of memory; allowed are %zu MB (memory)",
                    fvi_network_name(m->network), (all >> 20) + 1, limit(m) >> 20);
}
