#!/usr/bin/env python3
"""What `pleura classify --dicom-out` writes, read by DCMTK, pydicom and dicom3tools.

    test_export.py PLEURA MODEL.onnx

Needs dcmtk, dicom3tools and python3-pydicom. Prints a line for each check; exit status 1 if any failed.
"""
import glob
import hashlib
import json
import os
import re
import subprocess
import sys
import tempfile

import pydicom
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.encaps import encapsulate

FILM = os.path.join(os.path.dirname(__file__), '..', 'fixtures', 'films', 'viral-1.jpg')
SECRETS = {'PatientName': 'Zzyzx^Quentin', 'PatientID': 'SECRET-4711', 'PatientBirthDate': '20200229',
           'PatientSex': 'M', 'AccessionNumber': 'ACC-99887', 'StudyDate': '20240131', 'StudyTime': '134501',
           'StudyID': 'STUDY-31337', 'StudyDescription': 'Hush hush', 'ReferringPhysicianName': 'Kildare^James',
           'IssuerOfPatientID': 'Clinic of Utmost Discretion'}
ELSEWHERE = {'InstitutionName': 'Saint Elsewhere', 'OperatorsName': 'Morrison^Jack', 'PatientAge': '004Y',
             'PatientAddress': '77 Sunset Strip', 'StationName': 'ROOM-0815', 'PatientComments': 'Likes trains'}
TEXT = {'capture_output': True, 'text': True, 'errors': 'replace'}
# dsrdump's checker of values knows no UTF-8, and says so.
HARMLESS = 'W: The VR checker does not support this Specific Character Set: ISO_IR 192'
checks = failures = 0


def check(name, good, detail=''):
    global checks, failures
    checks += 1
    failures += not good
    print(f'{"ok" if good else "not ok"} {checks} {name}' + (f'\n#   {detail}' if not good else ''))


def write_film(path, **more):
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = '1.2.840.10008.5.1.4.1.1.1.1'
    meta.MediaStorageSOPInstanceUID = '1.2.826.0.1.3680043.2.1143.99.3'
    meta.TransferSyntaxUID = '1.2.840.10008.1.2.4.50'
    d = FileDataset(path, {}, file_meta=meta, preamble=b'\0' * 128)
    d.is_little_endian, d.is_implicit_VR = True, False
    d.SOPClassUID, d.SOPInstanceUID = meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID
    d.StudyInstanceUID, d.SeriesInstanceUID = '1.2.826.0.1.3680043.2.1143.99.1', '1.2.826.0.1.3680043.2.1143.99.2'
    d.Modality, d.PhotometricInterpretation, d.PatientOrientation = 'DX', 'MONOCHROME2', 'L\\F'
    for name, value in {**SECRETS, **ELSEWHERE, **more}.items():
        setattr(d, name, value)
    with open(FILM, 'rb') as file:
        jpeg = file.read()
    size = jpeg.index(b'\xff\xc0') + 5
    d.Rows, d.Columns = int.from_bytes(jpeg[size:size + 2], 'big'), int.from_bytes(jpeg[size + 2:size + 4], 'big')
    d.SamplesPerPixel, d.BitsAllocated, d.BitsStored, d.HighBit, d.PixelRepresentation = 1, 8, 8, 7, 0
    d.PixelData = encapsulate([jpeg])
    d['PixelData'].is_undefined_length = True
    d.save_as(path, write_like_original=False)
    return d


def classify(pleura, model, film, out, *options):
    run = subprocess.run([pleura, 'classify', '--model', model, '--json', '--dicom-out', out, *options, film],
                         **TEXT)
    check(f'classify {" ".join(options)} exits with 0', run.returncode == 0, run.stdout + run.stderr)
    files = {kind: glob.glob(os.path.join(out, f'{kind}-*.dcm')) for kind in ('heatmap', 'sr')}
    check('one SR and one heatmap, and nothing half-written', [len(files[kind]) for kind in files] == [1, 1] and
          len(os.listdir(out)) == 2, str(os.listdir(out)))
    return json.loads(run.stdout), files['heatmap'][0], files['sr'][0]


