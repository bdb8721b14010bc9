/* SPDX-License-Identifier: Apache-2.0 */
/* What a file is that no reader opens. One table (foreign.def) says by what a kind is told and what
 * helps; the functions here look: at first bytes, at the names in a zip archive, at the fields of a
 * protobuf message, at the beginning of a text.
 *
 * It is asked only after every reader refused, so that it may guess where bytes do not decide.
 * What it does not do: open anything. Nothing is unpacked, and of a big file only its beginning, an
 * archive's table and 1 MiB for words are looked at.
 */
#include "model/foreign/foreign.h"

#include <glib.h>
#include <string.h>

#include "model/foreign/structure.h"

#define FVI_OLD_TORCH "\x80\x02\x8a\nl\xfc\x9c\x46\xf9 j\xa8P\x19." /* of torch.save */
#define MESSAGE_MAX   2048 /* bytes of a server's error message */
#define FVI_SWAPPED   "no network is inside; the model comes first: fovea COMMAND MODEL FILE"
#define FVI_TORCH_MODULE                                                                        \
    "the network is inside, where its classes can be imported: python -c 'import torch; m = "   \
    "torch.load(\"FILE\", weights_only=False).eval(); torch.onnx.export(m, (torch.zeros(1, 3, " \
    "224, 224),), \"STEM.onnx\")'"
#define FVI_TF_CHECKPOINT                                                                      \
    "it holds weights and no network: of a SavedModel give the folder; where a .meta file is " \
    "beside it, give that one; else build the network in Keras, net.load_weights(\"STEM\"), "  \
    "then net.export(\"STEM-saved\")"
#define FVI_TORCH_STATE                                                                        \
    "it holds weights and no network; in Python, with the network's class NET: m = NET(); "    \
    "m.load_state_dict(torch.load(\"FILE\")); torch.onnx.export(m.eval(), (torch.zeros(1, 3, " \
    "224, 224),), \"STEM.onnx\")"

#define FVI_FOLDER_APPLE \
    "a Core ML package, which nothing turns back into ONNX: export the model it was made from"
#define FVI_FOLDER_HUGGING \
    "a model of Hugging Face's transformers: optimum-cli export onnx --model FILE FILE-onnx"
#define FVI_FOLDER_CHECKPOINT                                                                   \
    "a TensorFlow checkpoint, which holds weights and no network: build the network in Keras, " \
    "net.load_weights(\"FILE\"), then net.export(\"FILE-saved\")"

/* ---- first bytes ---------------------------------------------------------------------------- */

static int starts(const fvi_foreign_file *f, size_t at, const char *with) {
    const size_t n = strlen(with);
    return f->size >= at + n && !memcmp(f->bytes + at, with, n);
}

static int has_start(const fvi_foreign_file *f, const char *with) { return starts(f, 0, with); }

static int is_webp(const fvi_foreign_file *f, const char *with) {
    (void)with;
    return starts(f, 0, "RIFF") && starts(f, 8, "WEBP");
}

static int is_bmp(const fvi_foreign_file *f, const char *with) {
    (void)with; /* its length stands in bytes 2..5 */
    return starts(f, 0, "BM") && f->size > 26 && fvi_foreign_u32(f, 2) == f->size;
}

static int is_tiff(const fvi_foreign_file *f, const char *with) {
    (void)with;
    return f->size > 8 && (!memcmp(f->bytes, "II*\0", 4) || !memcmp(f->bytes, "MM\0*", 4));
}

static int is_ort(const fvi_foreign_file *f, const char *with) {
    (void)with;
    return starts(f, 4, "ORTM");
}

static int is_tensorrt(const fvi_foreign_file *f, const char *with) {
    (void)with;
    return starts(f, 0, "ptrt") || starts(f, 0, "ftrt");
}

static int is_wolfram(const fvi_foreign_file *f, const char *with) {
    (void)with; /* WXF, version 8, plain or compressed */
    return starts(f, 0, "8:") || starts(f, 0, "8C:");
}

