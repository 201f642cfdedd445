#!/usr/bin/env python3
"""One chest film in every transfer syntax, bit depth and photometric interpretation that can be written.

    syntaxes.py FOLDER [PLEURA MODEL]    writes the files; with PLEURA, checks that each has the same answer

What is stored with loss has other values than the film's. NAME.decoded.dcm is what DCMTK or OpenJPEG reads of NAME.dcm,
uncompressed: that has the answer that NAME.dcm must have.

Needs python3-pydicom, python3-numpy, python3-pil, dcmtk, libgdcm-tools and libopenjp2-tools. No tool of Debian writes high-throughput
JPEG 2000.
"""
import json
import os
import subprocess
import sys

import numpy as np
from PIL import Image
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.encaps import encapsulate

FILM = os.path.join(os.path.dirname(__file__), '..', 'fixtures', 'films', 'viral-1.jpg')
IMPLICIT, EXPLICIT, DEFLATED, BIG, CAPSULE = (f'1.2.840.10008.1.2{end}' for end in ('', '.1', '.1.99', '.2', '.1.98'))
TOLERANCE = 1e-3  # of every probability
JPEG = ('jpeg_baseline', 'jpeg_extended', 'jpeg_spectral', 'jpeg_progressive')
LOSING = (*JPEG, 'jpeg_ls_near', 'jpeg_2000_lossy')


def film(bits):
    grey = np.asarray(Image.open(FILM).convert('L')).astype(np.float64)
    return np.round(grey / 255 * (2**bits - 1)).astype(np.int64)


def write(path, values, syntax=EXPLICIT, allocated=16, stored=16, high=None, signed=False, photometric='MONOCHROME2',
          frame=None, **more):
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = '1.2.840.10008.5.1.4.1.1.7', '1.2.3.4'
    meta.TransferSyntaxUID = syntax
    d = FileDataset(path, {}, file_meta=meta, preamble=b'\0' * 128)
    d.is_little_endian, d.is_implicit_VR = syntax != BIG, syntax == IMPLICIT
    d.SOPClassUID, d.SOPInstanceUID = meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID
    d.StudyInstanceUID = d.SeriesInstanceUID = '1.2.3'
    d.Modality, d.ConversionType, d.PhotometricInterpretation = 'OT', 'WSD', photometric
    d.Rows, d.Columns = values.shape[:2]
    d.SamplesPerPixel = 3 if values.ndim == 3 else 1
    if values.ndim == 3:
        d.PlanarConfiguration = more.pop('planar', 0)
        if d.PlanarConfiguration:
            values = np.moveaxis(values, 2, 0)
    high = stored - 1 if high is None else high
    d.BitsAllocated, d.BitsStored, d.HighBit, d.PixelRepresentation = allocated, stored, high, int(signed)
    for name, value in more.items():
        setattr(d, name, value)
    # Below the stored bits there may be others, which are nobody's business.
    cells = (values << (high + 1 - stored)) + (5 if high >= stored else 0)
    data = cells.astype(('>' if syntax == BIG else '<') + ('u2' if allocated == 16 else 'u1')).tobytes()
    data += b'\0' * (len(data) % 2)
    capsule = frame is not None or syntax == CAPSULE
    d.PixelData = encapsulate([frame or data]) if capsule else data
    d['PixelData'].VR = 'OB' if allocated == 8 or capsule else 'OW'
    d['PixelData'].is_undefined_length = capsule
    d.save_as(path, write_like_original=False)


def ybr(grey):
    return np.stack([grey, np.full_like(grey, 128), np.full_like(grey, 128)], axis=2)


def palette(path, grey):
    """Every grey in another place of the table than its own."""
    order = np.random.default_rng(1).permutation(256)
    table = np.empty(256, '<u2')
    table[order] = np.arange(256) * 257
    tables = {f'{colour}PaletteColorLookupTable{what}': value for colour in ('Red', 'Green', 'Blue')
              for what, value in (('Descriptor', [256, 0, 16]), ('Data', table.tobytes()))}
    write(path, order[grey], allocated=8, stored=8, photometric='PALETTE COLOR', **tables)


def write_plain(at):
    grey, twelve = film(8), film(12)
    for name, syntax in (('implicit', IMPLICIT), ('explicit', EXPLICIT), ('big_endian', BIG), ('deflated', DEFLATED),
                         ('capsule', CAPSULE)):
        write(at(name), twelve, syntax, stored=12)
        write(at(f'{name}_8'), grey, syntax, allocated=8, stored=8)
    for bits in range(9, 17):
        write(at(f'bits_{bits}'), film(bits), stored=bits)
    write(at('high_bit'), twelve, stored=12, high=15)
    write(at('eight_in_16'), grey, stored=8)
    write(at('signed'), twelve - 2048, stored=12, signed=True, RescaleIntercept='2048', RescaleSlope='1',
          WindowCenter='2048', WindowWidth='4096')
    write(at('monochrome1'), 4095 - twelve, stored=12, photometric='MONOCHROME1')
    write(at('monochrome1_8'), 255 - grey, allocated=8, stored=8, photometric='MONOCHROME1')
    colour = np.repeat(grey[..., None], 3, axis=2)
    write(at('rgb'), colour, allocated=8, stored=8, photometric='RGB')
    write(at('rgb_planes'), colour, allocated=8, stored=8, photometric='RGB', planar=1)
    write(at('rgb_16'), np.repeat(film(16)[..., None], 3, axis=2), photometric='RGB')
    write(at('ybr_full'), ybr(grey), allocated=8, stored=8, photometric='YBR_FULL')
    palette(at('palette'), grey)


