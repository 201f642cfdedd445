"""DICOM files byte by byte, so that they can be wrong in ways that pydicom refuses to write."""
import struct
from collections import namedtuple

from syntaxes import film

Encoding = namedtuple('Encoding', 'explicit big')
LITTLE, IMPLICIT, BIG = Encoding(True, False), Encoding(False, False), Encoding(True, True)
UIDS = {LITTLE: '1.2.840.10008.1.2.1', IMPLICIT: '1.2.840.10008.1.2', BIG: '1.2.840.10008.1.2.2'}
LONG = 'OB OD OF OL OV OW SQ SV UC UN UR UT UV'.split()
UNDEFINED = 0xFFFFFFFF

ROWS, COLUMNS, PHOTOMETRIC, SAMPLES, PLANAR, FRAMES = 0x280010, 0x280011, 0x280004, 0x280002, 0x280006, 0x280008
ALLOCATED, STORED, HIGH_BIT, SIGNED, MODALITY = 0x280100, 0x280101, 0x280102, 0x280103, 0x080060
CENTER, WIDTH, INTERCEPT, SLOPE, FUNCTION = 0x281050, 0x281051, 0x281052, 0x281053, 0x281056
PADDING, PADDING_LIMIT = 0x280120, 0x280121
MODALITY_LUT, VOI_LUT, LUT_DESCRIPTOR, LUT_DATA = 0x283000, 0x283010, 0x283002, 0x283006
PIXELS, ITEM, ITEM_END, SEQUENCE_END = 0x7FE00010, 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD


def words(values, e=LITTLE):
    return struct.pack(('>' if e.big else '<') + f'{len(values)}H', *(v & 0xFFFF for v in values))


def tag(number, e):
    return struct.pack('>HH' if e.big else '<HH', number >> 16, number & 0xFFFF)


def element(number, vr, value=b'', e=LITTLE, length=None):
    """`value`: text, one number or several of 16 bits, or bytes. `length`: what is said of it."""
    if isinstance(value, str):
        value = value.encode('latin-1')
        value += (b'\0' if vr == 'UI' else b' ') * (len(value) % 2)
    elif isinstance(value, int):
        value = words([value], e)
    elif isinstance(value, list):
        value = words(value, e)
    order = '>' if e.big else '<'
    length = len(value) if length is None else length
    if not e.explicit or number >> 16 == 0xFFFE:
        return tag(number, e) + struct.pack(order + 'I', length) + value
    head = struct.pack(order + 'HI', 0, length) if vr in LONG else struct.pack(order + 'H', length)
    return tag(number, e) + vr.encode() + head + value


def sequence(number, items, e=LITTLE, undefined=False, vr='SQ'):
    """`items`: each the bytes of a data set."""
    if undefined:
        body = b''.join(element(ITEM, '', item, e, UNDEFINED) + element(ITEM_END, '', b'', e) for item in items)
        return element(number, vr, body + element(SEQUENCE_END, '', b'', e), e, UNDEFINED)
    return element(number, vr, b''.join(element(ITEM, '', item, e) for item in items), e)


def capsule(fragments, table=b'', vr='OB', end=True, number=PIXELS):
    body = b''.join(element(ITEM, '', part) for part in [table, *fragments])
    return element(number, vr, body + (element(SEQUENCE_END, '') if end else b''), LITTLE, UNDEFINED)


def lut(number, descriptor, data, e=LITTLE, vr='OW'):
    return sequence(number, [element(LUT_DESCRIPTOR, 'US', list(descriptor), e) + element(LUT_DATA, vr, data, e)], e)


def cells(values, allocated=16, e=LITTLE, high=None, stored=None, junk=0):
    """Values as they are stored: `junk` stands in the bits around them."""
    stored = stored or allocated
    shift = (stored - 1 if high is None else high) + 1 - stored
    mask = ((1 << stored) - 1) << shift
    kept = ((values.astype('int64') << shift) & mask) | (junk & ~mask & ((1 << allocated) - 1))
    return kept.astype(('>' if e.big else '<') + f'u{allocated // 8}').tobytes()


def dataset(shape, pixels, e=LITTLE, more=(), without=(), order=None, **layout):
    """
    A picture of `shape`. `pixels` is the element; `more` are others, by tag; `layout` changes what is said:
    photometric, samples, allocated, stored, high, signed, rows, columns, or None to leave it out.
    """
    said = dict(photometric='MONOCHROME2', samples=1, rows=shape[0], columns=shape[1], allocated=16, signed=0)
    said.update(layout)
    said.setdefault('stored', said['allocated'])
    said.setdefault('high', (said['stored'] or 0) - 1)
    found = {0x080016: element(0x080016, 'UI', '1.2.840.10008.5.1.4.1.1.7', e),
             MODALITY: element(MODALITY, 'CS', 'OT', e), PIXELS: pixels}
    for number, vr, name in ((SAMPLES, 'US', 'samples'), (PHOTOMETRIC, 'CS', 'photometric'), (ROWS, 'US', 'rows'),
                             (COLUMNS, 'US', 'columns'), (ALLOCATED, 'US', 'allocated'), (STORED, 'US', 'stored'),
                             (HIGH_BIT, 'US', 'high'), (SIGNED, 'US', 'signed')):
        if said[name] is not None:
            found[number] = element(number, vr, said[name], e)
    found.update(more)
    numbers = sorted(set(found) - set(without), key=order)
    return b''.join(found[number] for number in numbers)


def part10(data, syntax, preamble=b'\0' * 128, media='1.2.840.10008.5.1.4.1.1.7'):
    meta = element(0x020002, 'UI', media) + element(0x020003, 'UI', '1.2.3.4') + element(0x020010, 'UI', syntax)
    return preamble + b'DICM' + element(0x020000, 'UL', struct.pack('<I', len(meta))) + meta + data


# ---- Forms of one film ----

# What is asked of a form: values stored (None: of whatever loss), the film's answer, greys from 0 to 1 and within how many
# of 65,535, or a code.
# What a form's answer must be: the film's own (True), that of AS_JPEG, or any (False).
AS_JPEG = 'the film as a JPEG of quality 100'
Form = namedtuple('Form', 'name file values same greys code within', defaults=(None, True, None, None, 1))

GREY, TWELVE, SIXTEEN = film(8), film(12), film(16)
SHAPE = GREY.shape


def plain(values, e=LITTLE, allocated=16, junk=0, tail=b'', vr=None, **layout):
    stored, high = layout.get('stored', allocated), layout.get('high')
    data = cells(values, allocated, e, high, stored, junk) + tail
    data += b'\0' * (len(data) % 2)
    pixels = element(PIXELS, vr or ('OB' if allocated == 8 else 'OW'), data, e)
    return dataset(SHAPE, pixels, e, allocated=allocated, **layout)


def explicit(data):
    return part10(data, UIDS[LITTLE])


def refused(name, file, code):
    return Form(name, file, None, False, None, code)
