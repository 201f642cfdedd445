#!/usr/bin/env python3
"""JPEGs as cameras, scanners and programs write them, against libjpeg: forms.py FOLDER PLEURA

Each form is read as libjpeg-turbo (Pillow) reads it, to within one of 255 greys, in colour two, or refused with its
code. Of progressive files every scan is cut short, left out and repeated: that is refused, or changes nothing. Needs
python3-pil, python3-numpy and libjpeg-turbo-progs.
"""
import io
import os
import subprocess
import sys
from collections import namedtuple

import numpy as np
from PIL import Image, ImageOps

FILM = os.path.join(os.path.dirname(__file__), '..', 'fixtures', 'films', 'viral-1.jpg')
# `like`: the file whose picture it has (itself, if None); `code`: of a refusal; `or_code`: that one, or the picture.
Form = namedtuple('Form', 'name file like code or_code', defaults=(None, None, None))
SIZES = [(1, 1), (1, 9), (9, 1), (7, 8), (8, 8), (16, 16), (17, 33), (157, 131)]


def picture(mode, size=(157, 131)):
    grey = Image.open(FILM).convert('L').resize(size)
    if mode == 'L':
        return grey
    if mode == 'CMYK':
        return Image.merge('CMYK', [grey] * 4)
    other = Image.fromarray(np.linspace(0, 255, size[0] * size[1]).astype('u1').reshape(size[::-1]))
    return Image.merge('RGB', [grey, other, ImageOps.invert(grey)])


def pillow(image, **options):
    out = io.BytesIO()
    image.save(out, 'JPEG', **options)
    return out.getvalue()


def cjpeg(image, *options, scans=None):
    out, more = io.BytesIO(), []
    image.save(out, 'PPM')
    if scans:
        with open('scans', 'w', encoding='ascii') as file:
            file.write(scans)
        more = ['-scans', 'scans']
    return subprocess.run(['cjpeg', *options, *more], input=out.getvalue(), capture_output=True, check=True).stdout


# ---- What is in a file ----

def segments(data):
    """(marker, bytes from its FF on, with what follows up to the next marker) of a file without restart markers."""
    found, at = [], 2
    while at < len(data):
        marker, end = data[at + 1], at + 2
        if marker != 0xD9:
            end += int.from_bytes(data[at + 2:at + 4], 'big')
        if marker == 0xDA:
            while not (data[end] == 0xFF and data[end + 1] and not 0xD0 <= data[end + 1] <= 0xD7):
                end += 1
        found.append((marker, data[at:end]))
        at = end
    return found


def joined(parts):
    return b'\xff\xd8' + b''.join(part for _, part in parts)


def with_segment(data, marker, body):
    return data[:2] + bytes([0xFF, marker]) + (len(body) + 2).to_bytes(2, 'big') + body + data[2:]


def exif(orientation, big, directory=0):
    """In the first directory; or in the second one, which is the thumbnail's."""
    order = 'big' if big else 'little'
    word = lambda value, size: value.to_bytes(size, order)
    value = word(orientation, 2) + bytes(2)
    first = word(0, 2) + word(14, 4) if directory else b''
    return (b'Exif\0\0' + (b'MM' if big else b'II') + word(42, 2) + word(8, 4) + first + word(1, 2) + word(0x112, 2) + word(3, 2) +
            word(1, 4) + value + bytes(4))


# ---- Forms ----

def plain():
    for mode in ('L', 'RGB'):
        for size in SIZES:
            for name, options in (('baseline', {}), ('optimised', {'optimize': True}), ('progressive', {'progressive': True})):
                yield Form(f'{mode}_{size[0]}x{size[1]}_{name}', pillow(picture(mode, size), quality=90, **options))
        for quality in (1, 30, 75, 100):
            yield Form(f'{mode}_quality_{quality}', pillow(picture(mode), quality=quality))
        yield Form(f'{mode}_tables_of_16_bits', cjpeg(picture(mode), '-quality', '1'))
        for restart in ('1B', '3B', '1', '4'):
            for kind in ('baseline', 'progressive'):
                name = f'{mode}_restart_{restart}_{kind}'
                yield Form(name, cjpeg(picture(mode), '-restart', restart, *(['-progressive'] if kind == 'progressive' else [])))
        yield Form(f'{mode}_arithmetic', cjpeg(picture(mode), '-arithmetic'), code='unsupported_image')


