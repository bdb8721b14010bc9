# SPDX-License-Identifier: Apache-2.0
"""Makes the files of npy/, arrays/ and pictures/, which tests of base/, model/ and image/ read.

They were made with Python 3.11, numpy 2.4.6 and Pillow 13.0.0:   python3 tests/data/make_data.py
"""
import os
import struct
import zlib

import numpy as np
from PIL import Image, ImageCms

here = os.path.dirname(os.path.abspath(__file__))


def npy_values(kind):
    """[2][3]: what test_npy.c expects."""
    i = np.arange(6).reshape(2, 3)
    return {'f': i * 0.5 - 1, 'i': i * 20 - 50, 'u': i * 50, 'b': i % 2 == 1}[kind]


def make_npy(folder):
    os.makedirs(folder, exist_ok=True)
    for dtype in ['f2', 'f4', 'f8', 'i1', 'i2', 'i4', 'i8', 'u1', 'u2', 'u4', 'u8', 'b1']:
        for mark, order in ('<', 'little'), ('>', 'big'):
            a = npy_values(dtype[0]).astype(mark + dtype)
            np.save(f'{folder}/{dtype}_{order}.npy', a)
            if dtype in ('f4', 'i2'):
                np.save(f'{folder}/{dtype}_{order}_fortran.npy', np.asfortranarray(a))
    np.save(f'{folder}/scalar.npy', np.float32(2.5))
    np.save(f'{folder}/empty.npy', np.zeros((0, 3), 'f4'))
    np.save(f'{folder}/vector.npy', np.arange(5, dtype='f8'))
    cube = np.arange(24, dtype='f4').reshape(2, 3, 4)
    np.save(f'{folder}/fortran_3d.npy', np.asfortranarray(cube))
    np.save(f'{folder}/complex.npy', np.zeros(2, 'c8'))
    np.save(f'{folder}/structured.npy', np.zeros(2, [('a', 'f4'), ('b', 'i4')]))
    np.save(f'{folder}/half_limits.npy',
            np.array([65504, -65504, 2 ** -14, 2 ** -24, np.inf, -np.inf, np.nan, -0.0], 'f2'))
    for version in (2, 0), (3, 0):
        with open(f'{folder}/version{version[0]}.npy', 'wb') as f:
            np.lib.format.write_array(f, npy_values('f').astype('<f4'), version=version)


def make_arrays(folder):
    """What test_array.c reads: one NPY of each dtype in a file, packed and not."""
    os.makedirs(folder, exist_ok=True)
    arrays = {dtype: npy_values(dtype[0]).astype(dtype) for dtype in
              ['f2', 'f4', 'f8', 'i1', 'i2', 'i4', 'i8', 'u1', 'u2', 'u4', 'u8', 'b1']}
    np.savez(f'{folder}/stored.npz', **arrays)
    np.savez_compressed(f'{folder}/packed.npz', **arrays)
    np.savez(f'{folder}/one.npz', only=arrays['f4'])


