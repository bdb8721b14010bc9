/* SPDX-License-Identifier: Apache-2.0 */
/* What GLib's locks do, told to ThreadSanitizer. GLib is not built with it: its mutexes are futexes
 * of its own, which the sanitizer does not see, so that it would take everything they guard for
 * unguarded. Instead of suppressing such reports, which would hide true ones, these functions stand
 * before GLib's own: they call them, and say what is acquired and released.
 * Only in the sanitizer's build; what it does not tell of (conditions, read-write locks) we do not
 * use.
 */
#define _GNU_SOURCE /* RTLD_NEXT */
#include <dlfcn.h>
#include <glib.h>
#include <sanitizer/tsan_interface.h>

#pragma GCC visibility push(default) /* GLib and the library are to find these first */

/* The function of that name that stands behind ours. */
static void *behind(const char *name) { return dlsym(RTLD_NEXT, name); }

void g_mutex_lock(GMutex *mutex) {
    void (*real)(GMutex *) = (void (*)(GMutex *))behind("g_mutex_lock");
    real(mutex);
    __tsan_acquire(mutex);
}

gboolean g_mutex_trylock(GMutex *mutex) {
    gboolean (*real)(GMutex *) = (gboolean(*)(GMutex *))behind("g_mutex_trylock");
    const gboolean got = real(mutex);
    if (got) __tsan_acquire(mutex);
    return got;
}

void g_mutex_unlock(GMutex *mutex) {
    void (*real)(GMutex *) = (void (*)(GMutex *))behind("g_mutex_unlock");
    __tsan_release(mutex);
    real(mutex);
}

/* The fast way of g_once_init_enter is a load in our own code, which acquires what is released
 * here. */
void(g_once_init_leave)(volatile void *location, gsize result) {
    void (*real)(volatile void *, gsize) =
        (void (*)(volatile void *, gsize))behind("g_once_init_leave");
    __tsan_release((void *)(guintptr)location);
    real(location, result);
}

gpointer g_once_impl(GOnce *once, GThreadFunc function, gpointer argument) {
    gpointer (*real)(GOnce *, GThreadFunc, gpointer) =
        (gpointer(*)(GOnce *, GThreadFunc, gpointer))behind("g_once_impl");
    const gpointer got = real(once, function, argument);
    __tsan_release(once);
    __tsan_acquire(once);
    return got;
}