static int is_tar(const fvi_foreign_file *f, const char *with) {
    (void)with;
    return starts(f, 257, "ustar");
}

static int is_matlab_hdf5(const fvi_foreign_file *f, const char *with) {
    (void)with;
    return starts(f, 0, "MATLAB 7.3 MAT-file");
}

static int is_ncnn(const fvi_foreign_file *f, const char *with) {
    (void)with; /* a number, as text or in four bytes */
    return starts(f, 0, "7767517\n") || starts(f, 0, "7767517\r\n") ||
           (f->size > 8 && fvi_foreign_u32(f, 0) == 7767517);
}

/* A table of LevelDB's, by its last eight bytes. */
static int is_checkpoint_table(const fvi_foreign_file *f, const char *with) {
    (void)with;
    return f->size > 8 && starts(f, f->size - 8, "\x57\xfb\x80\x8b\x24\x75\x47\xdb");
}

static int is_checkpoint_data(const fvi_foreign_file *f, const char *with) {
    (void)with; /* floats have no mark */
    return strstr(f->name, ".data-0") && strstr(f->name, "-of-0");
}

/* zlib's two bytes, a multiple of 31, or lzma's properties. */
static int is_deflated(const fvi_foreign_file *f, const char *with) {
    (void)with;
    if (f->size < 16) return 0;
    return (f->bytes[0] == 0x78 && (f->bytes[0] * 256 + f->bytes[1]) % 31 == 0) ||
           !memcmp(f->bytes, "\x5d\0\0", 3);
}

/* Version, level of detail and version again, all 0, then the length of a tensor's description. */
static int is_paddle_weights(const fvi_foreign_file *f, const char *with) {
    (void)with;
    static const uint8_t none[16];
    return f->size > 24 && !memcmp(f->bytes, none, sizeof none) && fvi_foreign_u32(f, 16) >= 2 &&
           fvi_foreign_u32(f, 16) <= 128 && f->bytes[20] == 0x08;
}

/* A list of NDArrays: its mark, then a reserved zero. */
static int is_mxnet_params(const fvi_foreign_file *f, const char *with) {
    (void)with;
    return f->size >= 24 && fvi_foreign_u32(f, 0) == 0x112 && fvi_foreign_u32(f, 4) == 0 &&
           fvi_foreign_u32(f, 8) == 0 && fvi_foreign_u32(f, 12) == 0;
}

/* A protocol, then a frame or anything but text. */
static int is_pickle(const fvi_foreign_file *f, const char *with) {
    (void)with;
    return f->size > 3 && f->bytes[0] == 0x80 && f->bytes[1] >= 2 && f->bytes[1] <= 5 &&
           f->bytes[f->size - 1] == '.';
}

/* A header's length, then its JSON. */
static int is_safetensors(const fvi_foreign_file *f, const char *with) {
    (void)with;
    return f->size > 10 && fvi_foreign_u32(f, 4) == 0 && f->bytes[8] == '{' &&
           fvi_foreign_u32(f, 0) <= f->size - 8;
}

/* Version 0.1 or 0.2 with a small revision, then the number of pictures seen and floats. */
static int is_darknet_weights(const fvi_foreign_file *f, const char *with) {
    (void)with;
    if (f->size < 64 || f->size % 4 || fvi_foreign_u32(f, 0) != 0) return 0;
    const uint32_t minor = fvi_foreign_u32(f, 4);
    return minor >= 1 && minor <= 2 && fvi_foreign_u32(f, 8) <= 5;
}

/* By its name alone, and no protobuf of ours that is damaged. */
static int is_raw_weights(const fvi_foreign_file *f, const char *with) {
    (void)with;
    return g_str_has_suffix(f->name, ".bin") && !starts(f, 0, "\x08");
}

static int is_external_data(const fvi_foreign_file *f, const char *with) {
    (void)with; /* floats have no mark */
    return g_str_has_suffix(f->name, ".onnx.data") || g_str_has_suffix(f->name, ".onnx_data");
}

/* ---- inside --------------------------------------------------------------------------------- */

