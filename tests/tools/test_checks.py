# SPDX-License-Identifier: Apache-2.0
"""The check scripts refuse what they should: each test makes a small tree with one thing wrong."""
import json
import platform
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

TOOLS = Path(__file__).resolve().parents[2] / "tools"
SPDX = "/* SPDX-License-Identifier: Apache-2.0 */\n"


def run(script, *arguments):
    """Exit code and output of a check script."""
    done = subprocess.run([sys.executable, str(TOOLS / script), *map(str, arguments)],
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    return done.returncode, done.stdout


class Tree(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = Path(folder.name)

    def write(self, path, text):
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        return file

    def check(self, script, wanted, path, text, *arguments):
        """The script finds nothing without the file, and `wanted` with it."""
        file = self.root / path
        file.unlink(missing_ok=True)
        code, out = run(script, self.root, *arguments)
        self.assertEqual(code, 0, out)
        self.write(path, text)
        code, out = run(script, self.root, *arguments)
        self.assertEqual(code, 1 if wanted else 0, out)
        self.assertIn(wanted or "nothing wrong", out)
        file.unlink()


class Ranks(Tree):
    def test_ranks(self):
        self.write("src/backend/onednn/dnnl/dnnl.h", SPDX)
        dnnl, ops = "src/backend/onednn/dnnl", "src/backend/onednn/ops"
        named = "oneDNN is named elsewhere"
        self.write(f"{dnnl}/dnnl_compat.h", SPDX + "#include <oneapi/dnnl/dnnl.h>\n")
        self.write(f"{dnnl}/dnnl_private.h",
                   SPDX + '#include "backend/onednn/dnnl/dnnl_compat.h"\n')
        for path, header, wanted in [
                ("src/base/a.c", '"base/error.h"', ""),
                ("src/vis/a.c", '"base/error.h"', ""),
                ("src/vis/a.c", '"fovea/fovea.h"', ""),
                ("src/base/a.c", '"graph/graph.h"', "base stands below graph"),
                ("src/model/a.c", '"backend/executable.h"', "do not know each other"),
                ("src/bench/a.c", '"vis/render/render.h"', ""),
                ("src/inspect/a.c", '"inspect/dataset/x.h"', "stands below inspect/dataset"),
                ("src/inspect/dataset/a.c", '"inspect/a.h"', ""),
                ("src/inspect/dataset/a.c", '"inspect/weights/a.h"', "do not know each other"),
                ("src/backend/onednn/ops/a.c", '"backend/executable.h"', ""),
                ("src/backend/executable.c", '"backend/onednn/plan.h"', "stands below"),
                ("src/backend/backends.c", '"backend/onednn/plan.h"', ""),
                ("src/base/a.c", '"error.h"', "relative to src/"),
                ("src/base/a.c", '"base/../graph/graph.h"', "relative to src/"),
                ("cli/a.c", '"base/error.h"', "the command sees only"),
                ("examples/a.c", '"base/error.h"', "for users"),
                (f"{dnnl}/dnnl_conv.c", "<oneapi/dnnl/dnnl.h>", ""),
                ("src/runtime/a.c", '"backend/onednn/dnnl/dnnl.h"', ""),
                (f"{ops}/conv.c", '"backend/onednn/dnnl/dnnl_private.h"', named),
                (f"{ops}/conv.c", "<oneapi/dnnl/dnnl.h>", named),
                (f"{ops}/conv.c", "<dnnl_types.h>", named),
                ("src/image/a.c", "<vips/vips.h>", ""),
                ("src/draw/a.c", "<vips/vips.h>", "libvips is named elsewhere"),
                ("src/model/onnx/a.c", '"model/onnx/onnx.pb-c.h"', ""),
                ("src/model/a.c", '"model/onnx/onnx.pb-c.h"', "protobuf-c is named elsewhere")]:
            with self.subTest(path=path, header=header):
                self.check("check_ranks.py", wanted, path, f"{SPDX}#include {header}\n")

    def test_circles(self):
        """A needs B by its header, B needs C by a function, C needs A through a header of no .c."""
        self.write("src/graph/a.h", SPDX + "int a(void);\n")
        self.write("src/graph/b.h", SPDX + "int b(void);\n/* ---- c.c ---- */\nint c(int x);\n")
        self.write("src/graph/types.h", SPDX + '#include "graph/a.h"\n')
        self.write("src/graph/a.c", SPDX + '#include "graph/a.h"\n#include "graph/b.h"\n')
        self.write("src/graph/b.c", SPDX + '#include "graph/b.h"\nint b(void) { return c(1); }\n')
        includes = '#include "graph/b.h"\n#include "graph/types.h"\n'
        self.check("check_ranks.py", "src/graph/c.c needs src/graph/a.c (a.h)", "src/graph/c.c",
                   SPDX + includes)
        self.write("src/graph/b.c", SPDX + '#include "graph/b.h"\n/* c(1) */\n')
        self.check("check_ranks.py", "", "src/graph/c.c", SPDX + '#include "graph/types.h"\n')


class Parameters(Tree):
    def test_counts(self):
        seven = "int a, int b, int c, int d, int e, int f, int (*g)(int, int)"
        for text, wanted in [
                (f"int f({seven}) {{\n    return a;\n}}\n", ""),
                (f"int f({seven}, int h) {{\n    return a;\n}}\n",
                 "src/draw/a.c:2: f has 8 parameters, at most 7"),
                (f"int f({seven}) {{\n    return g(1, 2) + h(1, 2, 3, 4, 5, 6, 7, 8);\n}}\n", "")]:
            with self.subTest(text=text):
                self.check("check_parameters.py", wanted, "src/draw/a.c", SPDX + text)


class Homes(Tree):
    def test_functions(self):
        self.write("src/draw/a.c", SPDX + "static int x;\nint a(void) {\n    return x;\n}\n")
        self.write("src/draw/b.c", SPDX + "int b(void) {\n    return 1;\n}\n")
        for text, wanted in [
                ("int a(void);\n", ""),
                ("int a(void);\nint b(void);\n", "b is in src/draw/b.c, not in src/draw/a.c"),
                ("int a(void);\n/* ---- b.c: more ---- */\nint b(void);\n", ""),
                ("/* ---- b.c ---- */\nint b(void);\nint a(void);\n", "a is in src/draw/a.c, not"),
                ("static inline int b(void) { return 1; }\n", ""),
                ("typedef struct t {\n    int (*b)(void);\n} t;\n", "")]:
            with self.subTest(text=text):
                self.check("check_homes.py", wanted, "src/draw/a.h", SPDX + text)

    def test_folders(self):
        for i in range(24):
            self.write(f"tests/x/{i}.c", SPDX)
        self.write("tests/x/sub/a.c", SPDX)
        self.write("tests/x/25.h", SPDX)
        self.check("check_homes.py", "tests/x: 26 files; at most 25", "tests/x/26.def", "")

    def test_declarations_are_found(self):
        sys.path.insert(0, str(TOOLS))
        from csource import declared_functions
        text = ('#define M(a) f(a)\n/* g(x); */\nint a(int x),\n    unused;\n'
                'void *b(void (*f)(int), int n)\n    __attribute__((format(printf, 1, 2)));\n'
                'typedef int (*fn)(int);\ntypedef struct s {\n    int v;\n} s;\n'
                'extern const s row;\nstatic inline int c(void) {\n    return d(1);\n}\n'
                '/* -- e.c -- */\nint e(s x[4]);\n')
        self.assertEqual(list(declared_functions(text)), [("a", None), ("b", None), ("e", "e.c")])


class Style(Tree):
    def test_style(self):
        body = "".join("    x++;\n" for _ in range(100))
        ifs = "".join(f"    if (x == {i}) x = 0;\n" for i in range(15))
        fixme = "FIX" + "ME"
        for path, text, wanted in [
                ("src/base/a.c", SPDX + "int a(void) {\n    return 1;\n}\n", ""),
                ("src/base/a.c", "int a;\n", "no SPDX line"),
                ("src/base/a.c", SPDX + "int a;\n" * 800, "801 lines"),
                ("src/base/a.c", SPDX + "int a;" + " " * 100 + "int b;\n", "112 columns"),
                ("src/base/a.c", SPDX + "// clang-format off\nint a;" + " " * 100 + "int b;\n", ""),
                ("src/base/a.c", SPDX + "// clang-format off\n// clang-format on\n" + "/" * 101,
                 "101 columns"),
                ("src/base/a.c", SPDX + "\tint a;\n", "a tab"),
                ("src/base/a.c", SPDX + "int a;", "no newline"),
                ("tests/a.c", SPDX + "void f(int x) {\n" + body + "}\n", "f has 102 lines"),
                ("cli/a.c", SPDX + "void f(int x) {\n" + ifs + "}\n", "f has complexity 16"),
                ("src/base/a.c", SPDX + f"/* {fixme}: later */\n", fixme),
                ("src/base/a.c", SPDX + '#define A "/ho' + 'me/someone"\n', "has no place here"),
                ("src/base/a.c", SPDX + 'void f(void) {\n    printf("a");\n}\n', "never does"),
                ("src/base/a.c", SPDX + "void f(void) {\n    exit(1);\n}\n", "never does"),
                ("src/base/a.c", SPDX + 'void f(void) {\n    g_getenv("A");\n}\n', "never does"),
                ("src/base/a.c", SPDX + "/* exit(1) is not called */\n", ""),
                ("cli/a.c", SPDX + "void f(void) {\n    exit(1);\n}\n", "")]:
            with self.subTest(text=text[len(SPDX):60 + len(SPDX)]):
                self.check("check_style.py", wanted, path, text)

    def test_functions_are_found(self):
        sys.path.insert(0, str(TOOLS))
        from csource import functions
        text = ('static const int t[] = {1, 2};\nstruct s {\n    int a;\n};\n#define M(x) { x }\n'
                'static int\nf(int (*g)(int), char c) {\n    if (c == \'{\') { g(1); }\n'
                '    return "}"[0];\n}\n\nconst op o = {"a", f};\nvoid h(void) {}\n')
        self.assertEqual([f[:3] for f in functions(text)], [("f", 6, 10), ("h", 13, 13)])


class Headers(Tree):
    def test_headers(self):
        self.write("include/fovea/fovea.h", SPDX + "#ifndef A\n#define A\nint a(void);\n#endif\n")
        for text, wanted in [
                ("#ifndef B\n#define B\n#include <stddef.h>\nsize_t b(void);\n#endif\n", ""),
                ("#ifndef B\n#define B\nsize_t b(void);\n#endif\n", "does not compile alone"),
                ("typedef struct s { int a; } s;\n", "does not compile alone")]:
            with self.subTest(text=text):
                self.check("check_headers.py", wanted, "src/base/b.h", SPDX + text, "cc")
        bad = "#ifndef A\n#define A\nint a(int class);\n#endif\n"
        self.write("include/fovea/fovea.h", SPDX + bad)
        code, out = run("check_headers.py", self.root, "cc")
        self.assertIn("alone as c++" if code else "C++ not checked", out)


class Symbols(Tree):
    def test_symbols(self):
        self.write("include/a.h", "#define FV_API a(b)\n/* FV_API int fv_c(void); */\n"
                                  "FV_API const char *fv_a(void);\n")
        for source, wanted in [
                ("int fv_a(void) { return 1; }", ""),
                ("int fv_b(void) { return 1; }", "fv_a: declared"),
                ("int fv_a(void) { return 1; } int fv_b;", "fv_b: exported, but not declared"),
                ("int fv_a(void) { return 1; } int other;", "other: does not start")]:
            with self.subTest(source=source):
                file = self.write("a.c", source)
                library = self.root / "a.so"
                subprocess.run(["cc", "-shared", "-fPIC", "-o", library, file], check=True)
                code, out = run("check_symbols.py", library, self.root / "include")
                self.assertEqual(code, 1 if wanted else 0, out)
                self.assertIn(wanted, out)


HEADER = """typedef struct fv_x_desc {
    int size;
} fv_x_desc;
FV_API fv_status fv_x_new(const fv_x_desc *desc, int n, fv_x **out, fv_error *err);
"""


class Misuse(Tree):
    def check_misuse(self, *lines):
        self.write("include/x.h", HEADER)
        self.write("tests/x.c", SPDX + "\n".join(lines) + "\n")
        return run("check_misuse.py", self.root / "include", self.root / "tests")

    def test_misuse(self):
        lines = ["#define X(...) fv_x_new(&(fv_x_desc){__VA_ARGS__}, 1, &o.x, err)",
                 'REFUSED(FV_ARG, "size", X(.size = -1));',
                 'REFUSED(FV_ARG, "size", X(.size = 9));',
                 'REFUSED(FV_ARG, "n", fv_x_new(NULL, 0, &o.x, err));',
                 'REFUSED(FV_ARG, "out", fv_x_new(&d, 1, NULL, err));']
        self.assertEqual(self.check_misuse(*lines)[0], 0, self.check_misuse(*lines)[1])
        for line, wanted in ((2, "fv_x_desc.size"), (3, "desc is NULL in no call"),
                             (4, "out is NULL in no call")):
            code, out = self.check_misuse(*(l for i, l in enumerate(lines) if i != line))
            self.assertEqual(code, 1, out)
            self.assertIn(wanted, out)
        code, out = self.check_misuse("int x;")
        self.assertIn("fv_x_new: no test calls it", out)


@unittest.skipIf(platform.machine() != "x86_64", "the record is of x86-64")
class Abi(Tree):
    def test_abi(self):
        compiler = "cc"
        header = ("#define FV_API\n#include <stddef.h>\ntypedef struct fv_x {\n    int a, b;\n} fv_x;\n"
                  "FV_API int fv_f(int a);\n")
        self.write("include/fovea/fovea.h", header)
        source = self.write("x.c", "int fv_f(int a) { return a; }\n")
        library, record = self.root / "libx.so", self.root / "x.abi"
        subprocess.run([compiler, "-shared", "-fPIC", "-o", library, source], check=True)
        arguments = (record, library, self.root / "include/fovea", compiler)
        self.assertEqual(run("check_abi.py", *arguments)[0], 1)  # nothing is recorded yet
        self.assertEqual(run("check_abi.py", *arguments, "--update")[0], 0)
        self.assertEqual(run("check_abi.py", *arguments)[0], 0)
        for old, new, wanted in (("int a, b;", "int a, c, b;", "struct fv_x 12"),
                                 ("int fv_f(int a)", "int fv_f(long a)", "fv_f(long a)")):
            self.write("include/fovea/fovea.h", header.replace(old, new))
            code, out = run("check_abi.py", *arguments)
            self.assertEqual(code, 1, out)
            self.assertIn(wanted, out)


class Docs(Tree):
    def test_docs(self):
        self.write("examples/unit.c", "int main(void) {\n    int a;\n    f(a,\n      b);\n}\n")
        for text, wanted in [
                ("```c\nint a;\nf(a,\n  b);\n```\n[it](examples/unit.c) [far](https://a.b)\n", ""),
                ("```c\nint a;\nf(a, c);\n```\n", "not in examples/unit.c: f(a, c)"),
                ("nothing\n", "no C program"),
                ("```c\nint a;\n```\n[x](docs/x.md#part)\n", "README.md:4: there is no docs/x")]:
            with self.subTest(text=text):
                self.write("README.md", text)
                code, out = run("check_docs.py", self.root)
                self.assertEqual(code, 1 if wanted else 0, out)
                self.assertIn(wanted, out)


class Count(Tree):
    def log(self, *outcomes):
        return self.write("build/meson-logs/testlog.json", "".join(
            json.dumps({"name": f"t{i}", "result": r}) + "\n" for i, r in enumerate(outcomes)))

    def test_count(self):
        for outcomes, code, line in [
                (("OK", "OK", "SKIP"), 0, "2 passed, 0 failed, 1 skipped"),
                (("OK", "FAIL"), 1, "1 passed, 1 failed, 0 skipped"),
                (("OK", "TIMEOUT", "ERROR"), 1, "1 passed, 2 failed, 0 skipped"),
                (("SKIP",), 1, "0 passed, 0 failed, 1 skipped"),
                ((), 1, "0 passed, 0 failed, 0 skipped")]:
            with self.subTest(outcomes=outcomes):
                found, out = run("count_tests.py", self.log(*outcomes))
                self.assertEqual((found, out.splitlines()[-1]), (code, line))
        code, out = run("count_tests.py", self.log("OK"), self.root / "nowhere.json")
        self.assertEqual((code, out.splitlines()[-1]), (1, "1 passed, 1 failed, 0 skipped"))


if __name__ == "__main__":
    unittest.main()
