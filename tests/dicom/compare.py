#!/usr/bin/env python3
"""Compares stored values with pydicom, GDCM and DCMTK: compare.py PLEURA FILE|FOLDER...

Bit for bit where the syntax is lossless, to within 1 where it is not. Needs python3-pydicom, python3-numpy, dcmtk and
libgdcm-tools; what an oracle itself cannot read is said and passed over.
"""
import os
import subprocess
import sys
import tempfile

import numpy as np
import pydicom

LOSSY = {f'1.2.840.10008.1.2.4.{end}' for end in (50, 51, 53, 55, 81, 91, 203)}
DCMTK = {**{f'1.2.840.10008.1.2.4.{end}': 'dcmdjpeg' for end in (50, 51, 53, 55, 57, 70)},
         **{f'1.2.840.10008.1.2.4.{end}': 'dcmdjpls' for end in (80, 81)}, '1.2.840.10008.1.2.5': 'dcmdrle'}
OPEN = ('', '1.2.840.10008.1.2', '1.2.840.10008.1.2.1', '1.2.840.10008.1.2.1.99', '1.2.840.10008.1.2.2')


def run(*command):
    # GDCM spends minutes on elements with VRs in an unknown sequence.
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False, timeout=20)


def ours(pleura, path, folder):
    out = os.path.join(folder, 'ours')
    done = run(pleura, 'inspect', '--stored', path, '--output', out)
    if done.returncode:
        return None, done.stderr.decode().strip().split(': ', 2)[-1]
    return np.fromfile(out, '<i4'), ''


def cells(dataset):
    """The first frame of uncompressed pixel data, interleaved."""
    big = not dataset.is_little_endian
    kind = ('>' if big else '<') + ('i' if dataset.PixelRepresentation else 'u')
    count = dataset.Rows * dataset.Columns * dataset.SamplesPerPixel
    data = dataset.PixelData
    if big and dataset.BitsAllocated == 8 and dataset['PixelData'].VR == 'OW':
        data = np.frombuffer(data, '>u2').astype('<u2').tobytes()
    values = np.frombuffer(data, kind + str(dataset.BitsAllocated // 8), count).astype(np.int64)
    # The bits that are stored, with their sign; overlays may stand in the others.
    shift, bits = dataset.HighBit + 1 - dataset.BitsStored, dataset.BitsStored
    values = (values >> shift) & ((1 << bits) - 1)
    if dataset.PixelRepresentation:
        values = np.where(values >> (bits - 1), values - (1 << bits), values)
    if dataset.SamplesPerPixel > 1 and dataset.get('PlanarConfiguration', 0):
        values = values.reshape(dataset.SamplesPerPixel, -1).T.ravel()
    return values


def by_dcmtk(path, folder, syntax):
    out = os.path.join(folder, 'dcmtk')
    if syntax not in DCMTK and syntax not in OPEN:
        return None
    done = run(*([DCMTK[syntax]] if syntax in DCMTK else ['dcmconv', '+te']), path, out)
    return None if done.returncode else cells(pydicom.dcmread(out, force=True))


def by_gdcm(path, folder, syntax):
    said = pydicom.dcmread(path, force=True, stop_before_pixels=True)
    # It takes stored bits down to bit 0 and leaves what is said of their place; where none are said it takes others.
    if said.get('HighBit') is None or said.get('BitsStored') != said.HighBit + 1:
        return None
    out = os.path.join(folder, 'gdcm')
    if run('gdcmconv', '--raw', path, out).returncode:
        return None
    dataset = pydicom.dcmread(out, force=True)
    # GDCM leaves YCbCr as it is stored; we and DCMTK undo it with the compression.
    if syntax in LOSSY and dataset.PhotometricInterpretation.startswith('YBR'):
        return None
    return cells(dataset)


def by_pydicom(path):
    dataset = pydicom.dcmread(path, force=True)
    if dataset.file_meta.TransferSyntaxUID.is_compressed:
        return None
    return cells(dataset)


def contradicts(dataset, syntax):
    """Whether pixels are something else than the file says: we read what they are, others what is said."""
    if 'PixelData' not in dataset:
        return False
    first, photometric = dataset.PixelData[:1000], dataset.get('PhotometricInterpretation', '')
    boxed = dataset['PixelData'].is_undefined_length
    return (boxed and syntax in OPEN) or (photometric == 'RGB' and b'JFIF' in first) or (
        photometric.startswith('YBR') and b'Adobe\0\x64\0\0\0\0\0' in first)


def compare(pleura, path):
    with tempfile.TemporaryDirectory() as folder:
        values, why = ours(pleura, path, folder)
        if values is None:
            return True, 'refused: ' + why
        try:
            dataset = pydicom.dcmread(path, force=True)
            syntax = str(dataset.file_meta.TransferSyntaxUID)
        except (AttributeError, OSError, ValueError):
            dataset, syntax = None, ''
        if dataset is not None and contradicts(dataset, syntax):
            return True, 'read here; the others go by what it says'
        allowed = 1 if syntax in LOSSY else 0
        notes, good, seen = [], True, 0
        for name, read in (('pydicom', lambda: by_pydicom(path)), ('gdcm', lambda: by_gdcm(path, folder, syntax)),
                           ('dcmtk', lambda: by_dcmtk(path, folder, syntax))):
            try:
                other = read()
            except Exception as error:  # an oracle's own limits are not ours
                notes.append(f'{name} fails ({type(error).__name__})')
                continue
            if other is None:
                notes.append(f'{name} -')
                continue
            if len(other) != len(values):
                good = False
                notes.append(f'{name} has {len(other)} values, not {len(values)}')
                continue
            seen += 1
            worst = int(np.abs(other - values).max())
            good &= worst <= allowed
            notes.append(f'{name} {worst}')
        words = f'largest difference (at most {allowed}): ' + ', '.join(notes)
        return good, words if seen else 'read here, and by none of the others'


def files(paths):
    for path in paths:
        if os.path.isdir(path):
            yield from sorted(entry.path for entry in os.scandir(path) if entry.is_file())
        else:
            yield path


def main():
    pleura, paths = sys.argv[1], list(files(sys.argv[2:]))
    bad = seen = 0
    for path in paths:
        good, words = compare(pleura, path)
        bad += not good
        seen += good and words.startswith('largest')
        print(f"{'ok    ' if good else 'NOT OK'} {os.path.basename(path)}: {words}")
    print(f'{len(paths) - bad} of {len(paths)} ok, of which {seen} are read by others, too')
    return 1 if bad or not seen else 0


if __name__ == '__main__':
    sys.exit(main())
