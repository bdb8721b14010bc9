/* SPDX-License-Identifier: Apache-2.0 */
/* Misuse of core.h: tensors, images, models, sessions. */
#include "misuse.h"

static void test_versions(void **state) {
    (void)state;
    assert_non_null(fv_version());
    assert_non_null(fv_version_libraries());
}

static void test_tensors(void **state) {
    const int64_t two[] = {2, 3}, negative[] = {2, -1}, huge[] = {INT64_MAX, INT64_MAX};
    (void)state;
    REFUSED(FV_ARG, "out must", fv_tensor_new(2, two, NULL, err));
    REFUSED(FV_ARG, "dim must", fv_tensor_new(2, NULL, &o.tensor, err));
    REFUSED(FV_ARG, "0..8", fv_tensor_new(-1, two, &o.tensor, err));
    REFUSED(FV_ARG, "0..8", fv_tensor_new(9, two, &o.tensor, err));
    REFUSED(FV_ARG, "-1", fv_tensor_new(2, negative, &o.tensor, err));
    REFUSED(FV_NOMEM, "elements", fv_tensor_new(2, huge, &o.tensor, err));
    WORKS(fv_tensor_new(0, NULL, &o.tensor, err));
    GIVES(1, fv_tensor_count(o.tensor));
    fv_tensor_free(o.tensor);

    REFUSED(FV_ARG, "path must", fv_tensor_load(NULL, &o.tensor, err));
    REFUSED(FV_ARG, "out must", fv_tensor_load(t.path, NULL, err));
    REFUSED(FV_ARG, "no file", fv_tensor_load("", &o.tensor, err));
    REFUSED(FV_IO, "nowhere.npy", fv_tensor_load(misuse_path("nowhere.npy"), &o.tensor, err));
    REFUSED(FV_IO, "folder", fv_tensor_load(t.folder, &o.tensor, err));
    REFUSED(FV_FORMAT, "not an NPY, NPZ, ", fv_tensor_load(t.path, &o.tensor, err));

    REFUSED(FV_ARG, "tensor must", fv_tensor_save(NULL, misuse_path("x.npy"), err));
    REFUSED(FV_ARG, "path must", fv_tensor_save(t.input, NULL, err));
    REFUSED(FV_ARG, "no file", fv_tensor_save(t.input, "", err));
    REFUSED(FV_ARG, "data", fv_tensor_save(&no_tensor, misuse_path("x.npy"), err));
    REFUSED(FV_ARG, "9 dimensions", fv_tensor_save(&nine_dims, misuse_path("x.npy"), err));
    REFUSED(FV_ARG, "at least 0", fv_tensor_save(&negative_dim, misuse_path("x.npy"), err));
    REFUSED(FV_ARG, "at most", fv_tensor_save(&huge_tensor, misuse_path("x.npy"), err));
    REFUSED(FV_ARG, "data", fv_tensor_save(&no_numbers, misuse_path("x.npy"), err));
    REFUSED(FV_IO, "nowhere", fv_tensor_save(t.input, misuse_path("nowhere/x.npy"), err));

    GIVES(0, fv_tensor_count(NULL));
    GIVES(0, fv_tensor_count(&nine_dims));
    GIVES(0, fv_tensor_count(&negative_dim));
    GIVES(0, fv_tensor_count(&huge_tensor));
    GIVES(3 * 32 * 32, fv_tensor_count(t.input));
    HARMLESS(fv_tensor_free(NULL));
}

static void test_devices(void **state) {
    const char *const places[] = {"/nowhere"};
    (void)state;
    REFUSED(FV_ARG, "out must", fv_devices_find(NULL, 0, NULL, err));
    REFUSED(FV_ARG, "places must", fv_devices_find(NULL, 1, &o.devices, err));
    REFUSED(FV_ARG, "-1 places", fv_devices_find(places, -1, &o.devices, err));
    WORKS(fv_devices_find(NULL, 0, &o.devices, err));
    GIVES(1, fv_devices_count(o.devices));
    GIVES(NULL, fv_devices_at(o.devices, -1));
    GIVES(NULL, fv_devices_at(o.devices, 1));
    GIVES(NULL, fv_devices_at(NULL, 0));
    GIVES(0, fv_devices_count(NULL));
    fv_devices_free(o.devices);
    HARMLESS(fv_devices_free(NULL));
}

