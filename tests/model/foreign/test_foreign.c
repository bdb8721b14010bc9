/* SPDX-License-Identifier: Apache-2.0 */
/* Files of other programs are told apart by their bytes, and what no kind claims stays unknown. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <glib.h>
#include <glib/gstdio.h>
#include <string.h>

#include "model/foreign/foreign.h"
#include "model/readers.h"

/* A file's beginning as a literal that may hold zeros, and the kind it must be. */
#define BYTES(text) (const uint8_t *)(text), sizeof(text) - 1
typedef struct sample {
    const char *name;
    const uint8_t *bytes;
    size_t size;
    const char *kind; /* NULL: unknown */
} sample;

/* An archive's one local header, its table's one row, its end; names only, no contents. */
#define ZIP(name)                            \
    "PK\3\4 " name " PK\1\2 " name " PK\5\6" \
    "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"

static const sample samples[] = {
    {"a.onnx", BYTES("version https://git-lfs.github.com/spec/v1\n"), "a Git LFS pointer"},
    {"a.onnx", BYTES("\r\n <!DOCTYPE html><html>"), "an HTML page"},
    {"a.onnx", BYTES("<HTML><head>"), "an HTML page"},
    {"a.onnx", BYTES("<?xml version=\"1.0\"?><!DOCTYPE html PUBLIC><html>"), "an HTML page"},
    {"a.onnx", BYTES("<?xml version=\"1.0\"?>\n<Error><Code>AccessDenied</Code></Error>"),
     "a server's error message"},
    {"a.onnx", BYTES("Not Found"), "a server's error message"},
    {"a.onnx", BYTES("{\"error\":\"Repository not found\"}"), "a server's error message"},
    {"a.jpg", BYTES("\xff\xd8\xff\xe0 JFIF"), "a picture (JPEG)"},
    {"a.png", BYTES("\x89PNG\r\n\x1a\n\0\0"), "a picture (PNG)"},
    {"a.gif", BYTES("GIF89a.."), "a picture (GIF)"},
    {"a.webp", BYTES("RIFF\1\2\3\4WEBPVP8 "), "a picture (WebP)"},
    {"a.bmp", BYTES("BM\x1c\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"), "a picture (BMP)"},
    {"a.tif", BYTES("II*\0\x08\0\0\0\0"), "a picture (TIFF)"},
    {"a.npy", BYTES("\x93NUMPY\1\0"), "a NumPy array (.npy)"},
    {"a.pt", BYTES(ZIP("a/data.pkl a/constants.pkl")), "a TorchScript file"},
    {"a.pt2", BYTES(ZIP("a/models/model.json")), "a PyTorch exported program (.pt2)"},
    {"a.pt", BYTES(ZIP("a/data.pkl") "ctorch.nn.modules.linear\n"),
     "a whole PyTorch module of torch.save"},
    {"yolo.pt", BYTES(ZIP("a/data.pkl") "cultralytics.nn.tasks\nctorch.nn.modules.conv\n"),
     "an Ultralytics checkpoint"},
    {"a.pth", BYTES(ZIP("a/data.pkl") "ccollections\nOrderedDict\n"),
     "a PyTorch state_dict or checkpoint"},
    {"a.pth", BYTES("\x80\x02\x8a\nl\xfc\x9c\x46\xf9 j\xa8P\x19.\x80\x02M"),
     "a PyTorch state_dict or checkpoint (before 1.6)"},
    {"a.pth", BYTES("\x80\x02\x8a\nl\xfc\x9c\x46\xf9 j\xa8P\x19.ctorch.nn.modules.linear\n"),
     "a whole PyTorch module (before 1.6)"},
    {"a.keras", BYTES(ZIP("config.json model.weights.h5")), "a Keras 3 model (.keras)"},
    {"a.h5", BYTES("\x89HDF\r\n\x1a\n..model_config.."), "a whole Keras model (HDF5)"},
    {"a.h5", BYTES("\x89HDF\r\n\x1a\n.."), "an HDF5 file without a network"},
    {"a.ckpt.index", BYTES("\0\0\1\2\x57\xfb\x80\x8b\x24\x75\x47\xdb"),
     "the table of a TensorFlow checkpoint (.index)"},
    {"a.ckpt.data-00000-of-00001", BYTES("\1\2\3\4\5\6\7\0\0"),
     "the weights of a TensorFlow checkpoint (.data)"},
    {"checkpoint", BYTES("model_checkpoint_path: \"a.ckpt\"\n"),
     "the list of TensorFlow checkpoints"},
    {"a.ckpt.meta", BYTES("\x0a\2\x12\0\x12\x0b\x0a\x09\x0a\1x\x12\4Relu"),
     "the graph of a TensorFlow checkpoint (.meta)"},
    {"a.pbtxt", BYTES("node {\n  name: \"x\"\n  op: \"Placeholder\"\n}\n"),
     "a TensorFlow graph as text (.pbtxt)"},
    {"model.json", BYTES("{\"weightsManifest\": []}"), "a TensorFlow.js model"},
    {"a.safetensors", BYTES("\x04\0\0\0\0\0\0\0{  }"), "a safetensors file"},
    {"a.gguf", BYTES("GGUF\3\0\0\0"), "a GGUF file"},
    {"a.xml", BYTES("<?xml version=\"1.0\"?><net name=\"a\">"), "an OpenVINO model (.xml)"},
    {"a.ort", BYTES("\x1c\0\0\0ORTM"), "an onnxruntime model (.ort)"},
    {"a.param", BYTES("7767517\n3 3\n"), "an ncnn network (.param)"},
    {"a.param.bin", BYTES("\xdd\x85\x76\0\2\0\0\0\2\0\0\0"), "an ncnn network (.param)"},
    {"a.weights",
     BYTES("\0\0\0\0\2\0\0\0\5\0\0\0\1\2\3\4\0\0\0\0...............................0123456789012"),
     "Darknet's weights"},
    {"a.mat", BYTES("MATLAB 5.0 MAT-file, "), "a MATLAB file (.mat)"},
    {"a.mat", BYTES("MATLAB 7.3 MAT-file, "), "a MATLAB file (.mat)"},
    {"a.wlnet", BYTES("8:f\3s"), "a Wolfram file (.wlnet)"},
    {"a.params", BYTES("\x12\1\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1\0\0\0\0\0\0\0"),
     "MXNet's weights (.params)"},
    {"a.engine", BYTES("ptrt\0\0"), "a TensorRT engine"},
    {"a.npz", BYTES(ZIP("w.npy")), "NumPy arrays in one file (.npz)"},
    {"a.zip", BYTES(ZIP("net.onnx")), "a zip archive with an ONNX file inside"},
    {"a.zip", BYTES(ZIP("readme")), "a zip archive"},
    {"a.zip", BYTES(ZIP("net/saved_model.pb")), "a zip archive with a SavedModel inside"},
    {"a.keras", BYTES("PK\3\4 config.json model.weights.h5"), "a zip archive that is cut short"},
    {"a.pt2", BYTES("PK\3\4 a PK\1\2 a"), "a zip archive that is cut short"},
    {"a.onnx.gz", BYTES("\x1f\x8b\x08"), "compressed with gzip"},
    {"a.xz",
     BYTES("\xfd"
           "7zXZ\0"),
     "compressed with xz"},
    {"a.bz2", BYTES("BZh91AY"), "compressed with bzip2"},
    {"a.zst", BYTES("\x28\xb5\x2f\xfd\x24\x10"), "compressed with Zstandard"},
    {"a.7z", BYTES("7z\xbc\xaf\x27\x1c\0\4"), "a 7-Zip archive"},
    {"a.joblib", BYTES("\x78\x5e\x6b\x60\x9d\xea\x1d\x14\xac\xd6\x1d\x1c\x9c\x58\x5c\x92"),
     "compressed Python data (joblib)"},
    {"a.joblib", BYTES("\x5d\0\0\x80\0\xff\xff\xff\xff\xff\xff\xff\xff\0\x40\0"),
     "compressed Python data (joblib)"},
    {"a.pkl", BYTES("\x80\4\x95\1K\1."), "a Python pickle"},
    {"a.mlmodel", BYTES("\x08\4\x12\2\x0a\0\xa2\x1f\0"), "a Core ML model"},
    {"a.pb", BYTES("\x0a\x0e\x0a\1x\x12\x09Const/Two"), NULL},
    {"a.caffemodel", BYTES("\x0a\3net\xa2\6\0"), "a Caffe model (.caffemodel)"},
    {"a.caffemodel", BYTES("\x0a\3net\x12\0"), "a Caffe model (.caffemodel)"},
    {"a.caffemodel", BYTES("\x0a\3net\x12\3\xff\xff\xff"), NULL}, /* no layer */
    {"a.mindir",
     BYTES("\x0a\5"
           "0.1.0\x12\x09MindSpore"),
     "a MindSpore model (.mindir)"},
    {"a.pdiparams", BYTES("\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\6\0\0\0\x08\5\x10\3\x10\3...."),
     "PaddlePaddle's weights (.pdiparams)"},
    {"inference.json", BYTES("{\"base_code\":{\"magic\":\"pir\"}}"),
     "a PaddlePaddle network (JSON)"},
    {"a.pdmodel", BYTES("\x0a\6\x08\0\x10\0\x28\0"), "a PaddlePaddle model (.pdmodel)"},
    {"a.json", BYTES("{\"weight_map\": {}}"), "the table of a model in pieces (safetensors)"},
    {"config.json", BYTES("{\"architectures\": []}"), "a configuration of Hugging Face"},
    {"a.json", BYTES("{\"module\": \"keras.models\"}"), "a Keras network without weights (JSON)"},
    {"a-symbol.json", BYTES("{\"nodes\": [], \"arg_nodes\": []}"), "an MXNet network (JSON)"},
    {"a.json", BYTES("[1, 2]"), "a JSON file"},
    {"labels.txt", BYTES("tench\ngoldfish\n"), "a text file"},
    {"a.onnx.data", BYTES("\1\2\3\4\5\6\7\0\0"), "weights of an ONNX model in a file of their own"},
    {"a.bin", BYTES("\1\2\3\4\5\6\7\0\0"), "numbers without a name or a signature (.bin)"},
    {"a.bin", BYTES("\x08\2\3\4\5\6\7\0\0"), NULL},
    {"a", BYTES("\1\2\3\4\5\6\7\0\0"), NULL},
};