def colour():
    for sample in ('1x1', '2x1', '1x2', '2x2', '4x1', '1x4', '4x2', '1x1,2x2,2x2', '2x2,2x1,1x2'):
        for kind in ('', '-progressive'):
            for size in ((157, 131), (17, 33)):
                yield Form(f'sampled_{sample}{kind}_{size[0]}', cjpeg(picture('RGB', size), '-sample', sample, *kind.split()))
    yield Form('one_scan_each', cjpeg(picture('RGB'), scans='0;\n1;\n2;\n'))
    yield Form('two_scans', cjpeg(picture('RGB'), scans='0;\n1 2;\n'))
    yield Form('stored_as_rgb', cjpeg(picture('RGB'), '-rgb'))
    # An Adobe segment says how colours are stored, also where the components' names do not.
    ycc, rgb = cjpeg(picture('RGB')), cjpeg(picture('RGB'), '-rgb')
    bare = joined([part for part in segments(ycc) if part[0] != 0xE0])
    yield Form('adobe_1', with_segment(bare, 0xEE, b'Adobe\0\x64\0\0\0\0\1'))
    yield Form('adobe_0', with_segment(bare, 0xEE, b'Adobe\0\x64\0\0\0\0\0'))
    yield Form('neither_jfif_nor_adobe', bare)
    yield Form('rgb_without_adobe', joined([part for part in segments(rgb) if part[0] != 0xEE]))
    yield Form('cmyk', pillow(picture('CMYK')), code='unsupported_image')


def around():
    data = pillow(picture('L'), quality=90)
    thumbnail = pillow(picture('L', (40, 30)))
    parts = segments(data)
    yield Form('comment', with_segment(data, 0xFE, b'a film'), data)
    yield Form('thumbnail_inside', with_segment(data, 0xE1, b'Exif\0\0' + thumbnail), data)
    yield Form('thumbnail_in_jfxx', with_segment(data, 0xE0, b'JFXX\0\x10' + thumbnail), data)
    yield Form('profile', with_segment(data, 0xE2, b'ICC_PROFILE\0\1\1' + bytes(3000)), data)
    yield Form('fill_bytes', joined([(m, b'\xff\xff\xff' + part) for m, part in parts]), data)
    yield Form('tail_of_zeros', data + bytes(999), data)
    yield Form('second_picture', data + thumbnail, data)
    yield Form('second_picture_inside', joined(parts[:-1]) + thumbnail, code='corrupt')
    yield Form('no_end', data[:-2], code='truncated')
    yield Form('nothing', b'\xff\xd8\xff\xd9', code='corrupt')
    # Where an orientation may stand: behind other segments, in a second block; and where it means another picture.
    colour = pillow(picture('RGB'), quality=90)
    later = with_segment(with_segment(colour, 0xE1, exif(6, True)), 0xE1, b'http://ns.adobe.com/xap/1.0/\0<x/>')
    yield Form('turned_behind_others', with_segment(with_segment(later, 0xED, bytes(99)), 0xE2, b'ICC_PROFILE\0\1\1' + bytes(99)))
    for big in (False, True):
        yield Form(f'turned_thumbnail_{"big" if big else "little"}', with_segment(colour, 0xE1, exif(6, big, 1)), colour)
    yield Form('second_picture_listed', with_segment(data, 0xE2, b'MPF\0II*\0\x08\0\0\0\0\0') + thumbnail, data)
    for orientation in range(0, 10):
        for big in (False, True):
            for mode in ('L', 'RGB'):
                turned = with_segment(pillow(picture(mode), quality=90), 0xE1, exif(orientation, big))
                yield Form(f'{mode}_turned_{orientation}_{"big" if big else "little"}', turned)


