#!/usr/bin/env python3
"""PNGs byte by byte, of samples that are known: forms.py FOLDER PLEURA

Every colour type, depth, filter, interlacing and way to lay out the data; transparency, turned pictures, animations and
chunks that change nothing: the greys by formula, to the last one. What is broken is refused with its code. Needs
python3-numpy. compare.py asks libpng about the same files.
"""
import os
import struct
import subprocess
import sys
import zlib
from collections import namedtuple

import numpy as np

Form = namedtuple('Form', 'name file greys code', defaults=(None, None))
GREY, COLOUR, PALETTE, GREY_ALPHA, COLOUR_ALPHA = 0, 2, 3, 4, 6
CHANNELS = {GREY: 1, COLOUR: 3, PALETTE: 1, GREY_ALPHA: 2, COLOUR_ALPHA: 4}
KINDS = ([(GREY, bits) for bits in (1, 2, 4, 8, 16)] + [(PALETTE, bits) for bits in (1, 2, 4, 8)] +
         [(kind, bits) for kind in (COLOUR, GREY_ALPHA, COLOUR_ALPHA) for bits in (8, 16)])
PASSES = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]  # x, y, steps
random = np.random.default_rng(1)
TABLE = random.integers(0, 256, (256, 3))


def chunk(name, data=b'', wrong=0):
    body = name.encode() + data
    return struct.pack('>I', len(data)) + body + struct.pack('>I', zlib.crc32(body) ^ wrong)


def packed(samples, bits):
    """A row's samples, side by side, to bytes."""
    if bits == 16:
        return samples.astype('>u2').tobytes()
    if bits == 8:
        return samples.astype('u1').tobytes()
    return np.packbits((samples[:, None] >> np.arange(bits)[::-1]) & 1).tobytes()