static void test_images(void **state) {
    (void)state;
    REFUSED(FV_ARG, "out must", fv_image_new(3, 8, 8, NULL, err));
    REFUSED(FV_ARG, "1 to 4", fv_image_new(0, 8, 8, &o.image, err));
    REFUSED(FV_ARG, "1 to 4", fv_image_new(5, 8, 8, &o.image, err));
    REFUSED(FV_ARG, "height 0", fv_image_new(3, 0, 8, &o.image, err));
    REFUSED(FV_ARG, "width -8", fv_image_new(3, 8, -8, &o.image, err));
    REFUSED(FV_NOMEM, "pixels", fv_image_new(4, INT_MAX, INT_MAX, &o.image, err));

    REFUSED(FV_ARG, "path must", fv_image_load(NULL, &o.image, err));
    REFUSED(FV_ARG, "out must", fv_image_load(t.path, NULL, err));
    REFUSED(FV_ARG, "no file", fv_image_load("", &o.image, err));
    REFUSED(FV_IO, "nowhere.png", fv_image_load(misuse_path("nowhere.png"), &o.image, err));
    REFUSED(FV_ARG, "path must", fv_image_load_alpha(NULL, &o.image, err));
    REFUSED(FV_ARG, "out must", fv_image_load_alpha(t.path, NULL, err));

    REFUSED(FV_ARG, "image must", fv_image_save(NULL, misuse_path("x.png"), err));
    REFUSED(FV_ARG, "path must", fv_image_save(t.photo, NULL, err));
    REFUSED(FV_ARG, "no file", fv_image_save(t.photo, "", err));
    REFUSED(FV_ARG, ".png", fv_image_save(t.photo, misuse_path("x.bmp"), err));
    REFUSED(FV_ARG, ".png", fv_image_save(t.photo, misuse_path("png"), err));
    REFUSED(FV_ARG, "0 channels", fv_image_save(&no_image, misuse_path("x.png"), err));
    REFUSED(FV_ARG, "7 channels", fv_image_save(&seven_channels, misuse_path("x.png"), err));
    REFUSED(FV_ARG, "data", fv_image_save(&no_data, misuse_path("x.png"), err));
    REFUSED(FV_ARG, "pixels", fv_image_save(&huge_image, misuse_path("x.png"), err));
    REFUSED(FV_IO, "nowhere", fv_image_save(t.photo, misuse_path("nowhere/x.png"), err));

    REFUSED(FV_ARG, "image must", fv_image_encode(NULL, "png", &o.bytes, &o.size, err));
    REFUSED(FV_ARG, "format must", fv_image_encode(t.photo, NULL, &o.bytes, &o.size, err));
    REFUSED(FV_ARG, "bytes must", fv_image_encode(t.photo, "png", NULL, &o.size, err));
    REFUSED(FV_ARG, "size must", fv_image_encode(t.photo, "png", &o.bytes, NULL, err));
    REFUSED(FV_ARG, "format is \"bmp\"", fv_image_encode(t.photo, "bmp", &o.bytes, &o.size, err));
    REFUSED(FV_ARG, "format is \"\"", fv_image_encode(t.photo, "", &o.bytes, &o.size, err));
    REFUSED(FV_ARG, "data", fv_image_encode(&no_data, "png", &o.bytes, &o.size, err));
    WORKS(fv_image_encode(t.photo, "png", &o.bytes, &o.size, err));
    void *const png = o.bytes;
    const size_t png_size = o.size;
    REFUSED(FV_ARG, "bytes must", fv_image_load_memory(NULL, 8, &o.image, err));
    REFUSED(FV_ARG, "out must", fv_image_load_memory(png, png_size, NULL, err));
    REFUSED(FV_FORMAT, "is empty", fv_image_load_memory(png, 0, &o.image, err));
    REFUSED(FV_FORMAT, "damaged", fv_image_load_memory(png, png_size / 2, &o.image, err));
    REFUSED(FV_NOMEM, "bytes", fv_image_load_memory(png, SIZE_MAX, &o.image, err));
    WORKS(fv_image_load_memory(png, png_size, &o.image, err));
    fv_image_free(o.image);
    HARMLESS(fv_bytes_free(png));
    HARMLESS(fv_bytes_free(NULL));
    HARMLESS(fv_image_free(NULL));
}

static void test_texts(void **state) {
    (void)state;
    REFUSED(FV_ARG, "image must", fv_image_set_text(NULL, "key", "value", err));
    REFUSED(FV_ARG, "key must", fv_image_set_text(t.photo, NULL, "value", err));
    REFUSED(FV_ARG, "value must", fv_image_set_text(t.photo, "key", NULL, err));
    REFUSED(FV_ARG, "1..60", fv_image_set_text(t.photo, "", "value", err));
    REFUSED(FV_ARG, "1..60", fv_image_set_text(t.photo, "a key", "value", err));
    GIVES(NULL, fv_image_text(NULL, "key"));
    GIVES(NULL, fv_image_text(t.photo, NULL));
    GIVES(NULL, fv_image_text(t.photo, "key"));
}