def judged(path, iod):
    """By dicom3tools: the right kind of object, and nothing wrong with it."""
    run = subprocess.run(['dciodvfy', path], **TEXT)
    said = run.stdout + run.stderr
    check(f'dciodvfy: {iod} without errors', re.search(f'^{iod}$', said, re.M) and
          not re.search('^Error', said, re.M), said)
    # A warning that is not about the attributes that are left out, or about our own codes, is looked at.
    odd = [line for line in said.splitlines() if line.startswith('Warning') and
           'needed to build DICOMDIR' not in line and '99PLEURA' not in line]
    check(f'dciodvfy: {iod} without other warnings', not odd, '\n'.join(odd))
    run = subprocess.run(['dcmdump', '-q', path], **TEXT)
    check('dcmdump reads it', run.returncode == 0 and not run.stderr, run.stderr)


def numbers(report):
    return {item.ContentSequence[0].TextValue: float(item.MeasuredValueSequence[0].NumericValue)
            for item in report.ContentSequence if item.ValueType == 'NUM' and
            item.ConceptNameCodeSequence[0].CodeValue == 'probability'}


def items(report, code):
    return [item for item in report.ContentSequence if item.ConceptNameCodeSequence[0].CodeValue == code]


def check_report(path, answer, film, heatmap):
    report = pydicom.dcmread(path)
    check('the SR has the probabilities of the JSON line', numbers(report) == answer['probabilities'],
          f'{numbers(report)} {answer["probabilities"]}')
    check('and the outcome', items(report, 'outcome')[0].ConceptCodeSequence[0].CodeValue == answer['outcome'])
    check('and says that it is no diagnosis', 'diagnosis' in items(report, 'notice')[0].TextValue and
          report.VerificationFlag == 'UNVERIFIED')
    check('and names the model', items(report, 'model_sha256')[0].TextValue == answer['model']['sha256'])
    film_reference, heatmap_reference = (items(report, code)[0].ReferencedSOPSequence[0] for code in ('film', 'heatmap'))
    check('and refers to the film', film_reference.ReferencedSOPInstanceUID == film.SOPInstanceUID and
          film_reference.ReferencedSOPClassUID == film.SOPClassUID)
    check('and to the heatmap', heatmap_reference.ReferencedSOPInstanceUID == heatmap.SOPInstanceUID)
    evidence = report.CurrentRequestedProcedureEvidenceSequence[0]
    series = {(s.SeriesInstanceUID, s.ReferencedSOPSequence[0].ReferencedSOPInstanceUID)
              for s in evidence.ReferencedSeriesSequence}
    check('both are its evidence', evidence.StudyInstanceUID == film.StudyInstanceUID and series ==
          {(film.SeriesInstanceUID, film.SOPInstanceUID), (heatmap.SeriesInstanceUID, heatmap.SOPInstanceUID)})
    run = subprocess.run(['dsrdump', path], **TEXT)
    check('dsrdump reads it', run.returncode == 0 and run.stderr.strip() in ('', HARMLESS) and 'Outcome' in run.stdout,
          run.stdout + run.stderr)
    return report


def check_heatmap(path, film, shows_film=True):
    heatmap = pydicom.dcmread(path)
    pixels = heatmap.pixel_array
    check('the heatmap has the film\'s proportions', abs(pixels.shape[0] * film.Columns -
          pixels.shape[1] * film.Rows) <= 1.5 * max(film.Rows, film.Columns), str(pixels.shape))
    grey = (pixels[..., 0] == pixels[..., 1]) & (pixels[..., 1] == pixels[..., 2])
    check('it has colours', not grey.all())
    # Where the heat leaves the film as it is.
    check('over the film' if shows_film else 'and no film', (pixels[grey].max() > 100) == shows_film)
    source = heatmap.SourceImageSequence[0]
    check('and refers to it', source.ReferencedSOPInstanceUID == film.SOPInstanceUID and
          heatmap.StudyInstanceUID == film.StudyInstanceUID and heatmap.PatientOrientation == film.PatientOrientation)
    check('its lossy compression is told', heatmap.LossyImageCompression == '01')
    return heatmap


def named(path, film):
    with open(path, 'rb') as file:
        data = file.read()
    return [name for name in [*SECRETS, *ELSEWHERE]
            if len(str(film[name].value)) > 1 and str(film[name].value).encode() in data]


