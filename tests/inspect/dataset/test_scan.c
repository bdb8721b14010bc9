/* SPDX-License-Identifier: Apache-2.0 */
/* Scans of a folder of photos: what ends them from another thread and what they then give, and what
 * their session keeps for the next one. */
#include "model/network/lower.h"
#include "runtime/session.h"
#include "support/interrupt.h"

#include "examples_help.h"

/* All values and positions of a scan, as text. */
static char *all_of(fv_examples *e) {
    GString *text = g_string_new(NULL);
    fv_example found[PHOTOS];
    for (int u = 0; u < fv_examples_unit_count(e); u++)
        for (int k = 0; k < 4; k++) {
            const int n =
                find_examples(e, u, k < 2 ? FV_SCORE_MAX : FV_SCORE_MEAN, k % 2, PHOTOS, found);
            for (int i = 0; i < n; i++)
                g_string_append_printf(text, "%d %s %a %d,%d\n", u,
                                       fv_examples_photo(e, found[i].photo), (double)found[i].value,
                                       found[i].y, found[i].x);
        }
    return g_string_free(text, FALSE);
}

/* A pass that another thread stops or cancels after any batch goes on from there, to the same
 * result bit by bit. A stopped one gives what it has. */
static void test_interrupted(void **state) {
    (void)state;
    static const char *const objectives[] = {"head/conv", "class:3"};
    fv_examples *e = scan_with(objectives, 2, NULL);
    char *whole = all_of(e);
    assert_int_equal(fv_examples_unfinished(e), 0);
    fv_examples_free(e);
    for (int k = 0; k < 6; k++) {
        const int at = k / 2 * 16, wish = k % 2 ? FV_MONITOR_STOP : FV_MONITOR_CANCEL;
        const int gives = wish == FV_MONITOR_STOP && at > 0;
        interrupt w;
        fv_error err = {0};
        const fv_examples_desc desc = {
            .struct_size = sizeof desc, .decoders = 3, .index = index_folder};
        remove_tree(index_folder);
        e = NULL;
        interrupt_begin(&w, session, wish, at);
        const fv_status st = scan_texts(model, session, objectives, 2, photos, &desc, &e, &err);
        interrupt_end(&w, session);
        assert_int_equal(st, gives ? FV_OK : FV_CANCELLED);
        assert_true(w.calls > 0 && w.last == at && w.total == PHOTOS && !w.falls);
        if (gives) {
            assert_int_equal(fv_examples_unfinished(e), 1);
            assert_int_equal(fv_examples_measured(e), at);
            assert_int_equal(fv_examples_photo_count(e), at);
        }
        assert_int_equal(e != NULL, gives);
        fv_examples_free(e);
        e = scan_with(objectives, 2, index_folder);
        assert_int_equal(fv_examples_measured(e), PHOTOS - at);
        char *again = all_of(e);
        assert_string_equal(again, whole);
        g_free(again);
        fv_examples_free(e);
    }
    g_free(whole);
}

/* A stop when all is measured finds nothing left to be stopped; one before anything is new gives
 * what the index knows. */
static void test_stopped_late(void **state) {
    (void)state;
    interrupt w;
    remove_tree(index_folder);
    interrupt_begin(&w, session, FV_MONITOR_STOP, PHOTOS);
    fv_examples *e = scan("head/conv", index_folder);
    assert_int_equal(w.last, PHOTOS);
    interrupt_end(&w, session);
    assert_int_equal(fv_examples_unfinished(e), 0);
    assert_int_equal(fv_examples_photo_count(e), PHOTOS);
    fv_examples_free(e);
    save_photo("new.png", 1000, SIDE, SIDE);
    interrupt_begin(&w, session, FV_MONITOR_STOP, 0);
    e = scan("head/conv", index_folder);
    interrupt_end(&w, session);
    assert_int_equal(fv_examples_unfinished(e), 1);
    assert_int_equal(fv_examples_measured(e), 0);
    assert_int_equal(fv_examples_photo_count(e), PHOTOS);
    fv_examples_free(e);
    remove_file("new.png");
}

/* The second scan of a session, and the second measurement, make no plan and lower nothing; they
 * run with the session's threads, and heed its monitor. */
static void test_one_session(void **state) {
    (void)state;
    fv_session *three = NULL, *keep = session;
    fv_tensor *x = input_of("01.png");
    interrupt w;
    double value = 0, again = 0;
    assert_int_equal(fv_session_new(model, FV_DESC(fv_session_desc, .threads = 3), &three, NULL),
                     FV_OK);
    session = three;
    fv_examples *e = scan("head/conv", NULL);
    assert_int_equal(fv_examples_measure(e, 2, 0, 0, x, &value, NULL), FV_OK);
    fv_examples_free(e);
    const int plans = fvi_session_plans_made(three);
    const int lowerings = fvi_network_lowerings(fvi_session_network(three));
    assert_int_equal(plans, 2); /* of a batch, and of one picture */
    interrupt_begin(&w, three, FV_MONITOR_GO, 0);
    e = scan("head/conv", NULL);
    assert_int_equal(w.threads, 3);
    assert_int_equal(fv_examples_measure(e, 2, 0, 0, x, &again, NULL), FV_OK);
    assert_int_equal(w.threads, 3);
    assert_true(value == again);
    assert_int_equal(fvi_session_plans_made(three), plans);
    assert_int_equal(fvi_network_lowerings(fvi_session_network(three)), lowerings);
    fv_monitor_stop(w.monitor);
    assert_int_equal(fv_examples_measure(e, 2, 0, 0, x, &again, NULL), FV_CANCELLED);
    interrupt_end(&w, three);
    fv_examples_free(e);
    session = keep;
    fv_session_free(three);
    fv_tensor_free(x);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_interrupted),
        cmocka_unit_test(test_stopped_late),
        cmocka_unit_test(test_one_session),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
