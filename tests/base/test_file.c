/* SPDX-License-Identifier: Apache-2.0 */
/* Files: what is mapped, what is refused, and that a failed write leaves the old file. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "support/scratch.h"

/* Number of names in the folder: a temporary left behind would be one too many. */
static int names_in_folder(void) {
    GDir *dir = g_dir_open(folder, 0, NULL);
    int n = 0;
    while (g_dir_read_name(dir)) n++;
    g_dir_close(dir);
    return n;
}

static void check_content(const char *path, const char *expected) {
    char *text = NULL;
    assert_true(g_file_get_contents(path, &text, NULL, NULL));
    assert_string_equal(text, expected);
    g_free(text);
}

static fv_status write_text(const char *path, const char *text, fv_error *err) {
    size_t half = strlen(text) / 2;
    fvi_bytes_range parts[2] = {{text, half}, {text + half, strlen(text) - half}};
    return fvi_file_write(path, parts, 2, err);
}

static void test_write_and_map(void **state) {
    (void)state;
    fv_error err;
    char *path = in_folder("a");
    assert_int_equal(write_text(path, "first", &err), FV_OK);
    check_content(path, "first");
    assert_int_equal(write_text(path, "second", &err), FV_OK);
    assert_int_equal(names_in_folder(), 1);
    struct stat s;
    mode_t mask = umask(0);
    umask(mask);
    assert_int_equal(stat(path, &s), 0);
    assert_int_equal(s.st_mode & 0777, 0666 & ~mask);

    fvi_mapping m = {0};
    assert_int_equal(fvi_mapping_open(path, 6, &m, &err), FV_OK);
    assert_int_equal(m.size, 6);
    assert_memory_equal(m.bytes, "second", 6);
    fvi_mapping_close(&m);
    assert_null(m.bytes);
    fvi_mapping_close(&m);
    assert_int_equal(fvi_mapping_open(path, 5, &m, &err), FV_NOMEM);
    assert_non_null(strstr(err.text, "6 bytes"));
    assert_non_null(strstr(err.text, path));
    g_unlink(path);
    g_free(path);
}

static void test_empty_file(void **state) {
    (void)state;
    fv_error err;
    char *path = in_folder("empty");
    assert_int_equal(fvi_file_write(path, NULL, 0, &err), FV_OK);
    fvi_mapping m = {.bytes = (const uint8_t *)"x", .size = 1};
    assert_int_equal(fvi_mapping_open(path, 100, &m, &err), FV_OK);
    assert_null(m.bytes);
    assert_int_equal(m.size, 0);
    fvi_mapping_close(&m);
    g_unlink(path);
    g_free(path);
}

/* A file of up to 32 MiB is a copy, which does not change with the file; a larger one is mapped. */
static void test_cut_short_meanwhile(void **state) {
    (void)state;
    fv_error err;
    char *path = in_folder("shrinks");
    const struct {
        int64_t size;
        int copied;
    } cases[] = {{5000, 1}, {(int64_t)32 << 20, 1}, {((int64_t)32 << 20) + 1, 0}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(write_text(path, "first", &err), FV_OK);
        assert_int_equal(truncate(path, (off_t)cases[i].size), 0);
        fvi_mapping m = {0};
        assert_int_equal(fvi_mapping_open(path, INT64_MAX, &m, &err), FV_OK);
        assert_int_equal(m.size, cases[i].size);
        assert_int_equal(m.copy != NULL, cases[i].copied);
        assert_int_equal(m.handle != NULL, !cases[i].copied);
        assert_memory_equal(m.bytes, "first", 6);
        assert_int_equal(m.bytes[m.size - 1], 0);
        assert_int_equal(truncate(path, 0), 0);
        if (cases[i].copied) assert_memory_equal(m.bytes, "first", 6);
        fvi_mapping_close(&m);
    }
    g_unlink(path);
    g_free(path);
}

static void check_unmappable(const char *path, fv_status expected, const char *word) {
    fv_error err = {0};
    fvi_mapping m = {.bytes = (const uint8_t *)"x", .size = 1};
    assert_int_equal(fvi_mapping_open(path, 100, &m, &err), expected);
    assert_non_null(strstr(err.text, word));
    assert_int_equal(m.size, 1); /* untouched */
}

static void test_what_is_not_mapped(void **state) {
    (void)state;
    char *fifo = in_folder("fifo"), *missing = in_folder("missing");
    assert_int_equal(mkfifo(fifo, 0600), 0);
    check_unmappable(folder, FV_IO, "is a folder");
    check_unmappable(fifo, FV_IO, "device or a pipe"); /* and does not wait for a writer */
    check_unmappable("/dev/zero", FV_IO, "device or a pipe");
    check_unmappable(missing, FV_IO, missing);
    check_unmappable("", FV_ARG, "no file");
    check_unmappable(NULL, FV_ARG, "no file");
    g_unlink(fifo);
    g_free(fifo);
    g_free(missing);
}