def identified(path, film):
    d = pydicom.dcmread(path)
    return [name for name in SECRETS if d.get(name) != film[name].value]


def main():
    pleura, model = sys.argv[1:]
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, 'film.dcm')
        film = write_film(path)

        answer, capture, sr = classify(pleura, model, path, os.path.join(folder, 'default'))
        judged(capture, 'SCImage')
        judged(sr, 'ComprehensiveSR')
        report = check_report(sr, answer, film, check_heatmap(capture, film))
        check('without --identity nothing names the patient', not named(capture, film) and not named(sr, film),
              str(named(capture, film) + named(sr, film)))
        check('the SR says so', report.PatientIdentityRemoved == 'YES')
        check('the heatmap does not: its picture may', 'PatientIdentityRemoved' not in pydicom.dcmread(capture))
        check('files are named by their UIDs', all(pydicom.dcmread(f).SOPInstanceUID in f for f in (capture, sr)))
        uids = [u for f in (capture, sr) for d in [pydicom.dcmread(f)] for u in (d.SOPInstanceUID, d.SeriesInstanceUID)]
        check('UIDs are four and made from UUIDs', len(set(uids)) == 4 and
              all(re.fullmatch(r'2\.25\.[1-9][0-9]{0,38}', u) and int(u[5:]) < 2**128 and
                  (int(u[5:]) >> 76) % 16 == 8 and (int(u[5:]) >> 62) % 4 == 2 for u in uids), str(uids))

        answer, capture, sr = classify(pleura, model, path, os.path.join(folder, 'named'), '--identity')
        judged(capture, 'SCImage')
        judged(sr, 'ComprehensiveSR')
        check('--identity copies what an archive needs', not identified(capture, film) and not identified(sr, film),
              str(identified(capture, film) + identified(sr, film)))
        check('and nothing else', not set(named(sr, film)) & set(ELSEWHERE) and not set(named(capture, film)) & set(ELSEWHERE))

        film = write_film(path, PatientName='Wang^XiaoDong=\u738b^\u5c0f\u6771', SpecificCharacterSet='GB18030')
        answer, capture, sr = classify(pleura, model, path, os.path.join(folder, 'chinese'), '--identity')
        judged(sr, 'ComprehensiveSR')
        check('names keep their character set', pydicom.dcmread(sr).PatientName == film.PatientName)

        film = write_film(path, BurnedInAnnotation='YES')
        answer, capture, sr = classify(pleura, model, path, os.path.join(folder, 'letters'))
        judged(capture, 'SCImage')
        heatmap = check_heatmap(capture, film, shows_film=False)
        check('a picture with names is left out', heatmap.BurnedInAnnotation == 'NO' and
              heatmap.PatientIdentityRemoved == 'YES')

        answer, capture, sr = classify(pleura, model, FILM, os.path.join(folder, 'jpeg'))
        judged(capture, 'SCImage')
        judged(sr, 'ComprehensiveSR')
        report = pydicom.dcmread(sr)
        with open(FILM, 'rb') as file:
            check('a JPEG is told by its bytes', items(report, 'film_sha256')[0].TextValue ==
                  hashlib.sha256(file.read()).hexdigest())
        check('and both files are in one study', report.StudyInstanceUID == pydicom.dcmread(capture).StudyInstanceUID)

        write_film(path, Modality='CT')
        out = os.path.join(folder, 'refused')
        subprocess.run([pleura, 'classify', '--model', model, '--dicom-out', out, path], capture_output=True, check=True)
        [sr] = glob.glob(os.path.join(out, '*'))
        judged(sr, 'ComprehensiveSR')
        report = pydicom.dcmread(sr)
        check('a refusal has its reason, and no numbers', 'CT' in items(report, 'reason')[0].TextValue and
              not numbers(report) and not items(report, 'heatmap'))

        run = subprocess.run([pleura, 'classify', '--model', model, '--json', '--dicom-out', path, FILM],
                             **TEXT)
        check('what cannot be written is a fault of the file', run.returncode == 1 and
              json.loads(run.stdout)['error']['code'] == 'file', run.stdout)
    print(f'{checks - failures} passed, {failures} failed')
    return failures > 0


if __name__ == '__main__':
    sys.exit(main())