static void test_parts(void **state) {
    (void)state;
    REFUSED(FV_ARG, "image must", fv_image_resize(NULL, 8, 8, &o.image, err));
    REFUSED(FV_ARG, "out must", fv_image_resize(t.photo, 8, 8, NULL, err));
    REFUSED(FV_ARG, "at least 1", fv_image_resize(t.photo, 0, 8, &o.image, err));
    REFUSED(FV_ARG, "at least 1", fv_image_resize(t.photo, 8, -1, &o.image, err));
    REFUSED(FV_NOMEM, "pixels", fv_image_resize(t.photo, INT_MAX, INT_MAX, &o.image, err));
    REFUSED(FV_ARG, "0 channels", fv_image_resize(&no_image, 8, 8, &o.image, err));
    REFUSED(FV_ARG, "data", fv_image_resize(&no_data, 8, 8, &o.image, err));
    REFUSED(FV_ARG, "pixels", fv_image_resize(&huge_image, 8, 8, &o.image, err));
    REFUSED(FV_ARG, "image must", fv_image_crop(NULL, 0, 0, 8, 8, &o.image, err));
    REFUSED(FV_ARG, "out must", fv_image_crop(t.photo, 0, 0, 8, 8, NULL, err));
    REFUSED(FV_ARG, "not inside", fv_image_crop(t.photo, -1, 0, 8, 8, &o.image, err));
    REFUSED(FV_ARG, "not inside", fv_image_crop(t.photo, 0, INT_MAX, 8, 8, &o.image, err));
    REFUSED(FV_ARG, "not inside", fv_image_crop(t.photo, 0, 0, 0, 8, &o.image, err));
    REFUSED(FV_ARG, "not inside", fv_image_crop(t.photo, 0, 0, 8, INT_MAX, &o.image, err));
    REFUSED(FV_ARG, "0 channels", fv_image_crop(&no_image, 0, 0, 1, 1, &o.image, err));
    REFUSED(FV_ARG, "7 channels", fv_image_crop(&seven_channels, 0, 0, 1, 1, &o.image, err));
    WORKS(fv_image_crop(t.photo, 0, 0, 8, 8, &o.image, err));
    fv_image_free(o.image);
}

#define TINY "tests/data/cli/tiny.onnx"

