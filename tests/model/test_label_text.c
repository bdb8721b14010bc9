/* SPDX-License-Identifier: Apache-2.0 */
/* Class names in the notations of Python, JSON and plain lines; and texts that are none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <glib.h>
#include <string.h>

#include "fovea/core.h"
#include "model/label_text.h"

/* The names with | between. */
static char *joined(const fvi_labels *l) {
    GString *s = g_string_new(NULL);
    for (int i = 0; i < l->count; i++) g_string_append_printf(s, "%s%s", i ? "|" : "", l->name[i]);
    return g_string_free(s, FALSE);
}

/* What str(), repr() and json.dumps of Python 3.11 and NumPy 2 print, and what people type. */
static void reads_notations(void **state) {
    (void)state;
    static const struct {
        const char *text, *names;
    } c[] = {
        {"{0: 'person', 1: 'bicycle'}", "person|bicycle"},
        {"{0: 'a: b', 1: \"dog's\", 2: 'x, {y}', }", "a: b|dog's|x, {y}"},
        {"{\"0\": \"person\", \"1\": \"caf\\u00e9\"}", "person|caf\xc3\xa9"},
        {"{'0': 'a', '1': 'b'}", "a|b"},
        {"{1: 'b', 0: 'a'}", "a|b"},
        {"{1: 'a', 2: 'b'}", "|a|b"},
        {"{0: 'a', 3: 'd'}", "a|||d"},
        {"{0: 'a', 0: 'b'}", "b"},
        {"{'hen': 0, 'jay': 1}", "hen|jay"},
        {"{\"hen\": 1, \"jay\": 0}", "jay|hen"},
        {"{0: 0, 1: 1}", "0|1"},
        {"{0: 7, 1: 3.5}", "7|3.5"},
        {"{0: person, 1: traffic light, 2: it's}", "person|traffic light|it's"},
        {"{0: None, 1: 'a'}", "|a"},
        {"['a', \"b\", u'c', r'd\\n']", "a|b|c|d\\n"},
        {"[\"a\", null, \"c\\/d\"]", "a||c/d"},
        {"('a', 'b',)", "a|b"},
        {"[cat, dog,hen]", "cat|dog|hen"},
        {" [ 'a' ,\n 'b' ] \n", "a|b"},
        {"{0: 'caf\\xe9', 1: 'caf\\u00e9', 2: '\\U0001f600', 3: '\\ud83d\\ude00', 4: '\\351'}",
         "caf\xc3\xa9|caf\xc3\xa9|\xf0\x9f\x98\x80|\xf0\x9f\x98\x80|\xc3\xa9"},
        {"{0: b'caf\\xc3\\xa9', 1: '\\d\\'\\\\', 2: '\\ud83d', 3: 'a\\x00b', 4: '\\xg'}",
         "caf\xc3\xa9|\\d'\\|\xef\xbf\xbd|a b|\\xg"},
        {"{0: np.str_('a'), 1: str_(\"b\")}", "a|b"},
        {"cat\ndog\n\n", "cat|dog"},
        {"0 cat\n1 great dane\n", "cat|great dane"},
        {"0: cat\n1: dog\n", "cat|dog"},
        {"- cat\n- dog\n", "cat|dog"},
        {"0\n1\n2\n", "0|1|2"},
        {"3 d\n1 x\n", "3 d|1 x"},
        {"2 hen\n0: cat\n1 dog\n", "cat|dog|hen"}, /* ordered by its numbers */
        {"2 hen\n1 cat\n", "cat|hen"},
        {"1 cat\n1 hen\n", "1 cat|1 hen"},
        {"1 cat\n2\n", "1 cat|2"},
        {"cat, dog,hen", "cat|dog|hen"},
        {"cat", "cat"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(c); i++) {
        fvi_labels *l = NULL;
        fv_error err = {0};
        if (fvi_labels_from_notation(c[i].text, &l, &err)) fail_msg("%s: %s", c[i].text, err.text);
        char *names = joined(l);
        if (strcmp(names, c[i].names) != 0)
            fail_msg("%s: \"%s\" is not \"%s\"", c[i].text, names, c[i].names);
        g_free(names);
        fvi_labels_free(l);
    }
}

static void refuses_what_it_cannot_read(void **state) {
    (void)state;
    static const struct {
        const char *text, *why;
    } c[] = {
        {"", "no class names"},
        {"  \n", "no class names"},
        {"{}", "no class names"},
        {"[]", "no class names"},
        {"{0: 'a'", "\",\" or \"}\" expected at its end"},
        {"{0: 'a", "a closing ' expected at its end"},
        {"{0: 'a' 1: 'b'}", "\",\" or \"}\" expected at byte 8, before \"1: 'b'}\""},
        {"{0: 'a'} x", "the end expected at byte 9"},
        {"{0: {'name': 'a'}}", "a name expected at byte 4, before \"{'name': 'a'}}\""},
        {"[['a'], ['b']]", "a name expected at byte 1"},
        {"[(0, 'a')]", "a name expected at byte 1"},
        {"{0}", "\":\" expected at byte 2"},
        {"{0: }", "a name expected at byte 4"},
        {"{: 'a'}", "a key expected at byte 1"},
        {"{-1: 'a', 0: 'b'}", "key \"-1\" is no class's number, 0 to 999999"},
        {"{1000000: 'a'}", "key \"1000000\""},
        {"{99999999999999999999999: 'a'}", "key \"99999999999999999999999\""},
        {"{0.5: 'a'}", "key \"0.5\""},
        {"{'a': 'b'}", "key \"a\""},
        {"{0: np.str_('a'}", "\")\" expected at byte 15"},
        {"[1, ,2]", "a name expected at byte 4"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(c); i++) {
        fvi_labels *l = NULL;
        fv_error err = {0};
        fv_status st = fvi_labels_from_notation(c[i].text, &l, &err);
        if (st != FV_FORMAT || !strstr(err.text, c[i].why))
            fail_msg("%s: status %d, \"%s\" (wanted \"%s\")", c[i].text, st, err.text, c[i].why);
        assert_null(l);
    }
}

static void describes(void **state) {
    (void)state;
    fvi_labels *l = NULL;
    assert_int_equal(fvi_labels_from_notation("['n1', 'n2', 'n3']", &l, NULL), FV_OK);
    assert_int_equal(fvi_labels_describe(l, "{\"n2\": \"hen\", \"n1\": \"jay\"}", NULL), FV_OK);
    char *names = joined(l);
    assert_string_equal(names, "jay|hen|n3");
    g_free(names);
    fv_error err = {0};
    assert_int_equal(fvi_labels_describe(l, "['a']", &err), FV_FORMAT);
    assert_string_equal(err.text, "a list where a dictionary was expected");
    assert_string_equal(l->name[0], "jay");
    fvi_labels_free(l);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_notations),
        cmocka_unit_test(refuses_what_it_cannot_read),
        cmocka_unit_test(describes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