static const char *or_none(const char *kind) { return kind ? kind : "none"; }

/* Of a format that is read here the reader says what is wrong. */
static void kinds_are_told_apart(void **state) {
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(samples); i++) {
        const sample *s = &samples[i];
        char *text = fvi_foreign_text(s->bytes, s->size, s->name);
        char *want = g_strdup_printf("but %s;", s->kind ? s->kind : "");
        const int explained =
            s->kind && !strstr(s->kind, "Keras 3") && !strstr(s->kind, "whole Keras");
        assert_string_equal(or_none(fvi_foreign_kind_of(s->bytes, s->size, s->name)),
                            or_none(s->kind));
        if ((text != NULL) != explained || (text && !strstr(text, want)))
            fail_msg("sample %zu, %s: %s", i, s->name, text ? text : "unknown");
        g_free(want);
        g_free(text);
    }
}

/* Every row of the table has a sample above or here. */
static void every_kind_has_a_sample(void **state) {
    (void)state;
    for (int k = 0; fvi_foreign_kind(k); k++) {
        int found = !strcmp(fvi_foreign_kind(k), "a tar archive");
        for (size_t i = 0; i < G_N_ELEMENTS(samples); i++)
            found |= samples[i].kind && !strcmp(samples[i].kind, fvi_foreign_kind(k));
        if (!found) fail_msg("no sample of %s", fvi_foreign_kind(k));
    }
    uint8_t tar[512] = {0};
    memcpy(tar + 257, "ustar", 5);
    char *text = fvi_foreign_text(tar, sizeof tar, "a.tar");
    assert_non_null(strstr(text, "tar -xf a.tar"));
    g_free(text);
}