static void test_loading(void **state) {
    const float none[] = {NAN, NAN, NAN};
    (void)state;
    REFUSED(FV_ARG, "path must", fv_model_load(NULL, NULL, &o.model, err));
    REFUSED(FV_ARG, "out must", fv_model_load(TINY, NULL, NULL, err));
    REFUSED(FV_ARG, "no path", fv_model_load("", NULL, &o.model, err));
    REFUSED(FV_IO, "nowhere.onnx", fv_model_load(misuse_path("nowhere.onnx"), NULL, &o.model, err));
    REFUSED(FV_IO, "folder", fv_model_load(t.folder, NULL, &o.model, err));
    REFUSED(FV_FORMAT, "photo.png", fv_model_load(t.path, NULL, &o.model, err));
    REFUSED(FV_ARG, "bytes must", fv_model_load_memory(NULL, 8, "m", NULL, &o.model, err));
    REFUSED(FV_ARG, "out must", fv_model_load_memory("bytes", 5, "m", NULL, NULL, err));
    REFUSED(FV_FORMAT, "m", fv_model_load_memory("bytes", 5, "m", NULL, &o.model, err));
    REFUSED(FV_FORMAT, "model", fv_model_load_memory("bytes", 0, NULL, NULL, &o.model, err));
    const fv_model_desc *four = FV_DESC(fv_model_desc, .max_file_bytes = 4);
    REFUSED(FV_NOMEM, "m.onnx: has 5 bytes; at most 4",
            fv_model_load_memory("bytes", 5, "m.onnx", four, &o.model, err));
    REFUSED(FV_ARG, "struct_size", fv_model_load(TINY, &(fv_model_desc){.size = 8}, &o.model, err));
    const char *const names[] = {"a", NULL};
#define LOAD(...) fv_model_load(TINY, FV_DESC(fv_model_desc, __VA_ARGS__), &o.model, err)
    REFUSED(FV_ARG, "class_count is -1", LOAD(.class_names = names, .class_count = -1));
    REFUSED(FV_ARG, "class_count is 1000001", LOAD(.class_names = names, .class_count = 1000001));
    REFUSED(FV_ARG, "input_count is -1", LOAD(.input_count = -1));
    REFUSED(FV_ARG, "inputs is NULL", LOAD(.input_count = 2));
    REFUSED(FV_NOTFOUND, "no input \"nowhere\"", LOAD(.input = "nowhere"));
    REFUSED(FV_NOTFOUND, "no input \"\"", LOAD(.input = ""));
    const fv_named_tensor unnamed = {NULL, t.input}, odd = {"odd", t.input};
    REFUSED(FV_ARG, "inputs[0] has no name", LOAD(.input_count = 1, .inputs = &unnamed));
    REFUSED(FV_NOTFOUND, "no input \"odd\"", LOAD(.input_count = 1, .inputs = &odd));
    REFUSED(FV_ARG, "class name 1 is NULL", LOAD(.class_names = names, .class_count = 2));
    const char *const latin[] = {"a", "fris\xe9"};
    REFUSED(FV_ARG, "class name 1 is not UTF-8", LOAD(.class_names = latin, .class_count = 2));
    REFUSED(FV_ARG, "class_names is NULL", LOAD(.class_names = NULL, .class_count = 2));
    REFUSED(FV_ARG, "size is -1", LOAD(.size = -1));
    REFUSED(FV_ARG, "size is 32769", LOAD(.size = 32769));
    REFUSED(FV_ARG, "channel_order", LOAD(.channel_order = -1));
    REFUSED(FV_ARG, "channel_order", LOAD(.channel_order = 3));
    REFUSED(FV_ARG, "fit", LOAD(.fit = (fv_fit)-1));
    REFUSED(FV_ARG, "fit", LOAD(.fit = (fv_fit)4));
    REFUSED(FV_ARG, "crop_ratio", LOAD(.crop_ratio = -1));
    REFUSED(FV_ARG, "crop_ratio", LOAD(.crop_ratio = 1.5f));
    REFUSED(FV_ARG, "crop_ratio", LOAD(.crop_ratio = NAN));
    REFUSED(FV_ARG, "option pad_color: \"mauve\" is no colour", LOAD(.pad_color = "mauve"));
    REFUSED(FV_ARG, "option pad_color: \"\" is no colour", LOAD(.pad_color = ""));
    REFUSED(FV_ARG, "shape is -1x8x8", LOAD(.shape = {-1, 8, 8}));
    REFUSED(FV_ARG, "shape is 3x0x8", LOAD(.shape = {3, 0, 8}));
    REFUSED(FV_ARG, "shape is 3x8x32769", LOAD(.shape = {3, 8, 32769}));
    REFUSED(FV_ARG, "shape is 0x0x0", LOAD(.shape_channels_last = -1));
    REFUSED(FV_ARG, "channels_last is 2", LOAD(.shape = {3, 8, 8}, .shape_channels_last = 2));
    REFUSED(FV_ARG, "channels_last is -1", LOAD(.shape = {3, 8, 8}, .shape_channels_last = -1));
    REFUSED(FV_ARG, "one is allowed", LOAD(.shape = {3, 8, 8}, .size = 9));
    REFUSED(FV_ARG, "range", LOAD(.range = -1));
    REFUSED(FV_ARG, "range", LOAD(.range = INFINITY));
    REFUSED(FV_ARG, "range", LOAD(.range = NAN));
    REFUSED(FV_ARG, "mean", LOAD(.mean = none));
    REFUSED(FV_ARG, "scale", LOAD(.scale = none));
    REFUSED(FV_IO, "nowhere.txt", LOAD(.labels = misuse_path("nowhere.txt")));
    REFUSED(FV_ARG, "no file", LOAD(.labels = ""));
    REFUSED(FV_ARG, "max_file_bytes", LOAD(.max_file_bytes = -1));
    REFUSED(FV_NOMEM, "at most 16", LOAD(.max_file_bytes = 16));
    WORKS(LOAD(.max_file_bytes = 1 << 20));
    fv_model_free(o.model);
    REFUSED(FV_ARG, "max_memory", LOAD(.max_memory = -1));
    REFUSED(FV_ARG, "max_work", LOAD(.max_work = -1));
    REFUSED(FV_ARG, "max_nodes", LOAD(.max_nodes = -1));
    REFUSED(FV_ARG, "max_nodes", LOAD(.max_nodes = (1 << 20) + 1));
    REFUSED(FV_ARG, "max_elements", LOAD(.max_elements = -1));
    REFUSED(FV_ARG, "max_elements", LOAD(.max_elements = ((int64_t)1 << 31) + 1));
    REFUSED(FV_ARG, "precision is -1; allowed: 0 to 4", LOAD(.precision = (fv_precision)-1));
    REFUSED(FV_ARG, "precision is 5; allowed: 0 to 4", LOAD(.precision = (fv_precision)5));
    REFUSED(FV_NOMEM, "nodes", LOAD(.max_nodes = 2));
    REFUSED(FV_ARG, "option memory is -1", LOAD(.memory = -1));
    REFUSED(FV_ARG, "option memory is", LOAD(.memory = INT64_MIN));
    WORKS(LOAD(.max_elements = 2)); /* it can be listed; nothing of it can be run */
    fv_model_free(o.model);
    REFUSED(FV_ARG, "max_memory", LOAD(.max_memory = INT64_MIN));
    REFUSED(FV_ARG, "max_work", LOAD(.max_work = INT64_MIN));
    HARMLESS(fv_model_free(NULL));
}