def make_pictures(folder):
    os.makedirs(folder, exist_ok=True)
    # Four flat quarters: red, green / blue, white; 16 wide and 8 high.
    quarters = np.zeros((8, 16, 3), np.uint8)
    quarters[:4, :8] = 255, 0, 0
    quarters[:4, 8:] = 0, 255, 0
    quarters[4:, :8] = 0, 0, 255
    quarters[4:, 8:] = 255, 255, 255
    picture = Image.fromarray(quarters)
    for orientation in range(1, 9):
        exif = Image.Exif()
        exif[0x0112] = orientation
        picture.save(f'{folder}/exif{orientation}.jpg', exif=exif, quality=95, subsampling=0)
    picture.convert('CMYK').save(f'{folder}/cmyk.jpg', quality=95)
    picture.convert('P').save(f'{folder}/palette.png')
    picture.save(f'{folder}/animated.gif', save_all=True,
                 append_images=[Image.new('RGB', (16, 8), 'black')])
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile('sRGB')).tobytes()
    picture.save(f'{folder}/profile.png', icc_profile=profile)
    picture.save(f'{folder}/bad_profile.png', icc_profile=b'no profile at all' * 10)
    alpha = np.zeros((1, 3, 4), np.uint8)
    alpha[0] = (255, 255, 255, 0), (255, 0, 0, 255), (0, 0, 0, 128)
    Image.fromarray(alpha).save(f'{folder}/alpha.png')
    Image.fromarray(np.array([[[200, 0], [200, 255]]], np.uint8)).save(f'{folder}/grey_alpha.png')
    Image.fromarray(np.array([[0, 1, 32768, 65535]], np.uint16)).save(f'{folder}/grey16.png')
    Image.fromarray(np.array([[0, 0.5]], np.float32)).save(f'{folder}/float.tif')

    # A header that promises more pixels than there can be.
    def chunk(kind, body):
        size, sum_ = struct.pack('>I', len(body)), struct.pack('>I', zlib.crc32(kind + body))
        return size + kind + body + sum_

    with open(f'{folder}/huge.png', 'wb') as f:
        f.write(b'\x89PNG\r\n\x1a\n')
        f.write(chunk(b'IHDR', struct.pack('>IIBBBBB', 100000, 100000, 8, 2, 0, 0, 0)))
        f.write(chunk(b'IDAT', zlib.compress(bytes(1000))) + chunk(b'IEND', b''))

    # A picture of 64 million pixels in a few bytes; and one of 8 million, of 250 bands each.
    with open(f'{folder}/bomb.png', 'wb') as f:
        f.write(b'\x89PNG\r\n\x1a\n')
        f.write(chunk(b'IHDR', struct.pack('>IIBBBBB', 8192, 8192, 8, 2, 0, 0, 0)))
        f.write(chunk(b'IDAT', zlib.compress(bytes(1000))) + chunk(b'IEND', b''))
    tags = [(256, 4, 4096), (257, 4, 2048), (258, 3, 16), (259, 3, 1), (262, 3, 1), (273, 4, 8),
            (277, 3, 250), (278, 4, 2048), (279, 4, 4)]  # width, height, ..., bands, ...
    with open(f'{folder}/bands.tif', 'wb') as f:
        f.write(b'II*\0' + struct.pack('<I', 12) + bytes(4) + struct.pack('<H', len(tags)))
        f.write(b''.join(struct.pack('<HHII', t, kind, 1, v) for t, kind, v in tags) + bytes(4))

    # What resizing is compared with: smooth and rough parts, the planes resized as floats.
    y, x = np.mgrid[0:30, 0:41] / 10
    rng = np.random.default_rng(1)
    rgb = np.stack([np.sin(3 * x + y), np.cos(x * y), rng.uniform(-1, 1, x.shape)]) * 0.5 + 0.5
    bytes_ = (rgb * 255).round().astype(np.uint8)
    Image.fromarray(bytes_.transpose(1, 2, 0)).save(f'{folder}/resize.png')
    planes = (bytes_ / 255).astype('f4')
    filters = {'bilinear': Image.BILINEAR, 'bicubic': Image.BICUBIC, 'area': Image.BOX}
    for name, how in filters.items():
        sizes = [(10, 41)] if name == 'area' else [(15, 41), (30, 20), (26, 36), (48, 61), (45, 25)]
        for h, w in sizes:
            out = [np.asarray(Image.fromarray(p).resize((w, h), how)) for p in planes]
            np.save(f'{folder}/{name}_{h}x{w}.npy', np.stack(out).clip(0, 1).astype('f4'))


if __name__ == '__main__':
    make_npy(os.path.join(here, 'npy'))
    make_arrays(os.path.join(here, 'arrays'))
    make_pictures(os.path.join(here, 'pictures'))