def other_processes():
    """What ITU-T T.81 has beside baseline and progressive, and frames that make no sense: by their codes."""
    data = cjpeg(picture('L'))
    parts = segments(data)
    with_frame = lambda marker, change=lambda body: body: joined(
        [(marker, bytes([0xFF, marker]) + change(part[2:])) if m == 0xC0 else (m, part) for m, part in parts])
    for name, marker in (('lossless', 0xC3), ('hierarchical', 0xC5), ('hierarchical_lossless', 0xC7), ('arithmetic_lossless', 0xCB),
                         ('arithmetic_hierarchical', 0xCD), ('jpeg_ls', 0xF7)):
        yield Form(f'process_{name}', with_frame(marker), code='unsupported_image')
    yield Form('process_extended_of_8_bits', with_frame(0xC1), data)
    yield Form('hierarchical_begins', with_segment(data, 0xDE, parts[[m for m, _ in parts].index(0xC0)][1][4:]), code='unsupported_image')
    at = {'bits': 2, 'height': 3, 'width': 5, 'components': 7}
    put = lambda name, value: lambda body: body[:at[name]] + value + body[at[name] + len(value):]
    for name, change, code in (
            ('12_bits', put('bits', b'\x0c'), 'unsupported_image'), ('no_width', put('width', b'\0\0'), 'corrupt'),
            ('no_height', put('height', b'\0\0'), 'unsupported_image'), ('width_of_65500', put('width', b'\xff\xdc'), 'too_large'),
            ('height_of_65500', put('height', b'\xff\xdc'), 'too_large'), ('no_component', put('components', b'\0'), 'unsupported_image'),
            ('two_components', lambda body: b'\0\x0e' + put('components', b'\2')(body)[2:] + body[-3:], 'unsupported_image'),
            ('four_components', lambda body: b'\0\x14' + put('components', b'\4')(body)[2:] + 3 * body[-3:], 'unsupported_image'),
            ('more_rows', put('height', (131 + 64).to_bytes(2, 'big')), 'corrupt')):
        yield Form(f'frame_{name}', with_frame(0xC0, change), code=code)
    yield Form('rows_after_the_scan', joined(parts[:-1] + [(0xDC, b'\xff\xdc\0\4\0\x83')] + parts[-1:]), data)
    yield Form('ycck', with_segment(pillow(picture('CMYK')), 0xEE, b'Adobe\0\x64\0\0\0\0\2'), code='unsupported_image')
    yield Form('cmyk_without_adobe', joined([part for part in segments(pillow(picture('CMYK'))) if part[0] != 0xEE]),
               code='unsupported_image')
    # One component has blocks one by one, whatever factors it names (A.2.2).
    for sample in ('2x2', '1x2', '4x1'):
        yield Form(f'grey_sampled_{sample}', cjpeg(picture('L'), '-sample', sample))


def restarts():
    """Markers out of step: libjpeg guesses, and goes on with a warning."""
    for mode in ('L', 'RGB'):
        data = cjpeg(picture(mode), '-restart', '2')
        places = [i for i in range(len(data) - 1) if data[i] == 0xFF and 0xD0 <= data[i + 1] <= 0xD7]
        for n, i in enumerate(places[:4]):
            yield Form(f'{mode}_restart_{n}_gone', data[:i] + data[i + 2:], code='truncated' if i == places[-1] else 'corrupt')
            yield Form(f'{mode}_restart_{n}_twice', data[:i] + data[i:i + 2] + data[i:], code='corrupt')
            wrong = bytes([0xFF, 0xD0 + (data[i + 1] + 1) % 8])
            yield Form(f'{mode}_restart_{n}_wrong', data[:i] + wrong + data[i + 2:], code='corrupt')
        start, end = places[0], places[1]
        yield Form(f'{mode}_piece_gone', data[:start] + data[end:], code='corrupt')
        yield Form(f'{mode}_piece_twice', data[:end] + data[start:end] + data[end:], code='corrupt')
        yield Form(f'{mode}_interval_not_said', joined_without(data, 0xDD), code='corrupt')


def joined_without(data, marker):
    at = data.index(bytes([0xFF, marker]))
    return data[:at] + data[at + 2 + int.from_bytes(data[at + 2:at + 4], 'big'):]