static void test_model(void **state) {
    (void)state;
    GIVES(NULL, fv_model_ending(-1));
    GIVES(NULL, fv_model_ending(1000));
    GIVES(NULL, fv_model_name(NULL));
    GIVES(NULL, fv_model_sha256(NULL));
    GIVES(NULL, fv_model_metadata(NULL, "fovea.range"));
    GIVES(NULL, fv_model_metadata(t.net, NULL));
    GIVES(NULL, fv_model_metadata(t.net, "no such key"));
    GIVES(FV_PRECISION_F32, fv_model_precision(NULL));
    GIVES(NULL, fv_model_input(NULL));
    GIVES(NULL, fv_model_output(NULL, NULL));
    GIVES(0, !fv_model_output(t.net, NULL));
    GIVES(0, fv_model_output_length(NULL));
    REFUSED(FV_NOTFOUND, "option output", LOAD(.output = "nowhere"));
    GIVES(0, fv_model_class_count(NULL));
    GIVES(NULL, fv_model_input_part(NULL, 0));
    GIVES(NULL, fv_model_input_part(t.net, -1));
    GIVES(NULL, fv_model_input_part(t.net, fv_model_input_part_count(t.net)));
    assert_int_equal(fv_model_input_part_count(NULL), 0);
    GIVES(NULL, fv_model_class_name(NULL, 0));
    GIVES(NULL, fv_model_class_name(t.net, -1));
    GIVES(NULL, fv_model_class_name(t.net, 10));
    GIVES(NULL, fv_model_class_name(t.vector, 0));
    GIVES(0, fv_model_layer_count(NULL));
    GIVES(NULL, fv_model_layer(NULL, 0));
    GIVES(NULL, fv_model_layer(t.net, -1));
    GIVES(NULL, fv_model_layer(t.net, 10));

    REFUSED(FV_ARG, "model must", fv_model_find_class(NULL, "hen", &o.index, err));
    REFUSED(FV_ARG, "name must", fv_model_find_class(t.net, NULL, &o.index, err));
    REFUSED(FV_ARG, "index must", fv_model_find_class(t.net, "hen", NULL, err));
    REFUSED(FV_NOTFOUND, "no class", fv_model_find_class(t.net, "", &o.index, err));
    REFUSED(FV_NOTFOUND, "no class", fv_model_find_class(t.net, "10", &o.index, err));
    REFUSED(FV_NOTFOUND, "ostrich", fv_model_find_class(t.net, "ostrch", &o.index, err));
    REFUSED(FV_NOTFOUND, "no class names", fv_model_find_class(t.vector, "hen", &o.index, err));
    WORKS(fv_model_find_class(t.net, "hen", &o.index, err));

    REFUSED(FV_ARG, "model must", fv_model_find_layer(NULL, "pool", &o.index, err));
    REFUSED(FV_ARG, "name must", fv_model_find_layer(t.net, NULL, &o.index, err));
    REFUSED(FV_ARG, "index must", fv_model_find_layer(t.net, "pool", NULL, err));
    REFUSED(FV_NOTFOUND, "no layer", fv_model_find_layer(t.net, "", &o.index, err));
    REFUSED(FV_NOTFOUND, "head/conv", fv_model_find_layer(t.net, "head/con", &o.index, err));
    REFUSED(FV_NOTFOUND, "#0..#9", fv_model_find_layer(t.net, "#10", &o.index, err));
    REFUSED(FV_NOTFOUND, "conv", fv_model_find_layer(t.net, "conv", &o.index, err));
    WORKS(fv_model_find_layer(t.net, "#9", &o.index, err));

    REFUSED(FV_ARG, "model must", fv_model_weight_stats(NULL, 0, &o.stats, err));
    REFUSED(FV_ARG, "out must", fv_model_weight_stats(t.net, 0, NULL, err));
    REFUSED(FV_ARG, "0..9", fv_model_weight_stats(t.net, -1, &o.stats, err));
    REFUSED(FV_ARG, "0..9", fv_model_weight_stats(t.net, 10, &o.stats, err));
    REFUSED(FV_ARG, "model must", fv_model_weights(NULL, 0, &o.tensor, &o.second, err));
    REFUSED(FV_ARG, "weights must", fv_model_weights(t.net, 0, NULL, &o.second, err));
    REFUSED(FV_ARG, "0..9", fv_model_weights(t.net, -1, &o.tensor, &o.second, err));
    REFUSED(FV_ARG, "0..9", fv_model_weights(t.net, 10, &o.tensor, &o.second, err));
    REFUSED(FV_NOTFOUND, "no weights", fv_model_weights(t.net, 6, &o.tensor, &o.second, err));
    WORKS(fv_model_weights(t.net, 0, &o.tensor, NULL, err));
    fv_tensor_free(o.tensor);
}

