"""Odd forms of films that say one thing and hold another, or say it in another place; see odd.py."""
import os
import subprocess
import zlib

import numpy as np

from odd_forms import lut, rescale, window
from odd_frames import JPEG, J2K, boxed, cjpeg, opj, opj_signed, pieces, pil, squeeze
from writing import *

CAPSULE, DEFLATED_FRAMES, GE = '1.2.840.10008.1.2.1.98', '1.2.840.10008.1.2.8.1', '1.2.840.113619.5.2'
SHARED, PER_FRAME, FRAME_VOI, FRAME_VALUES = 0x52009229, 0x52009230, 0x289132, 0x289145
SHAPE_OF_LUT = 0x20500020
LOSSLESS, LS, RLE = '1.2.840.10008.1.2.4.70', '1.2.840.10008.1.2.4.80', '1.2.840.10008.1.2.5'

# ---- The outside ----

def outsides():
    data = plain(TWELVE, stored=12)
    meta = lambda e, uid, more=b'': element(0x020002, 'UI', '1.2.840.10008.5.1.4.1.1.7', e) + (
        element(0x020010, 'UI', uid, e) if uid else b'') + more
    head = bytes(128) + b'DICM'
    yield Form('meta_implicit', head + meta(IMPLICIT, UIDS[LITTLE]) + data, TWELVE)
    for length in (0, 9, 9999):
        lies = element(0x020000, 'UL', struct.pack('<I', length))
        yield Form(f'meta_length_of_{length}', head + lies + meta(LITTLE, UIDS[LITTLE]) + data, TWELVE)
    for name, e in (('little', LITTLE), ('implicit', IMPLICIT), ('big', BIG)):
        yield Form(f'meta_without_syntax_{name}', head + meta(LITTLE, '') + plain(TWELVE, e, stored=12), TWELVE)
    for name, uid in (('space', UIDS[LITTLE] + ' '), ('zeros', UIDS[LITTLE] + '\0\0\0')):
        yield Form(f'syntax_and_{name}', part10(data, uid), TWELVE)
    for name, e, said in (('big_said_little', BIG, LITTLE), ('big_said_implicit', BIG, IMPLICIT),
                          ('little_said_big', LITTLE, BIG), ('implicit_said_big', IMPLICIT, BIG)):
        yield Form(name, part10(plain(TWELVE, e, stored=12), UIDS[said]), TWELVE)
    yield Form('plain_said_deflated', part10(plain(TWELVE, stored=12), '1.2.840.10008.1.2.1.99'), None, False, None, 'corrupt')
    # GE's own: a data set without VRs, little endian but for its pixels.
    swapped = element(PIXELS, 'OW', cells(TWELVE, e=BIG, stored=12), IMPLICIT)
    yield Form('ge', part10(dataset(SHAPE, swapped, IMPLICIT, stored=12), GE), TWELVE)
    yield Form('ge_8', part10(plain(GREY, IMPLICIT, 8), GE), GREY)
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    deflated = packer.compress(data) + packer.flush()
    yield Form('deflated_and_noise', part10(deflated + b'noise', '1.2.840.10008.1.2.1.99'), TWELVE)
    for name, e in (('little', LITTLE), ('implicit', IMPLICIT)):
        command = {0x000000: element(0, 'UL', struct.pack('<I', 56), e), 0x000002: element(2, 'UI', '1.2.840.10008.1.1', e),
                   0x000100: element(0x100, 'US', 1, e)}
        yield Form(f'command_group_{name}', part10(plain(TWELVE, e, stored=12, more=command), UIDS[e]), TWELVE)


# ---- Data sets ----

def data_sets():
    private = {0x090010: element(0x090010, 'LO', 'MAKER')}
    for vr in ('OB', 'OW', 'OF'):
        held = {**private, 0x091010: capsule([b'\xff\xd8\xff\xd9', b'\0' * 9], vr=vr, number=0x091010)}
        yield Form(f'private_fragments_{vr}', explicit(plain(TWELVE, stored=12, more=held)), TWELVE)
    for name, e in (('little', LITTLE), ('implicit', IMPLICIT), ('big', BIG)):
        body = element(0x080100, 'SH', 'CODE', e)
        item_end, end = element(ITEM_END, '', b'', e), element(SEQUENCE_END, '', b'', e)
        for where, inside in (('within', element(ITEM, '', body + item_end, e)), ('behind', element(ITEM, '', body, e) + item_end)):
            more = {0x400555: element(0x400555, 'SQ', inside, e), MODALITY_LUT + 0x20: element(MODALITY_LUT + 0x20, 'SQ', b'', e)}
            yield Form(f'item_end_{where}_{name}', part10(plain(TWELVE, e, stored=12, more=more), UIDS[e]), TWELVE)
            table = element(LUT_DESCRIPTOR, 'US', [4096, 0, 16], e) + element(LUT_DATA, 'OW', words(list(range(0, 65536, 16)), e), e)
            inside = element(ITEM, '', table + item_end, e) if where == 'within' else element(ITEM, '', table, e) + item_end
            yield Form(f'item_end_{where}_lut_{name}', part10(plain(TWELVE, e, stored=12, more={
                VOI_LUT: element(VOI_LUT, 'SQ', inside, e)}), UIDS[e]), TWELVE, False, TWELVE * 16 / 65535)
        more = {0x400555: sequence(0x400555, [body], e) + end}
        yield Form(f'sequence_end_behind_{name}', part10(plain(TWELVE, e, stored=12, more=more), UIDS[e]), TWELVE)
    yield refused('stored_0', explicit(plain(TWELVE).replace(element(STORED, 'US', 16), element(STORED, 'US', 0))), 'corrupt')
    yield refused('samples_2', explicit(plain(TWELVE, samples=2)), 'unsupported_image')
    for name in ('rows', 'columns'):
        yield refused(f'65535_{name}', explicit(plain(TWELVE, stored=12, **{name: 65535})), 'too_large')
    yield refused('65535_squared', explicit(plain(TWELVE, stored=12, rows=65535, columns=65535)), 'too_large')


