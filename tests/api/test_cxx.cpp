// SPDX-License-Identifier: Apache-2.0
// The public header from C++: descs are made with fv_desc, and the library's functions are found.
#include <cstdio>
#include <cstring>

#include "fovea/fovea.h"

static int failed;

static void expect(bool holds, const char *what) {
    if (holds) return;
    std::fprintf(stderr, "not true: %s\n", what);
    failed = 1;
}

int main() {
    fv_error error = fv_error();
    fv_model *model = nullptr;
    fv_session *session = nullptr;
    fv_session_desc desc = fv_desc<fv_session_desc>();
    expect(desc.struct_size == sizeof desc && desc.threads == 0, "a desc is its size and zeros");
    desc.threads = 1;
    if (fv_model_load("tests/data/cli/tiny.onnx", nullptr, &model, &error) ||
        fv_session_new(model, &desc, &session, &error)) {
        std::fprintf(stderr, "%s\n", error.text);
        return 1;
    }
    fv_session_free(session);
    session = nullptr;
    desc.threads = -1;
    expect(fv_session_new(model, &desc, &session, &error) == FV_ARG, "a desc is looked at");
    expect(std::strstr(error.text, "threads is -1") != nullptr, "an error says what is wrong");
    fv_model_free(model);
    return failed;
}