static void test_inputs(void **state) {
    (void)state;
    REFUSED(FV_ARG, "model must", fv_input_picture(NULL, t.photo, &o.image, err));
    REFUSED(FV_ARG, "image must", fv_input_picture(t.net, NULL, &o.image, err));
    REFUSED(FV_ARG, "out must", fv_input_picture(t.net, t.photo, NULL, err));
    REFUSED(FV_SHAPE, "no picture", fv_input_picture(t.vector, t.photo, &o.image, err));
    REFUSED(FV_ARG, "0 channels", fv_input_picture(t.net, &no_image, &o.image, err));
    REFUSED(FV_ARG, "7 channels", fv_input_picture(t.net, &seven_channels, &o.image, err));
    REFUSED(FV_ARG, "data", fv_input_picture(t.net, &no_data, &o.image, err));
    REFUSED(FV_ARG, "pixels", fv_input_picture(t.net, &huge_image, &o.image, err));
    const float was = t.photo->data[5];
    t.photo->data[5] = NAN;
    REFUSED(FV_ARG, "the photo has the value nan at (0, 5) of channel 0",
            fv_input_picture(t.net, t.photo, &o.image, err));
    t.photo->data[5] = was;

    GIVES(0, fv_input_samples(NULL, t.input));
    GIVES(0, fv_input_samples(t.net, NULL));
    GIVES(0, fv_input_samples(t.vector, t.input));

    REFUSED(FV_ARG, "model must", fv_input_rect(NULL, 8, 8, &o.window, err));
    REFUSED(FV_ARG, "out must", fv_input_rect(t.net, 8, 8, NULL, err));
    REFUSED(FV_ARG, "at least 1", fv_input_rect(t.net, 0, 8, &o.window, err));
    REFUSED(FV_ARG, "at least 1", fv_input_rect(t.net, 8, -1, &o.window, err));
    REFUSED(FV_SHAPE, "no picture", fv_input_rect(t.vector, 8, 8, &o.window, err));
    WORKS(fv_input_rect(t.net, INT_MAX, 1, &o.window, err));
    WORKS(fv_input_rect(t.net, INT_MAX, INT_MAX, &o.window, err));

    REFUSED(FV_ARG, "model must", fv_input_from_image(NULL, t.photo, &o.tensor, err));
    REFUSED(FV_ARG, "image must", fv_input_from_image(t.net, NULL, &o.tensor, err));
    REFUSED(FV_ARG, "out must", fv_input_from_image(t.net, t.photo, NULL, err));
    REFUSED(FV_ARG, "data", fv_input_from_image(t.net, &no_data, &o.tensor, err));
    REFUSED(FV_SHAPE, "no picture", fv_input_from_image(t.vector, t.photo, &o.tensor, err));
}

static void test_session(void **state) {
    (void)state;
    REFUSED(FV_ARG, "model must", fv_session_new(NULL, NULL, &o.session, err));
    REFUSED(FV_ARG, "out must", fv_session_new(t.net, NULL, NULL, err));
    WORKS(LOAD(.precision = FV_PRECISION_TF32));
    fv_model *tf32 = o.model;
    REFUSED(FV_UNSUPPORTED, "allowed there: f32, bf16 and auto",
            fv_session_new(tf32, NULL, &o.session, err));
    fv_model_free(tf32);
#define SESSION(...) fv_session_new(t.net, FV_DESC(fv_session_desc, __VA_ARGS__), &o.session, err)
    REFUSED(FV_ARG, "threads is -1", SESSION(.threads = -1));
    REFUSED(FV_ARG, "threads is 1025", SESSION(.threads = 1025));
    REFUSED(FV_ARG, "on_nan is -1", SESSION(.on_nan = -1));
    REFUSED(FV_ARG, "on_nan is 3", SESSION(.on_nan = 3));
    REFUSED(FV_ARG, "device is -1", SESSION(.device = -1));
    REFUSED(FV_ARG, "allowed: 0 and more", SESSION(.device = INT_MIN));
    REFUSED(FV_ARG, "or_processor is 2", SESSION(.or_processor = 2));
    REFUSED(FV_ARG, "or_processor is -1", SESSION(.or_processor = -1));
    REFUSED(FV_IO, "no such file", SESSION(.plugin = "/nowhere/plugin.so"));
    GIVES(NULL, fv_session_device(NULL));
    GIVES(NULL, fv_session_accelerator(NULL));
    GIVES(FV_PRECISION_F32, fv_session_precision(NULL));
    HARMLESS(fv_session_free(NULL));

    REFUSED(FV_ARG, "session must", fv_session_run(NULL, t.input, NULL, &o.tensor, err));
    REFUSED(FV_ARG, "input must", fv_session_run(t.session, NULL, NULL, &o.tensor, err));
    REFUSED(FV_ARG, "out must", fv_session_run(t.session, t.input, NULL, NULL, err));
    REFUSED(FV_NOTFOUND, "nothing", fv_session_run(t.session, t.input, "nothing", &o.tensor, err));
    REFUSED(FV_NOTFOUND, "no ", fv_session_run(t.session, t.input, "", &o.tensor, err));
    REFUSED(FV_ARG, "data", fv_session_run(t.session, &no_tensor, NULL, &o.tensor, err));
    REFUSED(FV_ARG, "9 dimensions", fv_session_run(t.session, &nine_dims, NULL, &o.tensor, err));
    REFUSED(FV_ARG, "at least 0", fv_session_run(t.session, &negative_dim, NULL, &o.tensor, err));
    REFUSED(FV_ARG, "at most", fv_session_run(t.session, &huge_tensor, NULL, &o.tensor, err));
    REFUSED(FV_ARG, "data", fv_session_run(t.session, &no_numbers, NULL, &o.tensor, err));
    REFUSED(FV_SHAPE, "wants", fv_session_run(t.session, t.vector_input, NULL, &o.tensor, err));
    REFUSED(FV_SHAPE, "wants", fv_session_run(t.vector_session, t.input, NULL, &o.tensor, err));
    WORKS(fv_session_run(t.session, t.input, NULL, &o.tensor, err));
    fv_tensor_free(o.tensor);
}

