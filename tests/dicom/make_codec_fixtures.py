#!/usr/bin/env python3
"""Writes tests/unit/fixture_codecs.h: one small film in each compressed syntax.

Needs python3-pydicom, python3-numpy, dcmtk, libgdcm-tools and libopenjp2-tools. 24 x 20 pixels of 12 bits, of which
test_dicom.c knows every one: value(x, y) = (x * 160 + y * 13) % 4096. And one that no encoder writes.
"""
import os
import struct
import subprocess
import sys
import tempfile

import numpy as np
import pydicom
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.encaps import generate_pixel_data_frame

WIDTH, HEIGHT = 24, 20
FIXTURES = [('jpeg_12', ['dcmcjpeg', '+ee', '+q', '98']), ('jpeg_lossless', ['dcmcjpeg', '+el', '+sv', '4']),
            ('jpeg_lossless_sv1', ['dcmcjpeg', '+e1']), ('jpeg_ls', ['dcmcjpls', '+el']),
            ('jpeg_ls_near', ['dcmcjpls', '+en', '+md', '2']), ('jpeg_2000', ['gdcmconv', '--j2k']),
            ('jpeg_2000_lossy', ['opj_compress', '-I', '-n', '3', '-q', '70'])]


def film():
    x, y = np.meshgrid(np.arange(WIDTH), np.arange(HEIGHT))
    return ((x * 160 + y * 13) % 4096).astype('<u2')


def write_plain(path):
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = '1.2.840.10008.5.1.4.1.1.7'
    meta.MediaStorageSOPInstanceUID = '1.2.3'
    meta.TransferSyntaxUID = '1.2.840.10008.1.2.1'
    d = FileDataset(path, {}, file_meta=meta, preamble=b'\0' * 128)
    d.is_little_endian, d.is_implicit_VR = True, False
    d.SOPClassUID, d.SOPInstanceUID = meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID
    d.StudyInstanceUID = d.SeriesInstanceUID = '1.2.3.4'
    d.Modality, d.PhotometricInterpretation = 'OT', 'MONOCHROME2'
    d.Rows, d.Columns, d.SamplesPerPixel = HEIGHT, WIDTH, 1
    d.BitsAllocated, d.BitsStored, d.HighBit, d.PixelRepresentation = 16, 12, 11, 0
    d.PixelData = film().tobytes()
    d['PixelData'].VR = 'OW'
    d.save_as(path, write_like_original=False)


def opj_encoded(command, folder):
    pgm, out = os.path.join(folder, 'film.pgm'), os.path.join(folder, 'film.j2k')
    with open(pgm, 'wb') as file:
        file.write(f'P5\n{WIDTH} {HEIGHT}\n4095\n'.encode() + film().astype('>u2').tobytes())
    subprocess.run(command + ['-i', pgm, '-o', out], check=True, stdout=subprocess.DEVNULL)
    with open(out, 'rb') as file:
        return '1.2.840.10008.1.2.4.91', file.read()


def encoded(command, plain, folder):
    if command[0] == 'opj_compress':
        return opj_encoded(command, folder)
    out = os.path.join(folder, 'out.dcm')
    subprocess.run(command + [plain, out], check=True)
    data = pydicom.dcmread(out)
    frame = next(generate_pixel_data_frame(data.PixelData, 1))
    return data.file_meta.TransferSyntaxUID, frame


def growing():
    """JPEG-LS of one column, 2 bits, black: each line the longest code, for an error of which clamping leaves nothing.

    The sum of the errors (A of ISO/IEC 14495-1) ends above 2^30 for each of their count (N) that a power of two reaches.
    """
    rows, bits, longest = 60, 2, 15  # LIMIT is 20: less 1, less the escape's 3, less 1
    a, n, code = 2, 1, ''
    while True:
        k = 0
        while n << k < a + (n >> 1):
            k += 1
        if n << k >= 1 << 31:
            break
        high = min(longest, ((1 << 31) - 1 - a) * 2 >> k)
        code += '0' + '0' * high + '1' + '0' * k  # no run, the error's high bits, its low ones
        a += (high << k) >> 1
        n += 1
    code += '0' * (64 - len(code) % 8)
    frame = b'\xff\xf7' + struct.pack('>HBHHB', 11, bits, rows, 1, 1) + b'\x01\x11\x00'
    scan = b'\xff\xda\x00\x08\x01\x01\x00\x00\x00\x00'
    return b'\xff\xd8' + frame + scan + int(code, 2).to_bytes(len(code) // 8, 'big') + b'\xff\xd9'


def array(name, data):
    rows = ['    ' + ' '.join(f'{b},' for b in data[i:i + 20]) for i in range(0, len(data), 20)]
    return [f'static const unsigned char {name}[] = {{', *rows, '};\n']


def main():
    lines = ['/* Made by tests/dicom/make_codec_fixtures.py: one film of 24 x 20 pixels of 12 bits. */',
             '#ifndef PLEURA_TESTS_FIXTURE_CODECS_H', '#define PLEURA_TESTS_FIXTURE_CODECS_H', '']
    with tempfile.TemporaryDirectory() as folder:
        plain = os.path.join(folder, 'plain.dcm')
        write_plain(plain)
        for name, command in FIXTURES:
            syntax, data = encoded(command, plain, folder)
            lines.append(f'#define SYNTAX_{name.upper()} "{syntax}"')
            lines += array(name, data)
    lines += array('jpeg_ls_growing', growing()) + ['#endif']
    with open(sys.argv[1], 'w', encoding='ascii') as out:
        out.write('\n'.join(lines) + '\n')


if __name__ == '__main__':
    main()
