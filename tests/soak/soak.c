/* SPDX-License-Identifier: Apache-2.0 */
/* Soak: a process that uses the library for a long time must not grow.
 *
 *   soak MINUTES NETWORK...
 *
 * A round takes each network through everything the public header has (soak_work.c), failures
 * mixed in (soak_fail.c), and frees all of it. At the end of a round, when nothing is held, the
 * process's resident memory and its open files are counted. The first rounds warm up (caches of
 * the libraries, the allocator's own reserves): at least two rounds and a fifth of the time. After
 * that the memory must stay within 2 % (of runs of five minutes and more), the number of open files
 * must not change, and every call must come to what it came to in the first round. Exit 0 if so, 1
 * if not, 2 usage.
 *
 * malloc is held to one arena: what several keep in reserve grows for a long time, by which thread
 * happens to ask for much when, and would hide what we lose. For the same reason ./bootstrap soak
 * sets oneDNN's cache of primitives to nothing.
 *
 * What it does not do: look for leaks of a few bytes (the sanitizers' build does), or measure time.
 */
#include "soak.h"

#include <dirent.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define TOLERANCE 0.02
enum { WARM_ROUNDS = 2, WARM_SHARE = 5, JUDGED_MINUTES = 5, MINUTES_MAX = 100000 };

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Resident memory in MB; 0 where the system does not tell. Free memory that malloc keeps for itself
 * is given back first: how much it keeps depends on which thread freed what when. */
static double resident_mb(void) {
    long pages = 0;
#ifdef __GLIBC__
    malloc_trim(0);
#endif
    FILE *f = fopen("/proc/self/statm", "r");
    if (f && fscanf(f, "%*s %ld", &pages) != 1) pages = 0;
    if (f) fclose(f);
    return (double)pages * (double)sysconf(_SC_PAGESIZE) / (1 << 20);
}

/* MB that malloc has given out and not got back; 0 where it does not tell. */
static double held_mb(void) {
#ifdef __GLIBC__
    const struct mallinfo2 m = mallinfo2();
    return (double)(m.uordblks + m.hblkhd) / (1 << 20);
#else
    return 0;
#endif
}

static int open_files(void) {
    int n = 0;
    DIR *d = opendir("/proc/self/fd");
    while (d && readdir(d)) n++;
    if (d) closedir(d);
    return n - 3; /* ".", "..", and the folder itself */
}

typedef struct clock_state {
    double start, said; /* seconds; of the last line, since the start */
} clock_state;

/* What was measured at the ends of the rounds after warming up. */
typedef struct measured {
    int rounds, files_least, files_most;
    double least_mb, most_mb;
} measured;

static void measure(measured *m, double mb, int files) {
    if (!m->rounds || mb < m->least_mb) m->least_mb = mb;
    if (!m->rounds || mb > m->most_mb) m->most_mb = mb;
    if (!m->rounds || files < m->files_least) m->files_least = files;
    if (!m->rounds || files > m->files_most) m->files_most = files;
    m->rounds++;
}

/* Prints a line, at most one a minute. */
static void say(const soak_log *log, clock_state *c, int last) {
    const double t = now() - c->start;
    if (t - c->said < 60 && !last) return;
    printf("minute %6.1f  round %4d  resident %7.1f MB  held by malloc %6.2f MB  files %2d  calls "
           "of the round %d, refused %d\n",
           t / 60, log->round, resident_mb(), held_mb(), open_files(), log->done, log->refused);
    fflush(stdout);
    c->said = t;
}

static void round_of(soak *s, clock_state *c, char *const *paths, int n) {
    s->log->at = s->log->done = s->log->refused = 0;
    for (int i = 0; i < n; i++) {
        s->path = paths[i];
        soak_run(s);
        soak_fail(s);
        say(s->log, c, 0);
    }
    s->log->round++;
}

/* Whether the memory says anything: not of a few rounds, and not where a sanitizer keeps what is
 * freed. */
static int memory_counts(double seconds) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    (void)seconds;
    return 0;
#else
    return seconds >= 60 * JUDGED_MINUTES;
#endif
}

static int verdict(const measured *m, const soak_log *log, double seconds) {
    const double growth = m->most_mb / m->least_mb - 1;
    const int counts = memory_counts(seconds), flat = !counts || growth <= TOLERANCE;
    const int files = m->files_least == m->files_most;
    printf("soak: %d rounds after warming up: resident %.1f..%.1f MB (%.2f %%, %s), open files "
           "%d..%d, calls that changed %d\n",
           m->rounds, m->least_mb, m->most_mb, 100 * growth,
           counts ? "allowed 2 %" : "too short to be judged", m->files_least, m->files_most,
           log->changed);
    if (log->changed) printf("soak: the first that changed: %s\n", log->first_changed);
    printf("soak: %s\n", flat && files && !log->changed ? "passed" : "FAILED");
    return !(flat && files && !log->changed);
}

static int run(soak *s, double seconds, char *const *paths, int n) {
    measured m = {0};
    clock_state c = {.start = now(), .said = -60};
    while (now() - c.start < seconds || m.rounds < 2) {
        round_of(s, &c, paths, n);
        if (s->log->round > WARM_ROUNDS && (now() - c.start) * WARM_SHARE > seconds)
            measure(&m, resident_mb(), open_files());
    }
    say(s->log, &c, 1);
    return verdict(&m, s->log, seconds);
}

int main(int argc, char **argv) {
    char folder[] = "/tmp/fovea-soak-XXXXXX", remove[sizeof folder + 16], *end = NULL;
    const double minutes = argc > 2 ? strtod(argv[1], &end) : 0;
    if (argc < 3 || *end || !(minutes > 0) || minutes > MINUTES_MAX) {
        fprintf(stderr, "usage: soak MINUTES NETWORK...\n");
        return 2;
    }
#ifdef __GLIBC__
    mallopt(M_ARENA_MAX, 1);
#endif
    if (!mkdtemp(folder) || soak_make_photos(folder)) {
        fprintf(stderr, "soak: cannot write into %s\n", folder);
        return 1;
    }
    soak_log log = {0};
    soak s = {.folder = folder, .log = &log};
    printf("soak: %d networks, %g minutes, %s\n", argc - 2, minutes, fv_version_libraries());
    fflush(stdout);
    int failed = run(&s, 60 * minutes, argv + 2, argc - 2);
    snprintf(remove, sizeof remove, "rm -rf '%s'", folder);
    if (system(remove)) fprintf(stderr, "soak: cannot remove %s\n", folder);
    free(log.status);
    return failed;
}
