/* SPDX-License-Identifier: Apache-2.0 */
/* What a graph does to its own input is read behind nodes that move elements. */
#include "support/input_net.h"

#include <glib.h>

/* A node as "Op inputs outputs", then attributes "name=ints" or "name:int". */
static void add_node(builder *b, const char *text) {
    char **words = g_strsplit(text, " ", -1);
    Onnx__NodeProto *n = builder_node(b, fvi_pool_printf(builder_pool(b), "%s", words[0]),
                                      fvi_pool_printf(builder_pool(b), "%s", words[2]),
                                      fvi_pool_printf(builder_pool(b), "%s", words[1]),
                                      fvi_pool_printf(builder_pool(b), "%s", words[2]));
    for (char **w = words + 3; *w; w++) {
        char *value = strpbrk(*w, "=:");
        const int is_list = *value == '=';
        *value++ = 0;
        char *name = fvi_pool_printf(builder_pool(b), "%s", *w);
        char *text_of = fvi_pool_printf(builder_pool(b), "%s", value);
        if (is_list) builder_ints(b, n, name, text_of);
        if (!is_list) builder_int(b, n, name, atoi(text_of));
    }
    g_strfreev(words);
}

static const float bgr[3] = {103.939f, 116.779f, 123.68f};

/* Constants that the cases share. */
static void add_constants(builder *b) {
    float by_four[12], four_times[12], swap[9] = {0}, same[9] = {0}, mixed[9], ones[3] = {1, 1, 1};
    float none[4] = {bgr[0], bgr[1], bgr[2], 0}, white = 255, down[3];
    const float bounds[] = {-1, 0, 1, 6};
    for (int i = 0; i < 12; i++) by_four[i] = bgr[i / 4], four_times[i] = bgr[i % 3];
    for (int i = 0; i < 3; i++) swap[i * 3 + 2 - i] = same[i * 3 + i] = 1, down[i] = -bgr[i];
    for (int i = 0; i < 9; i++) mixed[i] = same[i] + 0.1f;
    builder_f32(b, "mean", "3,1,1", bgr);
    builder_f32(b, "mean1", "3,1", bgr);
    builder_f32(b, "last", "3", bgr);
    builder_f32(b, "down", "3", down);
    builder_f32(b, "r", "1", bgr);
    builder_f32(b, "g", "1", bgr + 1);
    builder_f32(b, "b", "1", bgr + 2);
    builder_f32(b, "by_four", "12,1,1", by_four);
    builder_f32(b, "four_times", "12,1,1", four_times);
    builder_f32(b, "padded", "4,1,1", none);
    builder_f32(b, "white", "1", &white);
    builder_f32(b, "minus", "", bounds);
    builder_f32(b, "zero", "", bounds + 1);
    builder_f32(b, "one", "", bounds + 2);
    builder_f32(b, "six", "", bounds + 3);
    builder_f32(b, "top", "", &white);
    builder_f32(b, "swap", "3,3,1,1", swap);
    builder_f32(b, "same", "3,3", same);
    builder_f32(b, "mixed", "3,3,1,1", mixed);
    builder_f32(b, "each", "3,1,1,1", ones);
    builder_f32(b, "twice", "4", (const float[]){1, 1, 2, 2});
    builder_i64(b, "first", "0");
    builder_i64(b, "turned", "2,1,0");
    builder_i64(b, "pads", "0,0,1,1,0,0,1,1");
    builder_i64(b, "channel", "0,0,0,0,0,1,0,0");
    builder_i64(b, "blocks", "1,3,4,2,4,2");
    builder_i64(b, "deep", "1,12,4,4");
    builder_i64(b, "rows", "64,3");
    builder_i64(b, "plane", "1,3,64");
    builder_i64(b, "picture", "1,3,8,8");
    builder_i64(b, "picture_last", "1,8,8,3");
}

typedef struct net_case {
    const char *nodes[8]; /* from x to y */
    double range;         /* that the file wants */
    int order;
    const char *source; /* of the range */
} net_case;