# ---- Tones ----

def tones():
    x = TWELVE.astype(float)
    whole = x / 4095
    shape = lambda value: {SHAPE_OF_LUT: element(SHAPE_OF_LUT, 'CS', value)}
    for one, value in ((1, 'INVERSE'), (1, 'IDENTITY'), (2, 'IDENTITY'), (2, 'INVERSE')):
        # What the photometric interpretation says; the shape only repeats it (PS3.3, C.8.11.3), or contradicts.
        yield Form(f'shape_{value.lower()}_of_{one}', explicit(plain(TWELVE, stored=12, photometric=f'MONOCHROME{one}', more=shape(value))),
                   TWELVE, False, 1 - whole if one == 1 else whole)
    outside = {PADDING: element(PADDING, 'US', 0xFFFF)}
    yield Form('padding_outside', explicit(plain(TWELVE, stored=12, more=outside)), TWELVE)
    for name, center, width in (('nan', 'nan', 'nan'), ('infinite', 'inf', 'inf'), ('huge', '1e400', '10'),
                                ('hexadecimal', '0x7FF', '0xFFF'), ('no_width', '2000', ''), ('first_empty', '\\2000', '\\100'),
                                ('none_first', '2000\\1000', '0\\500')):
        yield Form(f'window_{name}', explicit(plain(TWELVE, stored=12, more=window(center, width))), TWELVE, False, whole)
    for name, slope, intercept in (('nan', 'nan', 'nan'), ('infinite', 'inf', '-inf'), ('empty', '', ''), ('words', 'x', 'HU')):
        yield Form(f'rescale_{name}', explicit(plain(TWELVE, stored=12, more=rescale(slope, intercept))), TWELVE, False, whole)
    table = (np.arange(4096) // 2).astype('<u2')
    both = {MODALITY_LUT: lut(MODALITY_LUT, (4096, 0, 16), table.tobytes()), **rescale('5', '7'), **window('1024', '2048', 'LINEAR_EXACT')}
    yield Form('modality_lut_and_rescale', explicit(plain(TWELVE, stored=12, more=both)), TWELVE, False, np.clip(table[TWELVE] / 2048, 0, 1))
    # Entries of more bits than the descriptor says.
    for said in (8, 10):
        deep = {VOI_LUT: lut(VOI_LUT, (4096, 0, said), np.arange(4096).astype('<u2').tobytes())}
        yield Form(f'voi_lut_of_12_said_{said}', explicit(plain(TWELVE, stored=12, more=deep)), TWELVE, False, whole)


# ---- Functional groups ----

def groups():
    x = TWELVE.astype(float)
    exact = lambda v, center, width: np.clip((v - center) / width + 0.5, 0, 1)
    voi = lambda center, width: sequence(FRAME_VOI, [b''.join(window(center, width, 'LINEAR_EXACT').values())])
    values = lambda slope, intercept: sequence(FRAME_VALUES, [rescale(slope, intercept)[INTERCEPT] + rescale(slope, intercept)[SLOPE]])
    two = cells(np.stack([TWELVE, 4095 - TWELVE]))
    make = lambda more: explicit(dataset(SHAPE, element(PIXELS, 'OW', two), stored=12,
                                         more={FRAMES: element(FRAMES, 'IS', '2'), **more}))
    for undefined in (False, True):
        how = 'undefined' if undefined else 'stated'
        shared = {SHARED: sequence(SHARED, [voi('1000', '2000') + values('1', '-500')], undefined=undefined)}
        yield Form(f'groups_shared_{how}', make(shared), TWELVE, False, exact(x - 500, 1000, 2000))
        each = {PER_FRAME: sequence(PER_FRAME, [voi('1000', '2000') + values('2', '0'), voi('10', '20') + values('7', '0')],
                                    undefined=undefined)}
        yield Form(f'groups_of_frames_{how}', make(each), TWELVE, False, exact(2 * x, 1000, 2000))
        mixed = {SHARED: sequence(SHARED, [values('2', '0')], undefined=undefined),
                 PER_FRAME: sequence(PER_FRAME, [voi('1000', '2000'), voi('10', '20')], undefined=undefined)}
        yield Form(f'groups_mixed_{how}', make(mixed), TWELVE, False, exact(2 * x, 1000, 2000))
    curve = (np.sqrt(np.arange(4096) / 4095) * 65535).round().astype('<u2')
    inner = lut(VOI_LUT, (4096, 0, 16), curve.tobytes())
    yield Form('groups_voi_lut', make({SHARED: sequence(SHARED, [sequence(FRAME_VOI, [inner])])}), TWELVE, False, curve[TWELVE] / 65535)


# ---- Colour ----

def colours(folder):
    # Decompressed by a tool that left the name of what it had been: three samples for each pixel.
    ybr = np.stack([GREY, np.full_like(GREY, 128), np.full_like(GREY, 128)], axis=2)
    data = ybr.astype('u1').tobytes()
    for frames in (1, 2):
        pixels = element(PIXELS, 'OB', data * frames + b'\0' * (len(data) * frames % 2))
        yield Form(f'ybr_422_whole_{frames}', explicit(dataset(SHAPE, pixels, samples=3, photometric='YBR_FULL_422', allocated=8, more={
            FRAMES: element(FRAMES, 'IS', str(frames)), PLANAR: element(PLANAR, 'US', 0)})), ybr)
    # A JPEG's own markers say what its components are, whatever stands outside.
    rgb = np.repeat(GREY[..., None], 3, axis=2)
    three = dict(samples=3, allocated=8)
    yield Form('jpeg_ybr_said_rgb', boxed([pil(rgb, quality=100, subsampling=0)], JPEG, photometric='RGB', **three), None, AS_JPEG)
    for photometric in ('RGB', 'YBR_FULL', 'YBR_FULL_422'):
        yield Form(f'jpeg_rgb_said_{photometric.lower()}',
                   boxed([cjpeg(rgb, '-quality', '100', '-rgb')], JPEG, photometric=photometric, **three), None, AS_JPEG)


# ---- Frames in another syntax than the file's ----

def frames(folder):
    twelve = dict(stored=12)
    packed = {}
    for name, command in (('lossless', ['dcmcjpeg', '+e1']), ('ls', ['dcmcjpls', '+el']), ('rle', ['dcmcrle'])):
        packed[name], _ = squeeze(folder, command, explicit(plain(TWELVE, stored=12)))
    packed['j2k'], packed['jp2'] = opj(folder, TWELVE, 12), opj(folder, TWELVE, 12, 'JP2')
    said = {'explicit': UIDS[LITTLE], 'lossless': LOSSLESS, 'ls': LS, 'j2k': J2K, 'rle': RLE}
    for name, frame in packed.items():
        for other in sorted(set(said) - {name}):
            yield Form(f'{name}_said_{other}', boxed([frame], said[other], **twelve), TWELVE)
        if name != 'rle':
            # Without the item of offsets that must be there.
            items = b''.join(element(ITEM, '', part) for part in pieces(frame, 1000)) + element(SEQUENCE_END, '')
            yield Form(f'{name}_no_table', part10(dataset(SHAPE, element(PIXELS, 'OB', items, length=UNDEFINED), **twelve),
                                                  said.get(name, J2K)), TWELVE)
    for vr in ('OW', 'UN'):
        yield Form(f'lossless_as_{vr}', part10(dataset(SHAPE, capsule([packed['lossless']], vr=vr), **twelve), LOSSLESS), TWELVE)
    signed = opj_signed(folder, TWELVE - 2048, 12)
    yield refused('j2k_signed_said_unsigned', boxed([signed], J2K, **twelve), 'corrupt')
    yield refused('native_said_j2k', part10(plain(TWELVE, stored=12), J2K), 'corrupt')
    yield Form('capsule_of_noise', part10(dataset(SHAPE, capsule([cells(TWELVE)]), stored=12), UIDS[LITTLE]), TWELVE)
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    deflated = packer.compress(cells(TWELVE)) + packer.flush()
    yield Form('deflated_frame', boxed([deflated + b'\0' * (len(deflated) % 2)], DEFLATED_FRAMES, **twelve), TWELVE)
    yield Form('deflated_frame_pieces', boxed(pieces(deflated, 1000), DEFLATED_FRAMES, **twelve), TWELVE)
    yield refused('deflated_frame_cut', boxed([deflated[:len(deflated) // 2]], DEFLATED_FRAMES, **twelve), 'corrupt')


def forms(folder):
    for make in (outsides, data_sets, tones, groups):
        yield from make()
    for make in (colours, frames):
        yield from make(folder)