def filtered(rows, step, choose):
    """Filters (W3C PNG, 9.2): `choose` gives a row's, by its number."""
    before, out = bytes(len(rows[0])), b''
    for number, row in enumerate(rows):
        kind, made = choose(number), bytearray()
        for i, value in enumerate(row):
            a, b, c = row[i - step] if i >= step else 0, before[i], before[i - step] if i >= step else 0
            p = a + b - c
            paeth = min((a, b, c), key=lambda v: abs(p - v))
            made.append((value - (0, a, b, (a + b) // 2, paeth)[kind]) & 255)
        out += bytes([kind]) + made
        before = row
    return out


def scanlines(samples, bits, interlaced, choose):
    step = max(1, samples.shape[2] * bits // 8)
    parts = [samples[y::down, x::across] for x, y, across, down in PASSES] if interlaced else [samples]
    return b''.join(filtered([packed(row.ravel(), bits) for row in part], step, choose) for part in parts if part.size)


def png(samples, kind, bits, interlaced=False, choose=lambda row: row % 5, level=9, before=b'', after=b'', split=0, data=None,
        size=None, palette=True):
    height, width = size or samples.shape[:2]
    if data is None:
        data = zlib.compress(scanlines(samples, bits, interlaced, choose), level)
    parts = [data[i:i + split] for i in range(0, len(data), split)] if split else [data]
    head = struct.pack('>IIBBBBB', width, height, bits, kind, 0, 0, int(interlaced))
    colours = chunk('PLTE', TABLE[:2**min(bits, 8)].astype('u1').tobytes()) if kind == PALETTE and palette else b''
    return (b'\x89PNG\r\n\x1a\n' + chunk('IHDR', head) + colours + before + b''.join(chunk('IDAT', part) for part in parts) +
            after + chunk('IEND'))


def made_of(kind, bits, height=13, width=11):
    return random.integers(0, 2**bits, (height, width, CHANNELS[kind]))


def greys(samples, kind, bits, key=None, alphas=None):
    """As pleura.h says: luma, 16 bits, over black."""
    alpha = np.full(samples.shape[:2], 65535)
    if kind == PALETTE:
        if alphas:
            alpha = np.array([*alphas, *[255] * 256])[samples[..., 0]] * 257
        scaled = TABLE[samples[..., 0]] * 257
    else:
        scaled = samples * (65535 // (2**bits - 1))
        if key is not None:
            alpha = np.where((samples == key).all(axis=2), 0, 65535)
        if kind in (GREY_ALPHA, COLOUR_ALPHA):
            alpha, scaled = scaled[..., -1], scaled[..., :-1]
    if scaled.shape[2] == 3:
        scaled = ((19595 * scaled[..., 0] + 38470 * scaled[..., 1] + 7471 * scaled[..., 2] + 32768) >> 16)[..., None]
    return (scaled[..., 0] * alpha + 32767) // 65535


# ---- Forms ----

def kinds():
    for kind, bits in KINDS:
        for interlaced in (False, True):
            name = f'type_{kind}_bits_{bits}{"_interlaced" if interlaced else ""}'
            for height, width in ((1, 1), (1, 9), (9, 1), (2, 3), (5, 5), (13, 11), (33, 70)):
                samples = made_of(kind, bits, height, width)
                yield Form(f'{name}_{width}x{height}', png(samples, kind, bits, interlaced), greys(samples, kind, bits))
            samples = made_of(kind, bits)
            for filter_kind in range(5):
                yield Form(f'{name}_filter_{filter_kind}', png(samples, kind, bits, interlaced, lambda row, f=filter_kind: f),
                           greys(samples, kind, bits))


def transparency():
    for bits in (1, 2, 4, 8, 16):
        samples = made_of(GREY, bits)
        key = samples[3, 3]
        yield Form(f'key_grey_{bits}', png(samples, GREY, bits, before=chunk('tRNS', struct.pack('>H', key[0]))),
                   greys(samples, GREY, bits, key))
    for bits in (8, 16):
        samples = made_of(COLOUR, bits)
        key = samples[3, 3]
        yield Form(f'key_colour_{bits}', png(samples, COLOUR, bits, before=chunk('tRNS', struct.pack('>3H', *key))),
                   greys(samples, COLOUR, bits, key))
    for bits in (1, 2, 4, 8):
        samples = made_of(PALETTE, bits)
        for count in (1, 2**bits):
            alphas = bytes(random.integers(0, 256, count).astype('u1'))
            yield Form(f'alphas_{bits}_{count}', png(samples, PALETTE, bits, before=chunk('tRNS', alphas)),
                       greys(samples, PALETTE, bits, None, alphas))


def layouts():
    samples = made_of(GREY, 16, 40, 30)
    wanted = greys(samples, GREY, 16)
    make = lambda name, **options: Form(name, png(samples, GREY, 16, **options), wanted)
    for level in (0, 1, 6, 9):
        yield make(f'level_{level}', level=level)
    for split in (1, 7, 1000):
        yield make(f'data_in_parts_of_{split}', split=split)
    for name, before in (
            ('gamma', chunk('gAMA', struct.pack('>I', 100000))), ('gamma_of_0', chunk('gAMA', bytes(4))),
            ('significant_bits', chunk('sBIT', b'\x0c')), ('chromaticities', chunk('cHRM', bytes(32))),
            ('profile', chunk('iCCP', b'a\0\0' + zlib.compress(bytes(100000)))), ('srgb', chunk('sRGB', b'\0')),
            ('background', chunk('bKGD', b'\x12\x34')), ('pixels_wide', chunk('pHYs', struct.pack('>IIB', 2, 1, 0))),
            ('coding', chunk('cICP', b'\x09\x10\0\1')), ('mastering', chunk('mDCv', bytes(24))), ('histogram', chunk('hIST', bytes(4))),
            ('time', chunk('tIME', bytes(7))), ('text', chunk('tEXt', b'a\0b') + chunk('zTXt', b'a\0\0' + zlib.compress(bytes(10**6)))),
            ('unknown', chunk('abCd', b'anything')), ('bad_sum_of_text', chunk('tEXt', b'a\0b', 1)), ('empty_data', chunk('IDAT'))):
        yield make(name, before=before)
    # An animation: the default picture is what counts, whether it belongs to it or not.
    frame = struct.pack('>IIIIIHHBB', 0, 30, 40, 0, 0, 1, 10, 0, 0)
    body = zlib.compress(scanlines(65535 - samples, 16, False, lambda row: 0))
    for name, first in (('animated', chunk('fcTL', frame)), ('animated_later', b'')):
        yield make(name, before=chunk('acTL', struct.pack('>II', 2, 0)) + first,
                   after=chunk('fcTL', frame) + chunk('fdAT', struct.pack('>I', 2) + body))
    colour = made_of(COLOUR, 8)
    yield Form('palette_suggested', png(colour, COLOUR, 8, before=chunk('PLTE', bytes(range(30)))), greys(colour, COLOUR, 8))
    yield Form('tail', png(samples, GREY, 16) + b'tail' * 9, wanted)


def turned():
    samples = made_of(COLOUR, 8, 5, 7)
    grey = greys(samples, COLOUR, 8)
    upright = {1: grey, 2: grey[:, ::-1], 3: grey[::-1, ::-1], 4: grey[::-1], 5: grey.T, 6: grey[::-1].T, 7: grey[::-1, ::-1].T,
               8: grey.T[::-1]}
    for orientation in range(10):
        for order, mark in (('>', b'MM'), ('<', b'II')):
            block = mark + struct.pack(order + 'HIHHHIHHI', 42, 8, 1, 0x112, 3, 1, orientation, 0, 0)
            for place in ('before', 'after'):
                yield Form(f'turned_{orientation}_{mark.decode()}_{place}', png(samples, COLOUR, 8, **{place: chunk('eXIf', block)}),
                           upright.get(orientation, grey))


def broken():
    samples = made_of(GREY, 8)
    good = png(samples, GREY, 8)
    data = scanlines(samples, 8, False, lambda row: row % 5)
    wrong = lambda name, file, code='corrupt': Form(name, file, None, code)
    for kind, bits in ((GREY, 3), (COLOUR, 4), (PALETTE, 16), (1, 8), (5, 8), (7, 8)):
        yield wrong(f'type_{kind}_of_{bits}_bits', png(samples, kind, bits, data=zlib.compress(data)))
    yield wrong('no_palette', png(made_of(PALETTE, 8), PALETTE, 8, palette=False))
    yield wrong('no_data', png(samples, GREY, 8, data=b''))
    yield wrong('data_too_short', png(samples, GREY, 8, data=zlib.compress(data[:-1])))
    yield wrong('data_cut', png(samples, GREY, 8, data=zlib.compress(data)[:-20]))
    yield wrong('filter_of_5', png(samples, GREY, 8, data=zlib.compress(b'\5' + data[1:])))
    yield wrong('not_deflated', png(samples, GREY, 8, data=data))
    yield wrong('preset_dictionary', png(samples, GREY, 8, data=b'\x78\x20' + zlib.compress(data)[2:]))
    yield wrong('unknown_critical', png(samples, GREY, 8, before=chunk('ABCD')), 'unsupported_image')
    yield wrong('apple', good[:8] + chunk('CgBI', bytes(4)) + good[8:], 'unsupported_image')
    yield wrong('zero_height', png(samples, GREY, 8, size=(0, 11)))
    yield wrong('wide', png(samples, GREY, 8, size=(13, 65500)), 'too_large')
    yield wrong('of_2_to_the_32', png(samples, GREY, 8, size=(13, 2**32 - 1)), 'too_large')
    yield wrong('wrong_sum', good.replace(b'IDAT', b'IDAT', 1)[:-20] + b'\0' + good[-19:])
    yield wrong('zero_width', png(samples, GREY, 8, size=(13, 0)))
    yield wrong('sent_as_text', good.replace(b'\r\n', b'\n'), 'format')
    for kept in (7, 20, 33, 45, len(good) - 12, len(good) - 1):
        yield wrong(f'cut_at_{kept}', good[:kept], 'truncated')


# ---- Comparing ----

def fault(form, pleura, path):
    done = subprocess.run([pleura, 'inspect', '--grey', path, '--output', 'out.u16'], capture_output=True, text=True)
    if form.code:
        return '' if f'({form.code})' in done.stderr else f'{done.stderr.strip() or "read"}, not {form.code}'
    if done.returncode:
        return f'refused: {done.stderr.strip()}'
    found, wanted = np.fromfile('out.u16', '<u2'), form.greys.ravel()
    if len(found) != len(wanted):
        return f'{len(found)} samples, not {len(wanted)}'
    worst = np.abs(found.astype(int) - wanted).max()
    return f'greys are off by {worst} of 65,535' if worst else ''


def main():
    folder, pleura = sys.argv[1], os.path.abspath(sys.argv[2])
    os.makedirs(folder, exist_ok=True)
    os.chdir(folder)
    made = [form for make in (kinds, transparency, layouts, turned, broken) for form in make()]
    wrong = 0
    for form in made:
        # compare.py takes what begins with x for corrupt.
        path = f'{"x" if form.code else ""}{form.name.replace("_", "-")}.png'
        with open(path, 'wb') as file:
            file.write(form.file)
        words = fault(form, pleura, path)
        wrong += bool(words)
        if words:
            print(f'not ok {form.name}: {words}')
    print(f'{len(made)} PNGs, of which {sum(bool(form.code) for form in made)} are broken: {wrong} wrong')
    return wrong > 0


if __name__ == '__main__':
    sys.exit(main())
