/* SPDX-License-Identifier: Apache-2.0 */
/* Misuse of examples.h: photos that excite units. */
#include "misuse.h"

static fv_examples *e;

static const fv_objective *unit[1], *none[2], *wrong[1], *mixed[1]; /* filled by setup */

static void test_scan(void **state) {
    (void)state;
#define SCAN(SESSION, WHAT, COUNT, FOLDER) \
    fv_examples_scan(SESSION, WHAT, COUNT, FOLDER, NULL, &o.examples, err)
    REFUSED(FV_ARG, "session must",
            fv_examples_scan(NULL, unit, 1, t.folder, NULL, &o.examples, err));
    REFUSED(FV_ARG, "objectives must",
            fv_examples_scan(t.session, NULL, 1, t.folder, NULL, &o.examples, err));
    REFUSED(FV_ARG, "folder must",
            fv_examples_scan(t.session, unit, 1, NULL, NULL, &o.examples, err));
    REFUSED(FV_ARG, "out must", fv_examples_scan(t.session, unit, 1, t.folder, NULL, NULL, err));
    REFUSED(FV_ARG, "at least 1", SCAN(t.session, unit, 0, t.folder));
    REFUSED(FV_ARG, "at least 1", SCAN(t.session, unit, -1, t.folder));
    REFUSED(FV_ARG, "objective 1", SCAN(t.session, none, 2, t.folder));
    REFUSED(FV_ARG, "tv", SCAN(t.session, mixed, 1, t.folder));
    REFUSED(FV_ARG, "another model", SCAN(t.session, wrong, 1, t.folder));
    REFUSED(FV_ARG, "folder", SCAN(t.session, unit, 1, ""));
    REFUSED(FV_IO, "nowhere", SCAN(t.session, unit, 1, misuse_path("nowhere")));
    REFUSED(FV_IO, "photo.png", SCAN(t.session, unit, 1, t.path));
    REFUSED(FV_SHAPE, "no picture", SCAN(t.vector_session, unit, 1, t.folder));
#define DESC(...)                                                                          \
    fv_examples_scan(t.session, unit, 1, t.folder, FV_DESC(fv_examples_desc, __VA_ARGS__), \
                     &o.examples, err)
    REFUSED(FV_ARG, "decoders is -1", DESC(.decoders = -1));
    REFUSED(FV_ARG, "decoders is 65", DESC(.decoders = 65));
    REFUSED(FV_ARG, "indices", DESC(.index = ""));
    REFUSED(FV_IO, "photo.png", DESC(.index = t.path));
    HARMLESS(fv_examples_free(NULL));

    REFUSED(FV_ARG, "model must", fv_examples_count_units(NULL, unit, 1, &o.count, err));
    REFUSED(FV_ARG, "objectives must", fv_examples_count_units(t.net, NULL, 1, &o.count, err));
    REFUSED(FV_ARG, "units must", fv_examples_count_units(t.net, unit, 1, NULL, err));
    REFUSED(FV_ARG, "at least 1", fv_examples_count_units(t.net, unit, 0, &o.count, err));
    REFUSED(FV_ARG, "at least 1", fv_examples_count_units(t.net, unit, -1, &o.count, err));
    REFUSED(FV_ARG, "objective 1", fv_examples_count_units(t.net, none, 2, &o.count, err));
    REFUSED(FV_ARG, "another model", fv_examples_count_units(t.net, wrong, 1, &o.count, err));
}

static void test_looking(void **state) {
    (void)state;
    GIVES(0, fv_examples_photo_count(NULL));
    GIVES(0, fv_examples_skipped_count(NULL));
    GIVES(0, fv_examples_measured(NULL));
    GIVES(0, fv_examples_unfinished(NULL));
    GIVES(0, fv_examples_unfinished(e));
    GIVES(0, fv_examples_unit_count(NULL));
    GIVES(NULL, fv_examples_photo(NULL, 0));
    GIVES(NULL, fv_examples_photo(e, -1));
    GIVES(NULL, fv_examples_photo(e, 1));
    GIVES(NULL, fv_examples_skipped(NULL, 0));
    GIVES(NULL, fv_examples_skipped(e, -1));
    GIVES(NULL, fv_examples_skipped(e, 0));
    GIVES(NULL, fv_examples_unit(NULL, 0));
    GIVES(NULL, fv_examples_unit(e, -1));
    GIVES(NULL, fv_examples_unit(e, 1));
    GIVES(-1, fv_examples_unit_class(NULL, 0));
    GIVES(-1, fv_examples_unit_class(e, -1));
    GIVES(-1, fv_examples_unit_class(e, 1));
}

