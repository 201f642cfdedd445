"""Odd forms of uncompressed films: the file, its data set, samples, tones and colours; see odd.py."""
import struct
import zlib

import numpy as np

from writing import *

DEFLATED = '1.2.840.10008.1.2.1.99'

# ---- The outside of a file ----

def outsides():
    data = plain(TWELVE, stored=12)
    meta = explicit(data)[128:]
    yield Form('no_preamble', meta, TWELVE)
    yield Form('meta_alone', meta[4:], TWELVE)
    for name, e in (('little', LITTLE), ('implicit', IMPLICIT), ('big', BIG)):
        yield Form(f'data_set_alone_{name}', plain(TWELVE, e, stored=12), TWELVE)
    for name, magic in (('tiff', b'II*\0\x08\0\0\0'), ('jpeg', b'\xff\xd8\xff\xe0\0\x10JFIF\0'),
                        ('png', b'\x89PNG\r\n\x1a\n'), ('text', b'<html>')):
        yield Form(f'preamble_of_{name}', part10(data, UIDS[LITTLE], magic.ljust(128, b'\0')), TWELVE)
    yield Form('tail_of_zeros', explicit(data) + b'\0' * 1001, TWELVE)
    yield Form('tail_of_noise', explicit(data) + bytes(range(256)) * 3, TWELVE)
    yield Form('tail_padding', explicit(data + element(0xFFFCFFFC, 'OB', b'\0' * 512)), TWELVE)
    yield Form('tail_of_pixels', explicit(plain(TWELVE, stored=12, tail=b'\1' * 998)), TWELVE)
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    deflated = packer.compress(data) + packer.flush()
    yield Form('deflated_odd', part10(deflated + b'\0' * (1 + len(deflated) % 2), DEFLATED), TWELVE)
    yield refused('deflated_cut', part10(deflated[:len(deflated) // 2], DEFLATED), 'corrupt')
    yield refused('dicomdir', part10(data, UIDS[LITTLE], media='1.2.840.10008.1.3.10'), 'format')
    for name, cut in (('in_pixels', 1000), ('at_pixels', len(cells(TWELVE))), ('before_pixels', len(cells(TWELVE)) + 30)):
        yield refused(f'cut_{name}', explicit(data)[:-cut], 'truncated')
    for name, uid in (('jpeg_xl', '1.2.840.10008.1.2.4.110'), ('unknown', '1.2.3.4.5'), ('mpeg', '1.2.840.10008.1.2.4.102')):
        yield refused(f'syntax_{name}', part10(data, uid), 'unsupported_image')
    yield Form('implicit_said_to_be_explicit', part10(plain(TWELVE, IMPLICIT, stored=12), UIDS[LITTLE]), TWELVE)
    yield Form('explicit_said_to_be_implicit', part10(data, UIDS[IMPLICIT]), TWELVE)


# ---- Data sets ----

def nested(e, undefined, depth=5):
    body = element(0x080100, 'SH', 'CODE', e)
    for _ in range(depth):
        body = sequence(0x400555, [body, b''], e, undefined)
    return body


def icon(e, pixels, undefined=False):
    """A picture in the picture, with an own size, which must not be taken for the film's."""
    inner = [element(SAMPLES, 'US', 1, e), element(PHOTOMETRIC, 'CS', 'PALETTE COLOR', e), element(ROWS, 'US', 4, e),
             element(COLUMNS, 'US', 4, e), element(ALLOCATED, 'US', 8, e), element(WIDTH, 'DS', '7', e), pixels]
    return sequence(0x880200, [b''.join(inner)], e, undefined)


def data_sets():
    for name, e in (('little', LITTLE), ('implicit', IMPLICIT), ('big', BIG)):
        small = element(PIXELS, 'OB', bytes(16), e)
        for how, undefined in (('stated', False), ('undefined', True)):
            more = {0x400555: nested(e, undefined), 0x091010: sequence(0x091010, [nested(e, undefined)], e, undefined),
                    0x091011: sequence(0x091011, [], e, undefined), 0x880200: icon(e, small, undefined)}
            yield Form(f'sequences_{how}_{name}', part10(plain(TWELVE, e, stored=12, more=more), UIDS[e]), TWELVE)
        groups = {group << 16: element(group << 16, 'UL', struct.pack('>I' if e.big else '<I', 99), e)
                  for group in (8, 0x28, 0x7FE0)}
        yield Form(f'group_lengths_{name}', part10(plain(TWELVE, e, stored=12, more=groups), UIDS[e]), TWELVE)
        odd = {0x080080: element(0x080080, 'LO', b'odd', e), MODALITY: element(MODALITY, 'CS', b'OT ', e),
               PHOTOMETRIC: element(PHOTOMETRIC, 'CS', b'MONOCHROME2\0\0', e)}
        yield Form(f'odd_lengths_{name}', part10(plain(TWELVE, e, stored=12, more=odd), UIDS[e]), TWELVE)
    shapes = {'icon_of_fragments': icon(LITTLE, capsule([b'\xff\xd8\xff\xd9'])),
              'icon_of_fragments_undefined': icon(LITTLE, capsule([b'\xff\xd8\xff\xd9', b'\0' * 9]), True)}
    for name, more in shapes.items():
        yield Form(name, explicit(plain(TWELVE, stored=12, more={0x880200: more})), TWELVE)
    unknown = {0x091010: sequence(0x091010, [nested(IMPLICIT, True)], IMPLICIT, True)[8:]}
    unknown[0x091010] = element(0x091010, 'UN', unknown[0x091010], LITTLE, UNDEFINED)
    yield Form('unknown_undefined', explicit(plain(TWELVE, stored=12, more=unknown)), TWELVE)
    # Not by the book: what is in it has VRs all the same.
    unknown[0x091010] = element(0x091010, 'UN', sequence(0x091010, [nested(LITTLE, True)], LITTLE, True)[12:], LITTLE,
                                UNDEFINED)
    yield Form('unknown_undefined_explicit', explicit(plain(TWELVE, stored=12, more=unknown)), TWELVE)
    names = {0x080005: element(0x080005, 'CS', '\\ISO 2022 IR 13\\ISO 2022 IR 87'),
             0x100010: element(0x100010, 'PN', b'\xd4\xcf\xc0\xde^\xc0\xdb\xb3=\x1b$B;3ED\x1b(J^\x1b$BB@O:\x1b(J'),
             0x104000: element(0x104000, 'LT', b'\x95\x5c\x83\x5c\xff\x00')}
    yield Form('character_sets', explicit(plain(TWELVE, stored=12, more=names)), TWELVE)
    for name, more in (('utf_8', {0x080005: element(0x080005, 'CS', 'ISO_IR 192'),
                                  0x100010: element(0x100010, 'PN', 'Wang^XiaoDong=王^小东'.encode())}),
                       ('latin', {0x080005: element(0x080005, 'CS', 'ISO_IR 100'), 0x100010: element(0x100010, 'PN', 'Müller^Jörg')}),
                       ('not_said', {0x100010: element(0x100010, 'PN', b'\xc3\x28\xa0\xa1\xff\xfe')})):
        yield Form(f'character_set_{name}', explicit(plain(TWELVE, stored=12, more=more)), TWELVE)
    # An encoding that states no VR, and private elements in it whose sequences nobody knows.
    hidden = sequence(0x091002, [nested(IMPLICIT, True), element(0x091003, 'LO', 'text', IMPLICIT)], IMPLICIT, True)
    private = {0x090010: element(0x090010, 'LO', 'MAKER', IMPLICIT), 0x091001: sequence(0x091001, [hidden, b'', hidden], IMPLICIT, True),
               0x091004: sequence(0x091004, [], IMPLICIT, True), 0x7FE10010: element(0x7FE10010, 'LO', 'MAKER', IMPLICIT)}
    yield Form('private_implicit', part10(plain(TWELVE, IMPLICIT, stored=12, more=private), UIDS[IMPLICIT]), TWELVE)
    yield Form('words_as_UN', explicit(plain(TWELVE, stored=12, vr='UN')), TWELVE)
    yield Form('words_as_OB', explicit(plain(TWELVE, stored=12, vr='OB')), TWELVE)
    yield Form('no_stored_bits', explicit(plain(GREY, allocated=8, without=(STORED, HIGH_BIT))), GREY)
    yield Form('no_photometric', explicit(plain(TWELVE, stored=12, photometric=None)), TWELVE)
    yield Form('descending', explicit(plain(TWELVE, stored=12, order=lambda n: n if n == PIXELS else -n)), TWELVE)
    yield Form('no_samples_a_pixel', explicit(plain(TWELVE, stored=12, samples=None)), TWELVE)
    yield Form('no_representation', explicit(plain(TWELVE, stored=12, signed=None)), TWELVE)
    yield Form('no_high_bit', explicit(plain(TWELVE, stored=12, without=(HIGH_BIT,))), TWELVE)
    yield Form('no_stored_bits_of_16', explicit(plain(TWELVE, stored=12, without=(STORED,), junk=0xF000)), TWELVE)
    yield refused('no_allocated', explicit(plain(TWELVE, stored=12, without=(ALLOCATED,))), 'unsupported_image')
    yield refused('pixels_first', explicit(plain(TWELVE, stored=12, order=lambda n: n != PIXELS)), 'corrupt')
    for name in ('rows', 'columns'):
        yield refused(f'no_{name}', explicit(plain(TWELVE, stored=12, **{name: None})), 'corrupt')
        yield refused(f'zero_{name}', explicit(plain(TWELVE, stored=12, **{name: 0})), 'corrupt')
    yield refused('too_many_rows', explicit(plain(TWELVE, stored=12, rows=SHAPE[0] + 1)), 'truncated')
    yield refused('no_pixels', explicit(plain(TWELVE, stored=12, without=(PIXELS,))), 'unsupported_image')
    yield refused('empty_pixels', explicit(dataset(SHAPE, element(PIXELS, 'OW'))), 'truncated')
    yield refused('float_pixels', explicit(dataset(SHAPE, element(0x7FE00008, 'OF', GREY.astype('<f4').tobytes()),
                                                   allocated=32)), 'unsupported_image')


# ---- Samples ----

def samples():
    for bits in (10, 12, 14, 16):
        values = film(bits)
        for name, e in (('little', LITTLE), ('big', BIG)):
            yield Form(f'unsigned_{bits}_{name}', part10(plain(values, e, stored=bits, junk=0xFFFF), UIDS[e]), values)
            middle = 1 << (bits - 1)
            more = {CENTER: element(CENTER, 'DS', '0', e), WIDTH: element(WIDTH, 'DS', str(2 * middle), e)}
            yield Form(f'signed_{bits}_{name}',
                       part10(plain(values - middle, e, stored=bits, signed=1, junk=0xA5A5, more=more), UIDS[e]),
                       values - middle)
            # Without a window, of values of which some are negative.
            yield Form(f'signed_{bits}_{name}_no_window',
                       part10(plain(values - middle, e, stored=bits, signed=1), UIDS[e]), values - middle)
    overlay = {0x60003000: element(0x60003000, 'OW', bytes(64)), 0x60000010: element(0x60000010, 'US', 32),
               0x60000100: element(0x60000100, 'US', 16), 0x60000102: element(0x60000102, 'US', 15)}
    yield Form('overlay_in_bits', explicit(plain(TWELVE, stored=12, junk=0x9000, more=overlay)), TWELVE)
    for high in (12, 13, 14, 15):
        yield Form(f'high_bit_{high}', explicit(plain(TWELVE, stored=12, high=high, junk=0xFFFF)), TWELVE)
    ten = film(10)
    for name, e in (('little', LITTLE), ('implicit', IMPLICIT), ('big', BIG)):
        for high in (9, 11, 15):
            yield Form(f'ten_up_to_{high}_{name}', part10(plain(ten, e, stored=10, high=high, junk=0xFFFF), UIDS[e]), ten)
            yield Form(f'ten_signed_up_to_{high}_{name}',
                       part10(plain(ten - 512, e, stored=10, high=high, junk=0x5A5A, signed=1), UIDS[e]), ten - 512)
    yield Form('big_8_bytes', part10(plain(GREY, BIG, 8), UIDS[BIG]), GREY)
    swapped = np.frombuffer(cells(GREY, 8) + b'\0' * (GREY.size % 2), '<u2').astype('>u2').tobytes()
    yield Form('big_8_words', part10(dataset(SHAPE, element(PIXELS, 'OW', swapped, BIG), BIG, allocated=8), UIDS[BIG]), GREY)
    for allocated, data in ((1, np.packbits(GREY > 127).tobytes()), (12, bytes(GREY.size * 3 // 2)),
                            (32, GREY.astype('<u4').tobytes()), (64, GREY.astype('<u8').tobytes())):
        yield refused(f'allocated_{allocated}', explicit(dataset(SHAPE, element(PIXELS, 'OW', data), allocated=allocated)),
                      'unsupported_image')
    yield refused('stored_beyond_allocated', explicit(plain(TWELVE, stored=12, without=()).replace(
        element(STORED, 'US', 12), element(STORED, 'US', 17))), 'corrupt')
    others = np.stack([TWELVE, 4095 - TWELVE, TWELVE * 0])
    for name, frames in (('3', '3'), ('spaced', ' 3'), ('zero', '03 '), ('plus', '+3')):
        more = {FRAMES: element(FRAMES, 'IS', frames), 0x280009: element(0x280009, 'AT', bytes(4))}
        yield Form(f'frames_{name}', explicit(dataset(SHAPE, element(PIXELS, 'OW', cells(others)), stored=12,
                                                              more=more)), TWELVE)
    for frames in ('0', '', '1', 'one'):
        yield Form(f'frames_{frames or "empty"}', explicit(plain(TWELVE, stored=12, more={
            FRAMES: element(FRAMES, 'IS', frames)})), TWELVE)


# ---- Tones ----

def window(center, width, function=None):
    more = {CENTER: element(CENTER, 'DS', center), WIDTH: element(WIDTH, 'DS', width)}
    if function:
        more[FUNCTION] = element(FUNCTION, 'CS', function)
    return more


def rescale(slope, intercept):
    return {SLOPE: element(SLOPE, 'DS', slope), INTERCEPT: element(INTERCEPT, 'DS', intercept)}


def linear(values, center, width):
    """PS3.3, C.11.2.1.2.1."""
    below, above = values <= center - 0.5 - (width - 1) / 2, values > center - 0.5 + (width - 1) / 2
    inside = ((values - (center - 0.5)) / (width - 1) + 0.5) if width > 1 else np.zeros_like(values, float)
    return np.where(below, 0, np.where(above, 1, inside))


def tones():
    x = TWELVE.astype(float)
    whole = np.clip(x / 4095, 0, 1)
    exact = lambda center, width: np.clip((x - center) / width + 0.5, 0, 1)
    cases = {
        'window_several': (window('2000\\300\\40', '1500\\90\\400'), linear(x, 2000, 1500)),
        'window_spaces': (window(' 2000.0 ', '+1.5E3'), linear(x, 2000, 1500)),
        'window_of_1': (window('2000', '1'), linear(x, 2000, 1)),
        'window_of_0': (window('2000', '0'), whole),
        'window_negative': (window('2000', '-5'), whole),
        'window_words': (window('auto', 'auto'), whole),
        'window_comma': (window('2000,5', '1500,5'), whole),
        'window_empty': (window('', ''), whole),
        'window_far': (window('-9000', '10'), np.ones_like(x)),
        'sigmoid': (window('2000', '1500', 'SIGMOID'), 1 / (1 + np.exp(-4 * (x - 2000) / 1500))),
        'linear_exact': (window('2000', '1500', 'LINEAR_EXACT'), exact(2000, 1500)),
        'linear_exact_small': (window('2000', '0.5', 'LINEAR_EXACT'), exact(2000, 0.5)),
        'function_unknown': (window('2000', '1500', 'CUBIC'), linear(x, 2000, 1500)),
        'slope_0': (rescale('0', '5'), whole),
        'slope_negative': ({**rescale('-1', '4095'), **window('2047.5', '4096')}, linear(4095 - x, 2047.5, 4096)),
        'slope_negative_no_window': (rescale('-1', '4095'), 1 - whole),
        'slope_half': ({**rescale('0.5', '-1000'), **window('0', '1000')}, linear(x / 2 - 1000, 0, 1000)),
        'intercept_alone': ({INTERCEPT: rescale('1', '-1000')[INTERCEPT], **window('0', '1000')},
                            linear(x - 1000, 0, 1000)),
    }
    table = (np.sqrt(np.arange(4096) / 4095) * 65535).round().astype('<u2')
    cases['voi_lut'] = ({VOI_LUT: lut(VOI_LUT, (4096, 0, 16), table.tobytes())}, table[TWELVE] / 65535)
    short = table[::4].copy()
    cases['voi_lut_from_1000'] = ({VOI_LUT: lut(VOI_LUT, (1024, 1000, 16), short.tobytes())},
                                  short[np.clip(TWELVE - 1000, 0, 1023)] / 65535)
    eight = (table >> 8).astype('u1')
    cases['voi_lut_8'] = ({VOI_LUT: lut(VOI_LUT, (4096, 0, 8), eight.tobytes())}, eight[TWELVE] / 255)
    cases['voi_lut_8_in_words'] = ({VOI_LUT: lut(VOI_LUT, (4096, 0, 8), eight.astype('<u2').tobytes())}, eight[TWELVE] / 255)
    cases['voi_lut_and_window'] = ({**cases['voi_lut'][0], **window('2000', '1500')}, table[TWELVE] / 65535)
    curve = (np.arange(4096)[::-1] // 2).astype('<u2')
    cases['modality_lut'] = ({MODALITY_LUT: lut(MODALITY_LUT, (4096, 0, 16), curve.tobytes()), **window('1024', '2048')},
                             linear(curve[TWELVE].astype(float), 1024, 2048))
    cases['modality_and_voi_lut'] = ({MODALITY_LUT: lut(MODALITY_LUT, (4096, 0, 16), curve.tobytes()),
                                      VOI_LUT: lut(VOI_LUT, (2048, 0, 16), table[::2].tobytes())},
                                     table[::2][curve[TWELVE]] / 65535)
    cases['padding'] = ({PADDING: element(PADDING, 'US', int(TWELVE[0, 0])), **window('2047.5', '4096')},
                        np.where(TWELVE == TWELVE[0, 0], 0, linear(x, 2047.5, 4096)))
    cases['padding_range'] = ({PADDING: element(PADDING, 'US', 3000), PADDING_LIMIT: element(PADDING_LIMIT, 'US', 4095)},
                              np.where(TWELVE >= 3000, 0, whole if TWELVE[TWELVE < 3000].max() > 2047 else x / 2047))
    cases['padding_range_reversed'] = ({PADDING: element(PADDING, 'US', 4095), PADDING_LIMIT: element(PADDING_LIMIT, 'US', 3000)},
                                       cases['padding_range'][1])
    cases['voi_lut_two'] = ({VOI_LUT: sequence(VOI_LUT, [
        element(LUT_DESCRIPTOR, 'US', [4096, 0, 16]) + element(LUT_DATA, 'OW', data.tobytes()) for data in (table, table[::-1])])},
        table[TWELVE] / 65535)
    cases['voi_lut_of_10_bits'] = ({VOI_LUT: lut(VOI_LUT, (4096, 0, 10), (table >> 6).tobytes())}, (table >> 6)[TWELVE] / 1023)
    cases['voi_lut_rescaled'] = ({**rescale('1', '-1000'), VOI_LUT: lut(VOI_LUT, (4096, -1000, 16), table.tobytes())},
                                 table[TWELVE] / 65535)
    cases['voi_lut_far_below'] = ({VOI_LUT: lut(VOI_LUT, (4096, 40000, 16), table.tobytes())}, np.full_like(x, table[0] / 65535))
    for name, (more, greys) in cases.items():
        yield Form(name, explicit(plain(TWELVE, stored=12, more=more)), TWELVE, False, greys)
    for name in ('sigmoid', 'window_several', 'modality_lut', 'voi_lut'):
        more, greys = cases[name]
        yield Form(f'{name}_monochrome1', explicit(plain(TWELVE, stored=12, more=more, photometric='MONOCHROME1')), TWELVE,
                   False, 1 - greys)
    # Values of either sign: the first one that a table maps, and padding, are signed, too.
    signed = dict(stored=12, signed=1)
    for name, more, greys in (
            ('voi_lut', {VOI_LUT: lut(VOI_LUT, (4096, -2048, 16), table.tobytes())}, table[TWELVE] / 65535),
            ('voi_lut_above', {VOI_LUT: lut(VOI_LUT, (1024, -1000, 16), short.tobytes())},
             short[np.clip(TWELVE - 1048, 0, 1023)] / 65535),
            ('modality_lut', {MODALITY_LUT: lut(MODALITY_LUT, (4096, -2048, 16), curve.tobytes()), **window('1024', '2048')},
             linear(curve[TWELVE].astype(float), 1024, 2048)),
            ('sigmoid', window('-48', '1500', 'SIGMOID'), 1 / (1 + np.exp(-4 * (x - 2000) / 1500))),
            ('padding', {PADDING: element(PADDING, 'SS', -2000), PADDING_LIMIT: element(PADDING_LIMIT, 'SS', -1500),
                         **window('0', '4096')}, np.where((TWELVE >= 48) & (TWELVE <= 548), 0, linear(x - 2048, 0, 4096)))):
        yield Form(f'signed_{name}', explicit(plain(TWELVE - 2048, more=more, **signed)), TWELVE - 2048, False, greys)
    more, greys = cases['padding_range']
    yield Form('padding_range_monochrome1', explicit(plain(TWELVE, stored=12, more=more, photometric='MONOCHROME1')), TWELVE, False,
               np.where(TWELVE >= 3000, 0, 1 - greys))
    whole_table = (np.sqrt(np.arange(65536) / 65535) * 65535).round().astype('<u2')
    yield Form('voi_lut_of_65536', explicit(plain(SIXTEEN, more={VOI_LUT: lut(VOI_LUT, (0, 0, 16), whole_table.tobytes())})), SIXTEEN,
               False, whole_table[SIXTEEN] / 65535)
    for name, e in (('implicit', IMPLICIT), ('big', BIG)):
        more = {VOI_LUT: lut(VOI_LUT, (4096, 0, 16), words(table.tolist(), e), e)}
        yield Form(f'voi_lut_{name}', part10(plain(TWELVE, e, stored=12, more=more), UIDS[e]), TWELVE, False, table[TWELVE] / 65535)
    yield refused('voi_lut_short', explicit(plain(TWELVE, stored=12, more={
        VOI_LUT: lut(VOI_LUT, (4096, 0, 16), table.tobytes()[:4000])})), 'corrupt')


# ---- Colour ----

def colours():
    rgb = np.repeat(GREY[..., None], 3, axis=2)
    ybr = np.stack([GREY, np.full_like(GREY, 128), np.full_like(GREY, 128)], axis=2)
    def made(name, values, photometric, planar=0, allocated=8):
        stored = np.moveaxis(values, 2, 0) if planar else values
        more = {PLANAR: element(PLANAR, 'US', planar)}
        data = cells(stored, allocated)
        data += b'\0' * (len(data) % 2)
        return Form(name, explicit(dataset(SHAPE, element(PIXELS, 'OB' if allocated == 8 else 'OW', data), more=more, samples=3,
                                           photometric=photometric, allocated=allocated)), values)
    yield made('rgb_planes', rgb, 'RGB', 1)
    yield made('rgb_16_planes', np.repeat(SIXTEEN[..., None], 3, axis=2), 'RGB', 1, 16)
    yield made('ybr_planes', ybr, 'YBR_FULL', 1)
    width = SHAPE[1] - SHAPE[1] % 2
    y = GREY[:, :width].reshape(-1, 2)
    data = np.concatenate([y, np.full_like(y, 128)], axis=1).astype('u1').tobytes()
    even = dataset((SHAPE[0], width), element(PIXELS, 'OB', data), samples=3, photometric='YBR_FULL_422', allocated=8,
                   more={PLANAR: element(PLANAR, 'US', 0)})
    yield Form('ybr_422', explicit(even), ybr[:, :width], SHAPE[1] == width, GREY[:, :width] / 255)
    for name, photometric, samples in (('partial', 'YBR_PARTIAL_422', 3), ('cmyk', 'CMYK', 4), ('argb', 'ARGB', 4),
                                       ('hsv', 'HSV', 3), ('none', '', 3)):
        yield refused(f'colour_{name}', explicit(dataset(SHAPE, element(PIXELS, 'OB', bytes(GREY.size * samples)),
                                                         samples=samples, photometric=photometric, allocated=8)),
                      'unsupported_image')
    order = np.random.default_rng(1).permutation(256)
    for name, bits, make in (('8', 8, lambda t: t.astype('u1').tobytes()), ('8_in_words', 8, lambda t: t.astype('<u2').tobytes()),
                             ('16', 16, lambda t: (t * 257).astype('<u2').tobytes())):
        table = np.empty(256, int)
        table[order] = np.arange(256)
        more = {}
        for i in (1, 2, 3):
            more[0x281100 + i] = element(0x281100 + i, 'US', [256, 0, bits])
            more[0x281200 + i] = element(0x281200 + i, 'OW', make(table))
        yield Form(f'palette_{name}', explicit(plain(order[GREY], allocated=8, photometric='PALETTE COLOR', more=more)),
                   order[GREY])
        deep = {number: value for number, value in more.items()}
        for i in (1, 2, 3):
            deep[0x281100 + i] = element(0x281100 + i, 'US', [256, 1000, bits])
        yield Form(f'palette_{name}_of_16', explicit(plain(order[GREY] + 1000, photometric='PALETTE COLOR', more=deep)),
                   order[GREY] + 1000)
    segments = {0x281200 + i + 0x20: element(0x281220 + i, 'OW', bytes(8)) for i in (1, 2, 3)}
    yield refused('palette_segments', explicit(plain(GREY, allocated=8, photometric='PALETTE COLOR', more=segments)),
                  'unsupported_image')
    yield refused('palette_missing', explicit(plain(GREY, allocated=8, photometric='PALETTE COLOR')), 'corrupt')


def forms():
    for make in (outsides, data_sets, samples, tones, colours):
        yield from make()