static void test_gradient(void **state) {
    (void)state;
#define GRADIENT(SESSION_, INPUT, OBJECTIVE) \
    fv_session_gradient(SESSION_, INPUT, OBJECTIVE, &o.value, &o.tensor, err)
    REFUSED(FV_ARG, "session must",
            fv_session_gradient(NULL, t.input, t.pool, NULL, &o.tensor, err));
    REFUSED(FV_ARG, "input must",
            fv_session_gradient(t.session, NULL, t.pool, NULL, &o.tensor, err));
    REFUSED(FV_ARG, "objective must",
            fv_session_gradient(t.session, t.input, NULL, NULL, &o.tensor, err));
    REFUSED(FV_ARG, "gradient must",
            fv_session_gradient(t.session, t.input, t.pool, NULL, NULL, err));
    REFUSED(FV_ARG, "another model", GRADIENT(t.session, t.input, t.dense));
    REFUSED(FV_ARG, "tv", GRADIENT(t.session, t.input, t.mixed));
    REFUSED(FV_SHAPE, "wants", GRADIENT(t.session, t.vector_input, t.pool));
    REFUSED(FV_ARG, "data", GRADIENT(t.session, &no_numbers, t.pool));
    WORKS(GRADIENT(t.session, t.input, t.pool));
    fv_tensor_free(o.tensor);
#define GRADIENT_AT(WRT) \
    fv_session_gradient_at(t.session, t.input, t.pool, WRT, &o.value, &o.tensor, err)
    REFUSED(FV_ARG, "session must",
            fv_session_gradient_at(NULL, t.input, t.pool, NULL, NULL, &o.tensor, err));
    REFUSED(FV_ARG, "input must",
            fv_session_gradient_at(t.session, NULL, t.pool, NULL, NULL, &o.tensor, err));
    REFUSED(FV_ARG, "objective must",
            fv_session_gradient_at(t.session, t.input, NULL, NULL, NULL, &o.tensor, err));
    REFUSED(FV_ARG, "gradient must",
            fv_session_gradient_at(t.session, t.input, t.pool, NULL, NULL, NULL, err));
    REFUSED(FV_NOTFOUND, "nowhere", GRADIENT_AT("nowhere"));
    REFUSED(FV_NOTFOUND, "no ", GRADIENT_AT(""));
    WORKS(GRADIENT_AT(NULL));
    fv_tensor_free(o.tensor);

    REFUSED(FV_ARG, "session must", fv_session_classify(NULL, t.input, 1, o.predictions, err));
    REFUSED(FV_ARG, "input must", fv_session_classify(t.session, NULL, 1, o.predictions, err));
    REFUSED(FV_ARG, "out must", fv_session_classify(t.session, t.input, 1, NULL, err));
    REFUSED(FV_ARG, "1..10", fv_session_classify(t.session, t.input, 0, o.predictions, err));
    REFUSED(FV_ARG, "1..10", fv_session_classify(t.session, t.input, 11, o.predictions, err));
    REFUSED(FV_ARG, "data", fv_session_classify(t.session, &no_tensor, 1, o.predictions, err));
    REFUSED(FV_SHAPE, "wants",
            fv_session_classify(t.session, t.vector_input, 1, o.predictions, err));
    WORKS(fv_session_classify(t.session, t.input, 10, o.predictions, err));
}

static int go(void *user, const fv_progress *progress) {
    (void)user;
    (void)progress;
    return FV_MONITOR_GO;
}

static void ignore(void *user, const char *text) {
    (void)user;
    (void)text;
}

static void test_monitor(void **state) {
    (void)state;
    REFUSED(FV_ARG, "out must", fv_monitor_new(NULL, NULL, NULL, NULL, err));
    WORKS(fv_monitor_new(NULL, NULL, NULL, &o.monitor, err));
    HARMLESS(fv_monitor_free(o.monitor));
    WORKS(fv_monitor_new(go, ignore, &o, &o.monitor, err));
    HARMLESS(fv_monitor_free(o.monitor));
    REFUSED(FV_ARG, "session must", fv_session_set_monitor(NULL, NULL, err));
    WORKS(fv_session_set_monitor(t.session, NULL, err));
    HARMLESS(fv_monitor_stop(NULL));
    HARMLESS(fv_monitor_cancel(NULL));
    HARMLESS(fv_monitor_reset(NULL));
    HARMLESS(fv_monitor_free(NULL));
}