static int is_zip_with(const fvi_foreign_file *f, const char *with) {
    return fvi_foreign_zip_has(f, with);
}

static int is_cut_zip(const fvi_foreign_file *f, const char *with) {
    (void)with;
    return has_start(f, "PK\x03\x04") && !fvi_foreign_zip_has(f, "PK\x05\x06");
}

static int is_exported_program(const fvi_foreign_file *f, const char *with) {
    (void)with;
    return fvi_foreign_zip_has(f, "models/model.json") ||
           fvi_foreign_zip_has(f, "serialized_exported_program.json");
}

/* Pickled modules name a program's own among their classes. */
static int is_torch_of(const fvi_foreign_file *f, const char *module) {
    return fvi_foreign_zip_has(f, "data.pkl") && fvi_foreign_has_word(f, module);
}

static int is_old_torch_module(const fvi_foreign_file *f, const char *with) {
    return has_start(f, with) && fvi_foreign_has_word(f, "torch.nn.modules");
}

static int is_hdf5_with(const fvi_foreign_file *f, const char *with) {
    return starts(f, 0, "\x89HDF\r\n\x1a\n") && fvi_foreign_has_word(f, with);
}

/* ---- text ----------------------------------------------------------------------------------- */

static int is_html(const fvi_foreign_file *f, const char *with) {
    (void)with;
    return fvi_foreign_text_starts(f, "<!doctype html") || fvi_foreign_text_starts(f, "<html") ||
           (fvi_foreign_text_starts(f, "<?xml") && fvi_foreign_has_word(f, "<html"));
}

static int is_text_start(const fvi_foreign_file *f, const char *with) {
    return fvi_foreign_is_text(f) && fvi_foreign_text_starts(f, with);
}

/* A short text: XML of a store of files, JSON of a hub, or the sentence itself. */
static int is_server_message(const fvi_foreign_file *f, const char *with) {
    static const char *const sentences[] = {"not found",
                                            "404",
                                            "403 forbidden",
                                            "access denied",
                                            "forbidden",
                                            "entry not found",
                                            "unauthorized",
                                            "repository not found",
                                            "invalid username or password"};
    (void)with;
    if (f->size > MESSAGE_MAX || !fvi_foreign_is_text(f)) return 0;
    for (size_t i = 0; i < G_N_ELEMENTS(sentences); i++)
        if (fvi_foreign_text_starts(f, sentences[i])) return 1;
    if (fvi_foreign_text_starts(f, "<")) return fvi_foreign_has_word(f, "<Error>");
    return fvi_foreign_looks_json(f) && fvi_foreign_has_word(f, "\"error\":");
}

static int is_text_with(const fvi_foreign_file *f, const char *with) {
    return fvi_foreign_is_text(f) && fvi_foreign_has_word(f, with);
}

static int is_openvino(const fvi_foreign_file *f, const char *with) {
    (void)with;
    return fvi_foreign_text_starts(f, "<") && is_text_with(f, "<net ");
}

static int is_json_with(const fvi_foreign_file *f, const char *with) {
    return fvi_foreign_looks_json(f) && fvi_foreign_has_word(f, with);
}

/* ---- protobuf ------------------------------------------------------------------------------- */

static int is_core_ml(const fvi_foreign_file *f, const char *with) {
    (void)with;
    return fvi_foreign_is_core_ml(f);
}

static int is_meta_graph(const fvi_foreign_file *f, const char *with) {
    (void)with;
    return fvi_foreign_is_meta_graph(f);
}

static int is_mindspore(const fvi_foreign_file *f, const char *with) {
    (void)with;
    return fvi_foreign_is_mindspore(f);
}

static int is_caffe(const fvi_foreign_file *f, const char *with) {
    (void)with;
    return fvi_foreign_is_caffe(f);
}

static int is_paddle(const fvi_foreign_file *f, const char *with) {
    (void)with;
    return fvi_foreign_is_paddle(f);
}

/* ---- the table ------------------------------------------------------------------------------ */