/* docs/getting-a-model.md has a row for each. */
static void every_kind_is_documented(void **state) {
    (void)state;
    char *page = NULL;
    assert_true(g_file_get_contents("docs/getting-a-model.md", &page, NULL, NULL));
    for (int k = 0; fvi_foreign_kind(k); k++) {
        char *row = g_strdup_printf("\n| %s |", fvi_foreign_kind(k));
        if (!strstr(page, row)) fail_msg("no row%s", row);
        g_free(row);
    }
    g_free(page);
}

/* However a file is cut, it is read within its bytes (the sanitizers' builds see to that). */
static void cut_files_are_safe(void **state) {
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(samples); i++)
        for (size_t size = 0; size < samples[i].size; size++) {
            uint8_t *copy = g_memdup2(samples[i].bytes, size);
            g_free(fvi_foreign_text(copy ? copy : (const uint8_t *)"", size, samples[i].name));
            g_free(copy);
        }
}

static void commands_name_the_file(void **state) {
    (void)state;
    char *text = fvi_foreign_text(BYTES("MATLAB 5.0 MAT-file"), "FILE.v2.mat");
    assert_non_null(strstr(text, "load(\"FILE.v2.mat\")"));
    assert_non_null(strstr(text, "exportONNXNetwork(s.net, \"FILE.v2.onnx\")"));
    g_free(text);
}