/* clang-format off */
static const net_case cases[] = {
    {{"MaxPool x u kernel_shape=2,2", "Sub u,mean y"}, 255, FV_BGR, "layer \"y\""},
    {{"AveragePool x u kernel_shape=2,2", "Sub u,mean y"}, 255, FV_BGR, "layer \"y\""},
    {{"Sub mean,x u", "MaxPool u y kernel_shape=3,3"}, 255, FV_BGR, "layer \"y\""},
    {{"Pad x,pads u", "Sub u,mean y"}, 255, FV_BGR, "layer \"y\""},
    {{"Resize x,,twice u", "Sub u,mean y"}, 255, FV_BGR, "layer \"y\""},
    {{"Unsqueeze x,first u", "Sub u,mean v", "Squeeze v,first y"}, 255, FV_BGR, "layer \"v\""},
    {{"Reshape x,plane u", "Sub u,mean1 v", "Reshape v,picture y"}, 255, FV_BGR, "layer \"v\""},
    {{"Transpose x t perm=0,2,3,1", "Reshape t,rows u", "Sub u,last v",
      "Reshape v,picture_last q", "Transpose q y perm=0,3,1,2"}, 255, FV_BGR, "layer \"v\""},
    {{"SpaceToDepth x u blocksize:2", "Sub u,four_times y"}, 255, FV_BGR, "layer \"y\""},
    {{"Sub x,mean u", "SpaceToDepth u y blocksize:2"}, 255, FV_BGR, "layer \"u\""},
    {{"Reshape x,blocks u", "Transpose u v perm=0,1,3,5,2,4", "Reshape v,deep q",
      "Sub q,by_four y"}, 255, FV_BGR, "layer \"y\""},
    {{"Split x i,j,k axis:1", "Sub i,r l", "Sub j,g m", "Sub k,b n", "Concat l,m,n y axis:1"},
     255, FV_BGR, "layer \"y\""},
    {{"Split x i,j,k axis:1", "Sub i,b l", "Sub j,g m", "Sub k,r n", "Concat n,m,l y axis:1"},
     255, FV_RGB, "layer \"y\""},
    {{"Gather x,turned u axis:1", "Sub u,mean y"}, 255, FV_RGB, "layer \"y\""},
    {{"Pad x,channel u", "Sub u,padded y"}, 255, FV_BGR, "layer \"y\""},
    {{"Conv x,swap,down y"}, 255, FV_RGB, "layer \"y\""},
    {{"Conv x,each,down y group:3"}, 255, FV_BGR, "layer \"y\""},
    {{"Transpose x t perm=0,2,3,1", "MatMul t,same u", "Sub u,last v",
      "Transpose v y perm=0,3,1,2"}, 255, FV_BGR, "layer \"v\""},
    {{"Mul x,white u", "Floor u v", "Sub v,mean y"}, 1, FV_BGR, "layer \"y\""},
    {{"Abs x side", "Sub x,mean y"}, 255, FV_BGR, "layer \"y\""}, /* another reader before */
    /* bounds to which pixels are clipped say what they are */
    {{"Clip x,zero,one y"}, 1, FV_RGB, "layer \"y\""},
    {{"Clip x,minus,one y"}, 255, FV_RGB, "layer \"y\""}, /* turned into -1..1 */
    {{"Clip x,zero,top y"}, 255, FV_RGB, "layer \"y\""},
    {{"Max x,zero u", "Min u,top y"}, 255, FV_RGB, "layer \"y\""},
    {{"Min x,one u", "Max zero,u y"}, 1, FV_RGB, "layer \"y\""},
    {{"Div x,white u", "Clip u,zero,one v", "Transpose v t perm=0,2,3,1",
      "Transpose t y perm=0,3,1,2"}, 255, FV_RGB, "layer \"v\""},
    {{"Sub top,x u", "Clip u,zero,top y"}, 255, FV_RGB, "layer \"y\""},
    {{"Clip x,zero,six y"}, 1, FV_RGB, "assumed"},
    {{"Clip x,zero y"}, 1, FV_RGB, "assumed"},
    {{"Sub x,mean u", "Clip u,zero,one y"}, 255, FV_BGR, "layer \"y\""}, /* another of each channel */
    /* what is no such map of each channel is not read */
    {{"Conv x,mixed,down u", "Sub u,mean y"}, 1, FV_RGB, "assumed"},
    {{"Sigmoid x u", "Sub u,mean y"}, 1, FV_RGB, "assumed"},
    {{"GlobalAveragePool x u", "Sub x,u y"}, 1, FV_RGB, "assumed"},
};
/* clang-format on */

static void is_read_behind_movements(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        builder *b = builder_new(13);
        builder_input(b, "x", FVI_F32, "1,3,8,8");
        add_constants(b);
        for (int k = 0; k < 8 && cases[i].nodes[k]; k++) add_node(b, cases[i].nodes[k]);
        const char *all = cases[i].nodes[0];
        const int deep = strstr(all, "Depth") || strstr(all, "blocks") ||
                         (cases[i].nodes[1] && strstr(cases[i].nodes[1], "Depth"));
        builder_f32(b, "w",
                    deep                     ? "4,12,1,1"
                    : strstr(all, "channel") ? "4,4,1,1"
                                             : "4,3,1,1",
                    NULL);
        add_node(b, "Conv y,w z");
        builder_output(b, "z");
        fvi_network *n = load(b, NULL);
        const fv_input *in = fvi_network_input(n);
        if (in->range != (float)cases[i].range || in->channel_order != cases[i].order ||
            strcmp(part_of(n, "range", 1), cases[i].source) != 0)
            fail_msg("case %zu (%s): range %g, order %d, of %s", i, all, (double)in->range,
                     in->channel_order, part_of(n, "range", 1));
        done(n, b);
    }
}

/* A grey picture of which the graph makes three channels. */
static void grey_becomes_three(void **state) {
    (void)state;
    static const char *const nodes[][2] = {{"Sub x,mean y", NULL},
                                           {"Concat x,x,x u axis:1", "Sub u,mean y"}};
    for (int i = 0; i < 2; i++) {
        builder *b = builder_new(13);
        builder_input(b, "x", FVI_F32, "1,1,8,8");
        add_constants(b);
        for (int k = 0; k < 2 && nodes[i][k]; k++) add_node(b, nodes[i][k]);
        builder_f32(b, "w", "4,3,3,3", NULL);
        add_node(b, "Conv y,w z");
        builder_output(b, "z");
        fvi_network *n = load(b, NULL);
        expect_near(fvi_network_input(n)->range, 255);
        expect_near(fvi_network_input(n)->mean[0], 0);
        done(n, b);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(is_read_behind_movements),
        cmocka_unit_test(grey_becomes_three),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