static void test_finding(void **state) {
    (void)state;
    int zero = 0, negative = -1, eight = 8;
#define FIND(UNIT, BY, COUNT) fv_examples_find(e, UNIT, BY, 0, o.found, COUNT, err)
    REFUSED(FV_ARG, "examples must", fv_examples_find(NULL, 0, 0, 0, o.found, &eight, err));
    REFUSED(FV_ARG, "out must", fv_examples_find(e, 0, 0, 1, NULL, &eight, err));
    REFUSED(FV_ARG, "count must", fv_examples_find(e, 0, 0, 0, o.found, NULL, err));
    REFUSED(FV_ARG, "unit -1", FIND(-1, 0, &eight));
    REFUSED(FV_ARG, "unit 1", FIND(1, 0, &eight));
    REFUSED(FV_ARG, "by is -1", FIND(0, -1, &eight));
    REFUSED(FV_ARG, "by is 3", FIND(0, 3, &eight));
    REFUSED(FV_ARG, "0 are wanted", FIND(0, 0, &zero));
    REFUSED(FV_ARG, "-1 are wanted", FIND(0, 0, &negative));
    assert_true(zero == 0 && negative == -1 && eight == 8);
    WORKS(FIND(0, 0, &eight));
    assert_int_equal(eight, 1);

    REFUSED(FV_ARG, "examples must", fv_examples_values(NULL, 0, 0, 0, o.floats, err));
    REFUSED(FV_ARG, "out must", fv_examples_values(e, 0, 0, 0, NULL, err));
    REFUSED(FV_ARG, "unit -1", fv_examples_values(e, -1, 0, 0, o.floats, err));
    REFUSED(FV_ARG, "unit 1", fv_examples_values(e, 1, 0, 1, o.floats, err));
    REFUSED(FV_ARG, "by is 3", fv_examples_values(e, 0, 3, 0, o.floats, err));
    REFUSED(FV_ARG, "examples must", fv_examples_distribution(NULL, 0, 0, 0, &o.spread, err));
    REFUSED(FV_ARG, "out must", fv_examples_distribution(e, 0, 0, 0, NULL, err));
    REFUSED(FV_ARG, "unit -1", fv_examples_distribution(e, -1, 0, 0, &o.spread, err));
    REFUSED(FV_ARG, "unit 1", fv_examples_distribution(e, 1, 0, 1, &o.spread, err));
    REFUSED(FV_ARG, "by is 3", fv_examples_distribution(e, 0, 3, 0, &o.spread, err));

#define MEASURE(UNIT, BY, INPUT) fv_examples_measure(e, UNIT, BY, 0, INPUT, &o.value, err)
    REFUSED(FV_ARG, "examples must", fv_examples_measure(NULL, 0, 0, 0, t.input, &o.value, err));
    REFUSED(FV_ARG, "input must", fv_examples_measure(e, 0, 0, 0, NULL, &o.value, err));
    REFUSED(FV_ARG, "value must", fv_examples_measure(e, 0, 0, 1, t.input, NULL, err));
    REFUSED(FV_ARG, "unit -1", MEASURE(-1, 0, t.input));
    REFUSED(FV_ARG, "unit 1", MEASURE(1, 0, t.input));
    REFUSED(FV_ARG, "by is 3", MEASURE(0, 3, t.input));
    REFUSED(FV_SHAPE, "wants", MEASURE(0, 0, t.vector_input));
    REFUSED(FV_ARG, "data", MEASURE(0, 0, &no_numbers));
    WORKS(MEASURE(0, 0, t.input));
}

static void test_tile(void **state) {
    fv_example ex, bad;
    int n = 1;
    (void)state;
    WORKS(fv_examples_find(e, 0, 0, 0, &ex, &n, err));
#define TILE(EXAMPLE, VIEW, SIDE) fv_examples_tile(e, EXAMPLE, VIEW, SIDE, &o.image, err)
    REFUSED(FV_ARG, "examples must", fv_examples_tile(NULL, &ex, 0, 64, &o.image, err));
    REFUSED(FV_ARG, "example must", fv_examples_tile(e, NULL, 0, 64, &o.image, err));
    REFUSED(FV_ARG, "out must", fv_examples_tile(e, &ex, 0, 64, NULL, err));
    REFUSED(FV_ARG, "view is -1", TILE(&ex, -1, 64));
    REFUSED(FV_ARG, "view is 3", TILE(&ex, 3, 64));
    REFUSED(FV_ARG, "7 pixels", TILE(&ex, 0, 7));
    REFUSED(FV_ARG, "2147483647 pixels", TILE(&ex, 0, INT_MAX));
#define BAD(FIELD, VALUE, VIEW)  \
    bad = ex, bad.FIELD = VALUE; \
    REFUSED(FV_ARG, "examples", TILE(&bad, VIEW, 64))
    BAD(photo, -1, 0);
    BAD(photo, 1, 0);
    BAD(top, -1, FV_EXAMPLE_CROP);
    BAD(left, INT_MAX, FV_EXAMPLE_CROP);
    BAD(height, INT_MAX, FV_EXAMPLE_PHOTO);
    BAD(width, 0, FV_EXAMPLE_PHOTO);
    ex.whole = 1;
    BAD(center_top, INT_MIN, FV_EXAMPLE_PHOTO);
    BAD(center_left, INT_MAX, FV_EXAMPLE_PHOTO);
    BAD(center_height, INT_MAX, FV_EXAMPLE_PHOTO);
    BAD(center_width, -1, FV_EXAMPLE_PHOTO);
    bad = (fv_example){0};
    REFUSED(FV_ARG, "0x0", TILE(&bad, 0, 64));
}

