#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A program compiled against a newer header, whose descs have one more field, works with this
library, and so does one compiled against today's:  test_grow.py INCLUDE LIBRARY COMPILER...

Each struct fv_*_desc of the headers must begin with `size_t struct_size`, must be tried in grow.c,
and must not end in padding: a field added there would be read from bytes that nobody has set."""
import re
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
MODEL = HERE.parent / "data" / "cli" / "tiny.onnx"
ANY = re.compile(r"typedef struct (fv_\w+_desc) \{")
DESC = re.compile(r"(typedef struct (fv_\w+) \{\s*size_t struct_size;.*?)(\n\} \2;)", re.DOTALL)


def run(include, library, compiler, folder, flags):
    """The output of grow.c compiled against those headers, and whether it is content."""
    program = Path(folder) / "grow"
    subprocess.run([*compiler, "-std=c11", "-Wall", "-Werror", *flags, f"-I{include}",
                    HERE / "grow.c", library, f"-Wl,-rpath,{library.parent}", "-o", program],
                   check=True)
    done = subprocess.run([program, MODEL], stdout=subprocess.PIPE, text=True)
    return done.returncode, done.stdout


def main():
    include, library = Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve()
    compiler = sys.argv[3:]
    source = (HERE / "grow.c").read_text(encoding="utf-8")
    with tempfile.TemporaryDirectory() as folder:
        newer = Path(folder) / "include"
        (newer / "fovea").mkdir(parents=True)
        names, descs = [], []
        for header in (include / "fovea").glob("*.h"):
            text = header.read_text(encoding="utf-8")
            names += [m.group(2) for m in DESC.finditer(text)]
            descs += ANY.findall(text)
            text = DESC.sub(r"\1\n    int64_t grown;\3", text)
            (newer / "fovea" / header.name).write_text(text, encoding="utf-8")
        fixed = [n for n in descs if n not in names]
        if fixed:
            sys.exit(f"{', '.join(fixed)}: a desc must begin with size_t struct_size")
        untried = [n for n in names if f"TRY({n}," not in source]
        if untried or not names:
            sys.exit(f"grow.c does not try {', '.join(untried) or 'anything'}")
        probe = Path(folder) / "padded.c"
        probe.write_text("#include <fovea/fovea.h>\n" + "".join(
            f"{n} t_{n};\n" for n in names), encoding="utf-8")
        padded = subprocess.run([*compiler, "-Wpadded", "-fsyntax-only", f"-I{include}", probe],
                                stderr=subprocess.PIPE, text=True).stderr
        for name in re.findall(r"padding struct size.*?\n.*?\} (fv_\w+);", padded):
            if name in names:
                sys.exit(f"{name} ends in padding: reorder its fields, or fill it up")
        for where, flags in ((include, []), (newer, ["-DGROWN"])):
            code, out = run(where, library, compiler, folder, flags)
            if code:
                sys.exit(f"{'a newer' if flags else 'this'} header:\n{out}")
    print(f"{len(names)} descs can grow")


if __name__ == "__main__":
    main()
