# SPDX-License-Identifier: Apache-2.0
"""The two pictures of docs/quality.md: the montage, and a few classes by several rows."""
import io

from PIL import Image, ImageDraw, ImageFont

from rows import FEW, pictures

SHOWN = {7: "cock", 107: "jellyfish", 187: "Yorkshire terrier", 407: "ambulance",
         587: "hammer", 607: "jack-o'-lantern", 947: "mushroom", 967: "espresso"}
TILE, GAP, HEAD, SIDE = 112, 4, 20, 128
LARGEST = 600_000    # bytes of a picture in the documents
INK, PAPER = (32, 32, 32), (255, 255, 255)


def save(sheet, path):
    """As JPEG, as good as the size allows."""
    for quality in range(92, 30, -4):
        stream = io.BytesIO()
        sheet.save(stream, "JPEG", quality=quality, optimize=True)
        if stream.tell() <= LARGEST:
            break
    path.write_bytes(stream.getvalue())


def write_montage(path, maker, row):
    """Writes the montage the row's own command made; nothing if there is none."""
    made = maker.folder(row) / "montage.png"
    if made.exists():
        with Image.open(made) as sheet:
            save(sheet.convert("RGB"), path)


def label(row):
    """A row's name on at most two lines."""
    return row.name.replace("-program", "\n(its own program)")


def write_strip(path, maker, rows):
    """Writes the strip of the rows that have all 50 classes; nothing if there are none."""
    rows = [row for row in rows if len(row.classes) > len(FEW)]
    if not rows:
        return
    font = ImageFont.load_default(13)
    size = (SIDE + len(SHOWN) * (TILE + GAP), HEAD + len(rows) * (TILE + GAP))
    sheet = Image.new("RGB", size, PAPER)
    draw = ImageDraw.Draw(sheet)
    for x, name in enumerate(SHOWN.values()):
        draw.text((SIDE + x * (TILE + GAP) + TILE // 2, HEAD // 2), name, INK, font, anchor="mm")
    for y, row in enumerate(rows):
        top = HEAD + y * (TILE + GAP)
        draw.multiline_text((4, top + TILE // 2), label(row), INK, font, anchor="lm")
        files = pictures(maker.folder(row))
        for x, k in enumerate(SHOWN):
            if k not in files:
                continue
            with Image.open(files[k]) as picture:
                tile = picture.convert("RGB").resize((TILE, TILE), Image.Resampling.BICUBIC)
            sheet.paste(tile, (SIDE + x * (TILE + GAP), top))
    save(sheet, path)
