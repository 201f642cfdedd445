"""Odd forms of compressed films: fragments, and what encoders do differently; see odd.py."""
import io
import os
import struct
import subprocess

import numpy as np
import pydicom
from PIL import Image
from pydicom.encaps import generate_pixel_data_frame

import extended
from odd_forms import window
from writing import *

JPEG, EXTENDED, PROGRESSIVE, J2K, J2K_LOSSY = (f'1.2.840.10008.1.2.4.{end}' for end in (50, 51, 55, 90, 91))

# ---- Tools ----

def squeeze(folder, command, file):
    """The first frame that a tool of DCMTK's makes of a file, and the transfer syntax."""
    source, out = os.path.join(folder, 'plain'), os.path.join(folder, 'packed')
    with open(source, 'wb') as f:
        f.write(file)
    subprocess.run([*command, source, out], check=True, capture_output=True)
    data = pydicom.dcmread(out)
    return next(generate_pixel_data_frame(data.PixelData, 1)), str(data.file_meta.TransferSyntaxUID)


def opj(folder, values, bits, *options):
    """A JPEG 2000 codestream, or a JP2 file where the options ask for one."""
    source = os.path.join(folder, 'film.' + ('ppm' if values.ndim == 3 else 'pgm'))
    out = os.path.join(folder, 'film.' + ('jp2' if 'JP2' in options else 'j2k'))
    with open(source, 'wb') as f:
        f.write(b'P%d\n%d %d\n%d\n' % (6 if values.ndim == 3 else 5, *values.shape[1::-1], 2**bits - 1) +
                values.astype('u1' if bits <= 8 else '>u2').tobytes())
    subprocess.run(['opj_compress', *(o for o in options if o != 'JP2'), '-i', source, '-o', out], check=True,
                   capture_output=True)
    with open(out, 'rb') as f:
        return f.read()


def opj_signed(folder, values, bits, *options):
    source, out = os.path.join(folder, 'film.rawl'), os.path.join(folder, 'film.j2k')
    with open(source, 'wb') as f:
        f.write(values.astype('<i2').tobytes())
    layout = '%d,%d,1,%d,s@1x1' % (*values.shape[::-1], bits)
    subprocess.run(['opj_compress', '-F', layout, *options, '-i', source, '-o', out], check=True, capture_output=True)
    with open(out, 'rb') as f:
        return f.read()


def pil(image, **options):
    out = io.BytesIO()
    Image.fromarray(image.astype('u1')).save(out, 'JPEG', **options)
    return out.getvalue()


def cjpeg(image, *options):
    out = io.BytesIO()
    Image.fromarray(image.astype('u1')).save(out, 'PPM')
    return subprocess.run(['cjpeg', *options], input=out.getvalue(), capture_output=True, check=True).stdout


def pieces(data, size):
    parts = [data[i:i + size] for i in range(0, len(data), size)]
    return [part + b'\0' * (len(part) % 2) for part in parts]


def boxed(fragments, syntax, table=b'', end=True, tail=b'', **layout):
    return part10(dataset(SHAPE, capsule(fragments, table, end=end), **layout) + tail, syntax)


def offsets(frames, kind='I'):
    """Of each frame, a list of fragments, from the first one's item."""
    found, at = [], 0
    for fragments in frames:
        found.append(at)
        at += sum(8 + len(f) for f in fragments)
    return struct.pack(f'<{len(found)}{kind}', *found)


