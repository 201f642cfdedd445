"""Extended sequential JPEG (ITU-T T.81, process 4) of 12 bits, with restart markers: no tool at hand writes these."""
import struct

import numpy as np

ZIGZAG = sorted(range(64), key=lambda i: (i // 8 + i % 8, (i % 8 if (i // 8 + i % 8) % 2 == 0 else i // 8)))
DC = list(range(16))  # in codes of 5 bits
AC = [0x00, 0xF0] + [run << 4 | size for run in range(16) for size in range(1, 15)]  # in codes of 8
STEP = np.array([[np.sqrt((1 if u else 0.5) / 4) * np.cos((2 * x + 1) * u * np.pi / 16) for x in range(8)] for u in range(8)])


def segment(marker, body):
    return b'\xff' + bytes([marker]) + struct.pack('>H', len(body) + 2) + body


def table(kind, symbols, bits):
    return segment(0xC4, bytes([kind]) + bytes(len(symbols) if n == bits else 0 for n in range(1, 17)) + bytes(symbols))


def number(value):
    """A value's size and its bits, which of negative ones are those of one less."""
    size = int(abs(value)).bit_length()
    return size, format(value if value >= 0 else value + (1 << size) - 1, f'0{size}b') if size else ''


def coded(coefficients, before):
    size, bits = number(coefficients[0] - before)
    out, run = format(DC.index(size), '05b') + bits, 0
    for value in coefficients[1:]:
        if not value:
            run += 1
            continue
        out += format(AC.index(0xF0), '08b') * (run // 16)
        size, bits = number(value)
        out += format(AC.index(run % 16 << 4 | size), '08b') + bits
        run = 0
    return out + (format(AC.index(0), '08b') if run else '')


def packed(bits):
    bits += '1' * (-len(bits) % 8)
    return int(bits, 2).to_bytes(len(bits) // 8, 'big').replace(b'\xff', b'\xff\0')


def encode(values, interval=0):
    height, width = values.shape
    padded = np.pad(values.astype(float) - 2048, ((0, -height % 8), (0, -width % 8)), 'edge')
    blocks = padded.reshape(padded.shape[0] // 8, 8, -1, 8).swapaxes(1, 2).reshape(-1, 8, 8)
    frequencies = np.rint(STEP @ blocks @ STEP.T).astype(int).reshape(-1, 64)[:, ZIGZAG].tolist()
    scan, bits, before = b'', '', 0
    for i, block in enumerate(frequencies):
        if interval and i and i % interval == 0:
            scan += packed(bits) + bytes([0xFF, 0xD0 + (i // interval - 1) % 8])
            bits, before = '', 0
        bits += coded(block, before)
        before = block[0]
    return (b'\xff\xd8' + segment(0xDB, b'\0' + b'\1' * 64) + segment(0xC1, struct.pack('>BHHB', 12, height, width, 1) + b'\1\x11\0') +
            table(0x00, DC, 5) + table(0x10, AC, 8) + (segment(0xDD, struct.pack('>H', interval)) if interval else b'') +
            segment(0xDA, b'\1\1\0\0\x3f\0') + scan + packed(bits) + b'\xff\xd9')