static void test_forward(void **state) {
    (void)state;
    const char *values[] = {"pool", NULL};
    const fv_tensor *seeds[] = {NULL, &negative_dim};
    fv_tensor *second[2] = {NULL};
#define FORWARD(SESSION_, INPUT, VALUES, COUNT, OUTS) \
    fv_session_forward(SESSION_, INPUT, VALUES, COUNT, OUTS, err)
    REFUSED(FV_ARG, "session must", FORWARD(NULL, t.input, values, 1, &o.tensor));
    REFUSED(FV_ARG, "session must", fv_session_forward(NULL, t.input, values, 1, &o.tensor, err));
    REFUSED(FV_ARG, "input must", fv_session_forward(t.session, NULL, values, 1, &o.tensor, err));
    REFUSED(FV_ARG, "values must", fv_session_forward(t.session, t.input, NULL, 1, &o.tensor, err));
    REFUSED(FV_ARG, "outs must", fv_session_forward(t.session, t.input, values, 1, NULL, err));
    REFUSED(FV_ARG, "count is 0",
            fv_session_forward(t.session, t.input, values, 0, &o.tensor, err));
    REFUSED(FV_ARG, "count is 65",
            fv_session_forward(t.session, t.input, values, 65, &o.tensor, err));
    values[0] = "nothing";
    REFUSED(FV_NOTFOUND, "nothing", FORWARD(t.session, t.input, values, 1, &o.tensor));
    REFUSED(FV_SHAPE, "the input is", FORWARD(t.session, t.vector_input, values, 1, &o.tensor));
    REFUSED(FV_ARG, "session must", fv_session_backward(NULL, seeds, &o.tensor, err));
    REFUSED(FV_ARG, "seeds must", fv_session_backward(t.session, NULL, &o.tensor, err));
    REFUSED(FV_ARG, "gradient must", fv_session_backward(t.session, seeds, NULL, err));
    REFUSED(FV_ARG, "needs an fv_session_forward",
            fv_session_backward(t.session, seeds, &o.tensor, err));
    values[0] = "pool"; /* NULL, the second, is the first output */
    WORKS(FORWARD(t.session, t.input, values, 2, second));
    fv_tensor_free(second[0]);
    fv_tensor_free(second[1]);
    REFUSED(FV_ARG, "a seed", fv_session_backward(t.session, seeds, &o.tensor, err));
    seeds[1] = t.input;
    REFUSED(FV_SHAPE, "seed 1 is", fv_session_backward(t.session, seeds, &o.tensor, err));
    seeds[1] = NULL;
    WORKS(fv_session_backward(t.session, seeds, &o.tensor, err));
    fv_tensor_free(o.tensor);
}

static void test_bench(void **state) {
    (void)state;
    REFUSED(FV_ARG, "model must", fv_bench(NULL, "pool", NULL, &o.bench, err));
    REFUSED(FV_ARG, "layer must", fv_bench(t.net, NULL, NULL, &o.bench, err));
    REFUSED(FV_ARG, "out must", fv_bench(t.net, "pool", NULL, NULL, err));
    REFUSED(FV_NOTFOUND, "nothing", fv_bench(t.net, "nothing", NULL, &o.bench, err));
#define BENCH(...) fv_bench(t.net, "pool", &(fv_bench_desc){__VA_ARGS__}, &o.bench, err)
    REFUSED(FV_ARG, "size is -1", BENCH(.size = -1));
    REFUSED(FV_ARG, "size is 32769", BENCH(.size = 32769));
    REFUSED(FV_ARG, "batch is -1", BENCH(.batch = -1));
    REFUSED(FV_ARG, "batch is 2147483647", BENCH(.batch = INT_MAX));
    REFUSED(FV_ARG, "threads is -1", BENCH(.threads = -1));
    REFUSED(FV_ARG, "threads is 1025", BENCH(.threads = 1025));
    REFUSED(FV_ARG, "repeats is -1", BENCH(.repeats = -1));
    REFUSED(FV_ARG, "repeats is 100001", BENCH(.repeats = 100001));
    WORKS(BENCH(.repeats = 1, .threads = 1));
    REFUSED(FV_ARG, "model must", fv_bench_ops(NULL, "pool", NULL, &o.ops, err));
    REFUSED(FV_ARG, "layer must", fv_bench_ops(t.net, NULL, NULL, &o.ops, err));
    REFUSED(FV_ARG, "out must", fv_bench_ops(t.net, "pool", NULL, NULL, err));
    REFUSED(FV_NOTFOUND, "nothing", fv_bench_ops(t.net, "nothing", NULL, &o.ops, err));
    WORKS(fv_bench_ops(t.net, "pool", &(fv_bench_desc){.repeats = 1}, &o.ops, err));
    fv_op_times_free(o.ops);
    HARMLESS(fv_op_times_free(NULL));
    REFUSED(FV_ARG, "out must", fv_bench_machine(1, NULL, err));
    REFUSED(FV_ARG, "threads is -1", fv_bench_machine(-1, &o.machine, err));
    REFUSED(FV_ARG, "threads is 1025", fv_bench_machine(1025, &o.machine, err));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_versions), cmocka_unit_test(test_tensors),
        cmocka_unit_test(test_devices),  cmocka_unit_test(test_images),
        cmocka_unit_test(test_texts),    cmocka_unit_test(test_parts),
        cmocka_unit_test(test_loading),  cmocka_unit_test(test_model),
        cmocka_unit_test(test_inputs),   cmocka_unit_test(test_session),
        cmocka_unit_test(test_gradient), cmocka_unit_test(test_monitor),
        cmocka_unit_test(test_forward),  cmocka_unit_test(test_bench),
    };
    return cmocka_run_group_tests(tests, misuse_setup, misuse_teardown);
}