def progressive():
    """Scans that are cut, left out, or in another order."""
    files = {'grey': pillow(picture('L', (41, 39)), quality=90, progressive=True),
             'colour': pillow(picture('RGB', (41, 39)), quality=90, progressive=True),
             'restart': cjpeg(picture('L', (41, 39)), '-progressive', '-restart', '4B'),
             # Refined over and over, and AC in narrow bands.
             'fine': cjpeg(picture('L', (41, 39)), '-quality', '95', scans='0: 0-0, 0, 3;\n0: 1-5, 0, 3;\n0: 6-63, 0, 3;\n' + ''.join(
                 f'0: 0-0, {n + 1}, {n};\n0: 1-63, {n + 1}, {n};\n' for n in (2, 1, 0)))}
    for name, data in files.items():
        parts = segments(data)
        scans = [i for i, (marker, _) in enumerate(parts) if marker == 0xDA]
        yield Form(f'scans_{name}', data)
        for number, i in enumerate(scans):
            body = parts[i][1]
            head = 2 + int.from_bytes(body[2:4], 'big')
            length = len(body) - head
            # By any number of bytes where it is short, or near its end; and by more of a long one.
            for cut in [n for n in range(1, length + 1) if n <= 12 or n == length or n % max(1, length // 8) == 0]:
                kept = body[:len(body) - cut]
                shorter = parts[:i] + [(0xDA, kept[:-1] if kept[-1] == 0xFF else kept)] + parts[i + 1:]
                yield Form(f'scans_{name}_{number}_cut_{cut}', joined(shorter), data, None, ('truncated', 'corrupt'))
            yield Form(f'scans_{name}_{number}_gone', joined(parts[:i] + parts[i + 1:]), data, None, ('truncated', 'corrupt'))
            yield Form(f'scans_{name}_{number}_twice', joined(parts[:i] + [parts[i]] + parts[i:]), code='corrupt')


# ---- Comparing ----

def ours(pleura, path):
    done = subprocess.run([pleura, 'inspect', '--grey', path, '--output', 'out.u16'], capture_output=True, text=True)
    if done.returncode:
        return None, done.stderr.strip()
    return np.fromfile('out.u16', '<u2').astype(int), ''


def theirs(data):
    image = ImageOps.exif_transpose(Image.open(io.BytesIO(data)))
    values = np.asarray(image).astype(int) * 257
    if values.ndim == 3:
        values = (19595 * values[..., 0] + 38470 * values[..., 1] + 7471 * values[..., 2] + 32768) >> 16
    return values.ravel()


def fault(form, pleura, path, counts):
    greys, said = ours(pleura, path)
    allowed = form.or_code or ((form.code,) if form.code else ())
    if greys is None:
        counts['refused'] += 1
        return '' if said.endswith(tuple(f'({code})' for code in allowed)) else f'refused: {said}'
    if form.code:
        return 'read'
    counts['read'] += 1
    wanted = theirs(form.like or form.file)
    if len(greys) != len(wanted):
        return f'{len(greys)} samples, not {len(wanted)}'
    worst = np.abs(greys - wanted).max() / 257
    # Luma of three rounded colours, some of them clipped.
    colour = Image.open(io.BytesIO(form.file)).mode != 'L'
    counts['colour' if colour else 'grey'] = max(counts['colour' if colour else 'grey'], worst)
    return f'greys are off by {worst:.2f} of 255' if worst > 1 + colour else ''


def main():
    folder, pleura = sys.argv[1], os.path.abspath(sys.argv[2])
    os.makedirs(folder, exist_ok=True)
    os.chdir(folder)
    made = [form for make in (plain, colour, around, other_processes, restarts, progressive) for form in make()]
    wrong, counts = 0, {'read': 0, 'refused': 0, 'grey': 0, 'colour': 0}
    for form in made:
        path = f'{form.name.replace(",", "_")}.jpg'
        with open(path, 'wb') as file:
            file.write(form.file)
        words = fault(form, pleura, path, counts)
        wrong += bool(words)
        if words:
            print(f'not ok {form.name}: {words}')
    print(f'{len(made)} JPEGs: {counts["read"]} read, at most {counts["grey"]:.3g} of 255 off in grey and {counts["colour"]:.3g} in '
          f'colour; {counts["refused"]} refused; {wrong} wrong')
    return wrong > 0


if __name__ == '__main__':
    sys.exit(main())