def fragment_forms(name, frame, other, syntax, values, same=True, **layout):
    """A frame in every way to lay it into fragments; `other` is another picture's frame."""
    even = lambda data: data + b'\0' * (len(data) % 2)
    make = lambda form, *a, **more: Form(f"{name}_{form}", boxed(*a, **{**layout, **more}), values, same)
    yield make('one', [even(frame)], syntax)
    yield make('odd_length', [frame], syntax)
    yield make('table', [even(frame)], syntax, offsets([[frame]]))
    yield make('no_end', [even(frame)], syntax, end=False)
    yield make('tail', [even(frame)], syntax, tail=element(0xFFFCFFFC, 'OB', bytes(64)) + b'noise')
    frames = {FRAMES: element(FRAMES, 'IS', '2')}
    yield make('frames', [even(frame), even(other)], syntax, more=frames)
    yield make('frames_table', [even(frame), even(other)], syntax, offsets([[even(frame)], [even(other)]]), more=frames)
    if name.startswith('rle'):
        return
    parts, others = pieces(frame, 1000), pieces(other, 777)
    yield make('pieces', parts, syntax)
    yield make('pieces_table', parts, syntax, offsets([parts]))
    yield make('pieces_empty', [b'', *parts, b''], syntax)
    yield make('pieces_tiny', pieces(frame, 2), syntax)
    yield make('frames_pieces', parts + others, syntax, more=frames)
    yield make('frames_pieces_table', parts + others, syntax, offsets([parts, others]), more=frames)
    extended = {0x7FE00001: element(0x7FE00001, 'OV', offsets([[even(frame)], [even(other)]], 'Q')),
                0x7FE00002: element(0x7FE00002, 'OV', struct.pack('<2Q', len(frame), len(other)))}
    yield make('extended_table', [even(frame), even(other)], syntax, more={**frames, **extended})
    # Some decoders cannot tell what is missing from what is wrong.
    code = 'corrupt' if name in ('jpeg_ls', 'j2k') else 'truncated'
    yield refused(f'{name}_cut', boxed([even(frame)[:len(frame) // 2]], syntax, **layout), code)
    yield refused(f'{name}_cut_outside', boxed([even(frame)], syntax, **layout)[:-len(frame) // 2], 'truncated')


def fragments(folder):
    twelve = dict(stored=12)
    for name, command, layout, values in (
            ('rle', ['dcmcrle'], twelve, TWELVE), ('jpeg_lossless', ['dcmcjpeg', '+e1'], twelve, TWELVE),
            ('jpeg_ls', ['dcmcjpls', '+el'], twelve, TWELVE)):
        frame, syntax = squeeze(folder, command, explicit(plain(values, **layout)))
        other, _ = squeeze(folder, command, explicit(plain(4095 - values, **layout)))
        yield from fragment_forms(name, frame, other, syntax, values, **layout)
    yield from fragment_forms('j2k', opj(folder, TWELVE, 12), opj(folder, 4095 - TWELVE, 12), J2K, TWELVE, **twelve)
    jpeg = dict(allocated=8)
    yield from fragment_forms('jpeg', pil(GREY, quality=100), pil(255 - GREY, quality=100), JPEG, None, AS_JPEG, **jpeg)


def jpegs(folder):
    for value in range(1, 8):
        for bits, values in ((8, GREY), (12, TWELVE), (16, SIXTEEN)):
            file = explicit(plain(values, allocated=8 if bits == 8 else 16, stored=bits))
            frame, syntax = squeeze(folder, ['dcmcjpeg', '+el', '+sv', str(value)], file)
            yield Form(f'lossless_{value}_of_{bits}', boxed([frame], syntax, allocated=8 if bits == 8 else 16, stored=bits),
                       values)
    for shift in (1, 4):
        frame, syntax = squeeze(folder, ['dcmcjpeg', '+el', '+pt', str(shift)], explicit(plain(SIXTEEN)))
        yield Form(f'point_transform_{shift}', boxed([frame], syntax), SIXTEEN >> shift << shift)
    signed = TWELVE - 2048
    more = window('0', '4096')
    for name, command in (('lossless', ['dcmcjpeg', '+e1']), ('ls', ['dcmcjpls', '+el']), ('rle', ['dcmcrle'])):
        file = explicit(plain(signed, stored=12, signed=1, more=more))
        frame, syntax = squeeze(folder, command, file)
        yield Form(f'signed_{name}', boxed([frame], syntax, stored=12, signed=1, more=more), signed)
        one = explicit(plain(4095 - TWELVE, stored=12, photometric='MONOCHROME1'))
        frame, syntax = squeeze(folder, command, one)
        yield Form(f'monochrome1_{name}', boxed([frame], syntax, stored=12, photometric='MONOCHROME1'), 4095 - TWELVE)
    frame = pil(GREY, quality=100)
    for name, layout in (('eight_in_16', dict(allocated=16, stored=8)), ('said_12', dict(allocated=16, stored=12)),
                         ('said_16', dict(allocated=16, stored=16))):
        yield Form(f'jpeg_{name}', boxed([frame], JPEG, **layout), None, AS_JPEG)
    turned = pil(255 - GREY, quality=100)   # whose loss is another; a decoder may round one grey otherwise
    greys = (255 - np.asarray(Image.open(io.BytesIO(turned)))) / 255
    yield Form('jpeg_monochrome1', boxed([turned], JPEG, allocated=8, photometric='MONOCHROME1'), None, False, greys, None, 257)
    yield Form('jpeg_progressive', boxed([pil(GREY, quality=100, progressive=True)], PROGRESSIVE, allocated=8), None, AS_JPEG)
    yield Form('jpeg_restarts', boxed([cjpeg(GREY, '-quality', '100', '-restart', '1')], JPEG, allocated=8), None, AS_JPEG)
    for interval in (0, 1, 7, 500):
        deep = extended.encode(TWELVE, interval)
        yield Form(f'jpeg_extended_restarts_{interval}', boxed([deep], EXTENDED, stored=12), None, True, TWELVE / 4095, None, 17)
        if interval > 1:  # a piece that lost its end
            at = deep.index(b'\xff\xd1')
            yield refused(f'jpeg_extended_cut_{interval}', boxed([deep[:at - 9] + deep[at:]], EXTENDED, stored=12), 'truncated')
    yield Form('jpeg_tail_within', boxed([frame + bytes(100)], JPEG, allocated=8), None, AS_JPEG)
    yield Form('jpeg_comment', boxed([frame[:2] + b'\xff\xfe\0\x0chello film' + frame[2:]], JPEG, allocated=8), None, AS_JPEG)
    exif = Image.Exif()
    exif[0x112] = 6
    yield Form('jpeg_turned', boxed([pil(GREY, quality=100, exif=exif)], JPEG, allocated=8), None, AS_JPEG)
    yield refused('jpeg_other_size', boxed([pil(GREY[:-1], quality=100)], JPEG, allocated=8), 'corrupt')
    yield refused('jpeg_in_colour', boxed([pil(np.repeat(GREY[..., None], 3, 2))], JPEG, allocated=8), 'corrupt')
    yield refused('jpeg_plain', part10(plain(GREY, allocated=8), JPEG), 'corrupt')
    yield refused('jpeg_no_fragment', boxed([], JPEG, allocated=8), 'truncated')
    rgb = np.repeat(GREY[..., None], 3, axis=2)
    three = dict(samples=3, allocated=8)
    for name, subsampling in (('444', 0), ('422', 1), ('420', 2)):
        yield Form(f'jpeg_ybr_{name}', boxed([pil(rgb, quality=100, subsampling=subsampling)], JPEG, photometric='YBR_FULL_422',
                                             **three), None, AS_JPEG)


def jpeg_ls(folder):
    rgb = np.repeat(GREY[..., None], 3, axis=2)
    for deviation in (1, 4, 16):
        frame, syntax = squeeze(folder, ['dcmcjpls', '+en', '+md', str(deviation)], explicit(plain(SIXTEEN)))
        yield Form(f'near_{deviation}_of_16', boxed([frame], syntax))
    colour = dataset(SHAPE, element(PIXELS, 'OB', rgb.astype('u1').tobytes() + b'\0' * (rgb.size % 2)), samples=3, allocated=8,
                     photometric='RGB', more={PLANAR: element(PLANAR, 'US', 0)})
    for mode in ('il', 'is', 'in'):
        frame, syntax = squeeze(folder, ['dcmcjpls', '+el', '+' + mode], explicit(colour))
        yield Form(f'jpeg_ls_{mode}', boxed([frame], syntax, samples=3, allocated=8, photometric='RGB'), rgb)
    for bits in (8, 10, 16):
        values = film(bits)
        file = explicit(plain(values, allocated=8 if bits == 8 else 16, stored=bits))
        frame, syntax = squeeze(folder, ['dcmcjpls', '+el', '+t1', '5', '+t2', '9', '+t3', '30', '+rs', '32'], file)
        yield Form(f'jpeg_ls_parameters_{bits}', boxed([frame], syntax, allocated=8 if bits == 8 else 16, stored=bits), values)


def jpeg_2000(folder):
    rgb = np.repeat(GREY[..., None], 3, axis=2)
    for name, options in (('tiles', ['-t', '200,150']), ('box', ['JP2']), ('rpcl', ['-p', 'RPCL', '-SOP', '-EPH']),
                          ('cprl', ['-p', 'CPRL', '-TP', 'R']), ('modes', ['-M', '63']), ('blocks', ['-b', '4,1024']),
                          ('precincts', ['-c', '[128,128],[64,64]']), ('layers', ['-r', '20,5,1']),
                          ('resolution', ['-n', '1'])):
        yield Form(f'j2k_{name}', boxed([opj(folder, TWELVE, 12, *options)], J2K, stored=12), TWELVE)
    for name, options in (('tiles', ['-t', '100,100']), ('whole', []), ('lossy', ['-I', '-q', '80'])):
        frame = opj_signed(folder, TWELVE - 2048, 12, *options)
        yield Form(f'j2k_signed_{name}', boxed([frame], J2K_LOSSY if name == 'lossy' else J2K, stored=12, signed=1,
                                               more=window('0', '4096')), None if name == 'lossy' else TWELVE - 2048)
    yield Form('j2k_off_the_origin', boxed([opj(folder, TWELVE, 12, '-d', '37,41', '-t', '128,128', '-T', '5,3')], J2K, stored=12), TWELVE)
    for bits in (8, 10, 14, 16):
        yield Form(f'j2k_{bits}', boxed([opj(folder, film(bits), bits)], J2K, allocated=8 if bits == 8 else 16, stored=bits),
                   film(bits))
    yield Form('j2k_monochrome1', boxed([opj(folder, 4095 - TWELVE, 12)], J2K, stored=12, photometric='MONOCHROME1'),
               4095 - TWELVE)
    yield Form('j2k_12_said_16', boxed([opj(folder, TWELVE, 12)], J2K, stored=16), TWELVE)
    three = dict(samples=3, allocated=8)
    yield Form('j2k_rct', boxed([opj(folder, rgb, 8, '-mct', '1')], J2K, photometric='YBR_RCT', **three), rgb)
    yield Form('j2k_rgb', boxed([opj(folder, rgb, 8, '-mct', '0')], J2K, photometric='RGB', **three), rgb)
    yield Form('j2k_rct_said_rgb', boxed([opj(folder, rgb, 8, '-mct', '1')], J2K, photometric='RGB', **three), rgb)
    yield Form('j2k_ict', boxed([opj(folder, rgb, 8, '-I', '-mct', '1', '-q', '70')], J2K_LOSSY, photometric='YBR_ICT', **three), None,
               False, GREY / 255, None, 3 * 257)
    yield Form('j2k_lossy_16', boxed([opj(folder, SIXTEEN, 16, '-I', '-q', '80')], J2K_LOSSY))


def forms(folder):
    for make in (fragments, jpegs, jpeg_ls, jpeg_2000):
        yield from make(folder)