# What compresses, by name.
COMMANDS = [('rle', ['dcmcrle']), ('jpeg_lossless', ['dcmcjpeg', '+el', '+sv', '6']),
            ('jpeg_lossless_sv1', ['dcmcjpeg', '+e1']), ('jpeg_ls', ['dcmcjpls', '+el']),
            ('jpeg_ls_near', ['dcmcjpls', '+en', '+md', '1']), ('jpeg_2000', ['gdcmconv', '--j2k']),
            ('jpeg_extended', ['dcmcjpeg', '+ee', '+q', '100']), ('jpeg_spectral', ['dcmcjpeg', '+es', '+q', '100']),
            ('jpeg_progressive', ['dcmcjpeg', '+ep', '+q', '100']), ('jpeg_baseline', ['dcmcjpeg', '+eb', '+q', '100'])]
SOURCES = ['explicit', 'explicit_8', 'bits_10', 'bits_16', 'monochrome1', 'rgb']


def write_compressed(at):
    for name, command in COMMANDS:
        for source in SOURCES:
            deep = source not in ('explicit_8', 'rgb')
            # Baseline has 8 bits, the other processes with loss 8 or 12; DCMTK would scale, or refuse.
            if (deep and name == 'jpeg_baseline') or (source in ('bits_16', 'bits_10') and
                                                      name in ('jpeg_extended', 'jpeg_spectral', 'jpeg_progressive')):
                continue
            subprocess.run([*command, at(source), at(f'{name}_of_{source}')], check=True, capture_output=True)


def write_decoded(at):
    """Of what is stored with loss: JPEG of quality 100, JPEG-LS with errors of 1 in 255, JPEG 2000 of 60 dB (GDCM's own
    encoder aborts)."""
    for command, kinds in (('dcmdjpeg', JPEG), ('dcmdjpls', ['jpeg_ls_near'])):
        for name in (f'{kind}_of_{source}' for kind in kinds for source in SOURCES):
            if os.path.exists(at(name)):
                subprocess.run([command, at(name), at(f'{name}.decoded')], check=True, capture_output=True)
    for bits in (8, 12):
        values, allocated = film(bits), 8 if bits == 8 else 16
        name, (pgm, j2k, raw) = f'jpeg_2000_lossy_of_{bits}', (f'{at("film")}.{end}' for end in ('pgm', 'j2k', 'rawl'))
        with open(pgm, 'wb') as file:
            file.write(b'P5\n%d %d\n%d\n' % (*values.shape[::-1], 2**bits - 1) +
                       values.astype('u1' if bits == 8 else '>u2').tobytes())
        subprocess.run(['opj_compress', '-I', '-q', '60', '-i', pgm, '-o', j2k], check=True, capture_output=True)
        with open(j2k, 'rb') as file:
            write(at(name), values, '1.2.840.10008.1.2.4.91', allocated, bits, frame=file.read())
        subprocess.run(['opj_decompress', '-i', j2k, '-o', raw], check=True, capture_output=True)
        decoded = np.fromfile(raw, 'u1' if bits == 8 else '<u2').reshape(values.shape).astype(np.int64)
        write(at(f'{name}.decoded'), decoded, allocated=allocated, stored=bits)
        for path in (pgm, j2k, raw):
            os.remove(path)


def farthest(answer, other):
    """The largest difference of a probability; None where there are none."""
    return max((abs(value - other['probabilities'][label]) for label, value in (answer['probabilities'] or {}).items()),
               default=None)


def check(pleura, model, paths):
    run = subprocess.run([pleura, 'classify', '--model', model, '--json', FILM, *paths], capture_output=True, text=True)
    film_answer, *answers = [json.loads(line) for line in run.stdout.splitlines()]
    named = {os.path.basename(answer['file'])[:-len('.dcm')]: answer for answer in answers}
    failures, worst = 0, 0
    for name, answer in named.items():
        if name.endswith('.decoded'):
            continue
        expected = named.get(f'{name}.decoded', film_answer)
        off = farthest(answer, expected)
        good = off is not None and off <= TOLERANCE and answer['outcome'] == film_answer['outcome']
        # To a network of 8-bit films, all that lose nothing are one.
        good = good and (name.startswith(LOSING) or answer['probabilities'] == named['explicit_8']['probabilities'])
        worst, failures = max(worst, off or 0), failures + (not good)
        why = answer.get('error') or answer['reasons'] or ''
        lossy = '' if expected is film_answer else f'; the values are others than the film\'s, by {farthest(answer, film_answer):.2g}'
        print(f'{"ok" if good else "not ok"} {name} {"" if off is None else f"off by {off:.2g}{lossy}"} {why if not good else ""}')
    count = sum(not name.endswith('.decoded') for name in named)
    print(f'{count - failures} passed, {failures} failed; at most {worst:.2g} off')
    return failures > 0 or len(answers) != len(paths)


def main():
    folder, *judged = sys.argv[1:]
    os.makedirs(folder, exist_ok=True)
    at = lambda name: os.path.join(folder, f'{name}.dcm')
    write_plain(at)
    write_compressed(at)
    write_decoded(at)
    return check(*judged, sorted(os.path.join(folder, name) for name in os.listdir(folder))) if judged else 0


if __name__ == '__main__':
    sys.exit(main())
