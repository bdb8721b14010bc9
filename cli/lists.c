/* SPDX-License-Identifier: Apache-2.0 */
/* Lists of indices, and shapes, as typed. Whether an index is there is the library's to say; here
 * they are only counted, so that a range cannot ask for memory without end.
 */
#include "lists.h"

#include <glib.h>
#include <string.h>

#include "numbers.h"
#include "report.h"

/* Adds "7" or "0-15".  returns  an exit code */
static int add_range(const cli_args *args, const char *option, const char *item, GArray *list) {
    char **ends = g_strsplit(item, "-", 2);
    int64_t first = 0, last = 0;
    int code = CLI_DONE;
    if (!ends[0] || cli_parse_int(ends[0], 0, G_MAXINT32, &first) ||
        cli_parse_int(ends[1] ? ends[1] : ends[0], 0, G_MAXINT32, &last))
        code = cli_usage(args->command, "--%s: '%s' is no number and no range like 0-15", option,
                         item);
    else if (last < first)
        code = cli_usage(args->command, "--%s: the range %s runs backwards", option, item);
    else if (last - first >= CLI_LIST_MAX - (int64_t)list->len)
        code = cli_usage(args->command, "--%s: more than %d numbers", option, CLI_LIST_MAX);
    for (int64_t v = first; !code && v <= last; v++) {
        const int index = (int)v;
        g_array_append_val(list, index);
    }
    g_strfreev(ends);
    return code;
}

int cli_list_parse(const cli_args *args, const char *option, const char *text, int **out, int *n) {
    int code = CLI_DONE;
    if (!text || !strcmp(text, "all")) return CLI_DONE;
    GArray *list = g_array_new(FALSE, FALSE, sizeof(int));
    char **items = g_strsplit(*text ? text : ",", ",", -1); /* '' is one empty item */
    for (char **item = items; *item && !code; item++) code = add_range(args, option, *item, list);
    g_strfreev(items);
    if (!code) *n = (int)list->len;
    int *numbers = (int *)(void *)g_array_free(list, code != CLI_DONE);
    if (!code) *out = numbers;
    return code;
}

int cli_sizes_parse(const char *text, int64_t size[3]) {
    char **words = g_strsplit(text, "x", -1);
    const guint n = g_strv_length(words);
    int bad = n < 2 || n > 3;
    size[0] = 1;
    for (guint i = 0; i < n && !bad; i++)
        bad = cli_parse_int(words[i], 1, CLI_SIDE_MAX, &size[3 - n + i]);
    g_strfreev(words);
    return bad ? -1 : 0;
}

int cli_shape_parse(const char *text, int shape[3], int *channels_last) {
    int64_t size[3];
    if (cli_sizes_parse(text, size)) return -1;
    const int first = size[0] == 1 || size[0] == 3 || size[0] == 4;
    const int last = size[2] == 1 || size[2] == 3 || size[2] == 4;
    *channels_last = last && !first; /* of two numbers, [0] is 1 */
    for (int i = 0; i < 3; i++) shape[i] = (int)size[*channels_last ? (i + 2) % 3 : i];
    return 0;
}