static const struct {
    int (*match)(const fvi_foreign_file *f, const char *argument);
    const char *argument, *kind, *advice;
} rows[] = {
#define FVI_FOREIGN(match, argument, kind, advice) {match, argument, kind, advice},
#include "model/foreign/foreign.def"
#undef FVI_FOREIGN
};

const char *fvi_foreign_kind(int index) {
    return index >= 0 && index < (int)G_N_ELEMENTS(rows) ? rows[index].kind : NULL;
}

/* The advice with FILE and STEM replaced. */
static char *fill(const char *advice, const char *name) {
    const char *dot = strrchr(name, '.');
    const int stem = dot && dot != name ? (int)(dot - name) : (int)strlen(name);
    GString *s = g_string_new(NULL);
    for (const char *at = advice; *at;) {
        const int own = g_str_has_prefix(at, "STEM"), whole = g_str_has_prefix(at, "FILE");
        if (own || whole)
            g_string_append_len(s, name, own ? stem : (gssize)strlen(name));
        else
            g_string_append_c(s, *at);
        at += own || whole ? 4 : 1;
    }
    return g_string_free(s, FALSE);
}

/* Index of the row that a file fits, or -1. */
static int find_row(const uint8_t *bytes, size_t size, const char *name) {
    const fvi_foreign_file f = {bytes, size, name};
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
        if (rows[i].match(&f, rows[i].argument)) return (int)i;
    return -1;
}

const char *fvi_foreign_kind_of(const uint8_t *bytes, size_t size, const char *name) {
    return fvi_foreign_kind(find_row(bytes, size, name));
}

char *fvi_foreign_text(const uint8_t *bytes, size_t size, const char *name) {
    const int row = find_row(bytes, size, name);
    if (row < 0 || !rows[row].advice) return NULL;
    char *advice = fill(rows[row].advice, name);
    char *text =
        g_strdup_printf("not a model that can be read, but %s; %s", rows[row].kind, advice);
    g_free(advice);
    return text;
}

/* What a folder is, by the ending of a file in it; the first row counts. */
static const struct {
    const char *ending, *text; /* NULL: that file is to be given */
} in_folders[] = {
    {".onnx", NULL},
    {"Manifest.json", FVI_FOLDER_APPLE},
    {"coremldata.bin", FVI_FOLDER_APPLE},
    {".safetensors", FVI_FOLDER_HUGGING},
    {"pytorch_model.bin", FVI_FOLDER_HUGGING},
    {".keras", NULL},
    {".pt2", NULL},
    {".tflite", NULL},
    {".prototxt", NULL},
    {".cfg", NULL},
    {".pb", NULL},
    {".h5", NULL},
    {".meta", NULL},
    {"model.json", NULL},
    {"-symbol.json", NULL},
    {".pdmodel", NULL},
    {"inference.json", NULL},
    {".param", NULL},
    {".pt", NULL},
    {".pth", NULL},
    {"checkpoint", FVI_FOLDER_CHECKPOINT},
};

static int folder_row(const char *file) {
    int row = 0;
    while (row < (int)G_N_ELEMENTS(in_folders) && !g_str_has_suffix(file, in_folders[row].ending))
        row++;
    return row;
}

char *fvi_foreign_folder_text(const char *path) {
    if (!g_file_test(path, G_FILE_TEST_IS_DIR)) return NULL;
    char *base = g_path_get_basename(path), *found = NULL, *text = NULL;
    int best = (int)G_N_ELEMENTS(in_folders), any = 0;
    GDir *dir = g_dir_open(path, 0, NULL);
    for (const char *file; dir && (file = g_dir_read_name(dir)); any = 1) {
        const int row = folder_row(file);
        if (row > best || (row == best && (!found || strcmp(found, file) < 0))) continue;
        best = row;
        g_free(found);
        found = g_strdup(file);
    }
    if (dir) g_dir_close(dir);
    if (found && !in_folders[best].text)
        text = g_strdup_printf("its model is the file %s", found);
    else if (found)
        text = fill(in_folders[best].text, base);
    else if (dir && !any)
        text = g_strdup("it is empty");
    g_free(found);
    g_free(base);
    return text;
}