/* A disk that is full, played by a limit on the size of files. */
static void test_failed_write_keeps_the_old_file(void **state) {
    (void)state;
    fv_error err;
    char *path = in_folder("kept"), *large = g_strnfill(100000, 'x');
    assert_int_equal(write_text(path, "old", &err), FV_OK);
    struct rlimit before, low;
    void (*handler)(int) = signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    low = before;
    low.rlim_cur = 5000;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &low), 0);
    fv_status st = write_text(path, large, &err);
    setrlimit(RLIMIT_FSIZE, &before);
    signal(SIGXFSZ, handler);
    assert_int_equal(st, FV_IO);
    assert_non_null(strstr(err.text, path));
    check_content(path, "old");
    assert_int_equal(names_in_folder(), 1);
    g_unlink(path);
    g_free(path);
    g_free(large);
}

static void test_unwritable_places(void **state) {
    (void)state;
    fv_error err;
    char *nowhere = in_folder("no/such/folder");
    assert_int_equal(write_text(nowhere, "x", &err), FV_IO);
    assert_int_equal(write_text(folder, "x", &err), FV_IO);
    assert_non_null(strstr(err.text, "is a folder"));
    assert_int_equal(write_text("", "x", &err), FV_ARG);
    assert_int_equal(names_in_folder(), 0);
    g_free(nowhere);
}

/* Own pipes stand for /dev/stdout, /dev/null and the like: were the code broken and the tests run
 * by root, the machine's own devices would be replaced by files. */
static void test_pipes_are_written_straight(void **state) {
    (void)state;
    fv_error err;
    struct stat s;
    char *fifo = in_folder("fifo"), got[8] = "";
    assert_int_equal(mkfifo(fifo, 0600), 0);
    int reader = open(fifo, O_RDONLY | O_NONBLOCK);
    assert_int_equal(write_text(fifo, "piped", &err), FV_OK);
    assert_int_equal(read(reader, got, sizeof got), 5);
    assert_string_equal(got, "piped");
    assert_int_equal(lstat(fifo, &s), 0);
    assert_true(S_ISFIFO(s.st_mode));
    assert_int_equal(names_in_folder(), 1);
    close(reader);
    g_unlink(fifo);
    g_free(fifo);
}

/* A descriptor by its name, and a write to it that fails: nobody reads the pipe any more. */
static void test_descriptors_by_name(void **state) {
    (void)state;
    fv_error err;
    int ends[2];
    char name[40], got[8] = "";
    assert_int_equal(pipe(ends), 0);
    snprintf(name, sizeof name, "/dev/fd/%d", ends[1]);
    assert_int_equal(write_text(name, "piped", &err), FV_OK);
    assert_int_equal(read(ends[0], got, sizeof got), 5);
    assert_string_equal(got, "piped");
    close(ends[0]);
    void (*handler)(int) = signal(SIGPIPE, SIG_IGN);
    assert_int_equal(write_text(name, "lost", &err), FV_IO);
    assert_non_null(strstr(err.text, name));
    signal(SIGPIPE, handler);
    close(ends[1]);
}

static void test_links_are_followed(void **state) {
    (void)state;
    fv_error err;
    struct stat s;
    char *path = in_folder("real"), *link = in_folder("link");
    assert_int_equal(write_text(path, "old", &err), FV_OK);
    assert_int_equal(symlink("real", link), 0);
    assert_int_equal(write_text(link, "new", &err), FV_OK);
    check_content(path, "new");
    assert_int_equal(lstat(link, &s), 0);
    assert_true(S_ISLNK(s.st_mode));
    g_unlink(link);
    g_unlink(path);
    g_free(path);
    g_free(link);
}

static void test_leftover_temporary_is_no_obstacle(void **state) {
    (void)state;
    fv_error err;
    char name[64];
    snprintf(name, sizeof name, ".fovea-%ld-0.tmp", (long)getpid());
    char *leftover = in_folder(name), *path = in_folder("a");
    assert_true(g_file_set_contents(leftover, "x", 1, NULL));
    assert_int_equal(write_text(path, "new", &err), FV_OK);
    check_content(path, "new");
    check_content(leftover, "x");
    g_unlink(leftover);
    g_unlink(path);
    g_free(leftover);
    g_free(path);
}

static void test_base_name(void **state) {
    (void)state;
    assert_string_equal(fvi_path_base("a/b/c.onnx"), "c.onnx");
    assert_string_equal(fvi_path_base("c.onnx"), "c.onnx");
    assert_string_equal(fvi_path_base("a/"), "");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_write_and_map),
        cmocka_unit_test(test_empty_file),
        cmocka_unit_test(test_cut_short_meanwhile),
        cmocka_unit_test(test_what_is_not_mapped),
        cmocka_unit_test(test_failed_write_keeps_the_old_file),
        cmocka_unit_test(test_unwritable_places),
        cmocka_unit_test(test_pipes_are_written_straight),
        cmocka_unit_test(test_descriptors_by_name),
        cmocka_unit_test(test_links_are_followed),
        cmocka_unit_test(test_leftover_temporary_is_no_obstacle),
        cmocka_unit_test(test_base_name),
    };
    return cmocka_run_group_tests(tests, folder_setup, folder_teardown);
}