static void test_sheet(void **state) {
    (void)state;
    REFUSED(FV_ARG, "examples must", fv_examples_contact_sheet(NULL, 0, NULL, &o.image, err));
    REFUSED(FV_ARG, "out must", fv_examples_contact_sheet(e, 0, NULL, NULL, err));
    REFUSED(FV_ARG, "unit -1", fv_examples_contact_sheet(e, -1, NULL, &o.image, err));
    REFUSED(FV_ARG, "unit 1", fv_examples_contact_sheet(e, 1, NULL, &o.image, err));
#define SHEET(...) \
    fv_examples_contact_sheet(e, 0, FV_DESC(fv_contact_sheet_desc, __VA_ARGS__), &o.image, err)
    REFUSED(FV_ARG, "by is -1", SHEET(.by = -1));
    REFUSED(FV_ARG, "by is 3", SHEET(.by = 3));
    REFUSED(FV_ARG, "-1 highest", SHEET(.top = -1));
    REFUSED(FV_ARG, "2147483647 highest", SHEET(.top = INT_MAX));
    REFUSED(FV_ARG, "-1 lowest", SHEET(.bottom = -1));
    REFUSED(FV_ARG, "2147483647 lowest", SHEET(.bottom = INT_MAX));
    REFUSED(FV_ARG, "view is -1", SHEET(.view = -1));
    REFUSED(FV_ARG, "view is 3", SHEET(.view = 3));
    REFUSED(FV_ARG, "tile of -1", SHEET(.tile = -1));
    REFUSED(FV_ARG, "tile of 2147483647", SHEET(.tile = INT_MAX));
    REFUSED(FV_ARG, "-1 columns", SHEET(.columns = -1));
    WORKS(SHEET(.top = 1, .columns = INT_MAX));
    fv_image_free(o.image);

#define BESIDE(UNIT, LOW, HIGH, DESC) fv_examples_strip(e, UNIT, LOW, HIGH, DESC, &o.image, err)
    REFUSED(FV_ARG, "examples must", fv_examples_strip(NULL, 0, NULL, NULL, NULL, &o.image, err));
    REFUSED(FV_ARG, "out must", fv_examples_strip(e, 0, NULL, NULL, NULL, NULL, err));
    REFUSED(FV_ARG, "unit -1", BESIDE(-1, NULL, NULL, NULL));
    REFUSED(FV_ARG, "unit 1", BESIDE(1, NULL, NULL, NULL));
    REFUSED(FV_ARG, "low", BESIDE(0, &no_data, NULL, NULL));
    REFUSED(FV_ARG, "high", BESIDE(0, NULL, &no_image, NULL));
    const fv_contact_sheet_desc small = {.struct_size = sizeof small, .tile = 31},
                                large = {.struct_size = sizeof large, .tile = INT_MAX};
    REFUSED(FV_ARG, "31 pixels", BESIDE(0, NULL, NULL, &small));
    REFUSED(FV_ARG, "2147483647 pixels", BESIDE(0, NULL, NULL, &large));
    WORKS(BESIDE(0, t.photo, NULL, NULL));
    fv_image_free(o.image);
}

static int setup(void **state) {
    const fv_examples_desc one = {.struct_size = sizeof one, .decoders = 1};
    const int st = misuse_setup(state);
    unit[0] = none[0] = t.unit;
    wrong[0] = t.dense;
    mixed[0] = t.mixed;
    if (!st) WORKS(fv_examples_scan(t.session, unit, 1, t.folder, &one, &e, err));
    return st;
}

static int teardown(void **state) {
    fv_examples_free(e);
    return misuse_teardown(state);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_scan), cmocka_unit_test(test_looking), cmocka_unit_test(test_finding),
        cmocka_unit_test(test_tile), cmocka_unit_test(test_sheet),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