static void folders_are_told_apart(void **state) {
    (void)state;
    char *folder = g_dir_make_tmp("foreign-XXXXXX", NULL);
    char *empty = fvi_foreign_folder_text(folder);
    assert_string_equal(empty, "it is empty");
    g_free(empty);
    const struct {
        const char *file, *text;
    } steps[] = {{"checkpoint", "TensorFlow checkpoint"}, {"net.param", "the file net.param"},
                 {"a.param", "the file a.param"},         {"model.json", "the file model.json"},
                 {"model.safetensors", "Hugging Face"},   {"Manifest.json", "Core ML"},
                 {"net.onnx", "the file net.onnx"}};
    for (size_t i = 0; i < G_N_ELEMENTS(steps); i++) {
        char *path = g_build_filename(folder, steps[i].file, NULL);
        assert_true(g_file_set_contents(path, "x", 1, NULL));
        char *text = fvi_foreign_folder_text(folder);
        assert_non_null(strstr(text, steps[i].text));
        g_free(text);
        g_free(path);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(steps); i++) {
        char *path = g_build_filename(folder, steps[i].file, NULL);
        g_unlink(path);
        g_free(path);
    }
    g_rmdir(folder);
    assert_null(fvi_foreign_folder_text(folder));
    g_free(folder);
}

static void opening_says_it(void **state) {
    (void)state;
    fvi_model_file *f = NULL;
    fv_error err;
    const fvi_model_source from = {
        .name = "net.pt", .bytes = (const uint8_t *)"GGUF\3\0\0\0", .size = 8};
    assert_int_equal(fvi_readers_open(&from, NULL, &f, &err), FV_FORMAT);
    assert_non_null(strstr(err.text, "net.pt: not a model that can be read, but a GGUF file; "));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(kinds_are_told_apart),     cmocka_unit_test(every_kind_has_a_sample),
        cmocka_unit_test(every_kind_is_documented), cmocka_unit_test(cut_files_are_safe),
        cmocka_unit_test(commands_name_the_file),   cmocka_unit_test(folders_are_told_apart),
        cmocka_unit_test(opening_says_it),
    };
    return cmocka_run_group_tests_name("model/foreign/foreign", tests, NULL, NULL);
}
