#!/usr/bin/env python3
"""One chest film in forms that hospitals have and standards do not ask for: the same answer, or a reason.

    odd.py FOLDER PLEURA MODEL

Each form says what it must give: the stored values, to the bit, and the film's own probabilities, or those of the film as a
JPEG, whose greys are off by 1; or other greys, by a formula written here; or a refusal with its code. Needs python3-numpy, python3-pil, python3-pydicom, dcmtk and
libopenjp2-tools. syntaxes.py has the plain forms.
"""
import json
import os
import subprocess
import sys

import numpy as np

import odd_claims
import odd_forms
import odd_frames
from odd_frames import pil
from syntaxes import FILM, TOLERANCE, farthest
from writing import AS_JPEG, GREY


def inspected(pleura, path, what, kind):
    subprocess.run([pleura, 'inspect', f'--{what}', path, '--output', f'{path}.out'], check=True)
    values = np.fromfile(f'{path}.out', kind)
    os.remove(f'{path}.out')
    return values


def faults(form, answer, expected, pleura, path):
    """What is not as the form says, in words."""
    code = (answer.get('error') or {}).get('code')
    if code != form.code:
        yield f'{answer.get("error") or "read"}, not {form.code or "read"}'
        return
    if code:
        return
    if form.values is not None:
        stored = inspected(pleura, path, 'stored', '<i4')
        if not np.array_equal(stored, form.values.ravel()):
            yield f'other stored values, {len(stored)} of {form.values.size}'
    if form.greys is not None:
        greys, wanted = inspected(pleura, path, 'grey', '<u2'), np.asarray(form.greys).ravel() * 65535
        off = np.abs(greys - wanted).max() if len(greys) == len(wanted) else np.inf
        if off > form.within:
            yield f'greys are off by {off:.3g}'
    if form.same:
        wanted = expected[form.same]
        off = farthest(answer, wanted)
        if off is None or off > TOLERANCE or answer['outcome'] != wanted['outcome']:
            yield f'{answer["outcome"]} {answer["reasons"]}, probabilities off by {off}'


def main():
    folder, pleura, model = sys.argv[1:]
    scratch = os.path.join(folder, 'scratch')
    os.makedirs(scratch, exist_ok=True)
    made = [*odd_forms.forms(), *odd_frames.forms(scratch), *odd_claims.forms(scratch)]
    names = [form.name for form in made]
    assert len(set(names)) == len(names), [name for name in names if names.count(name) > 1]
    # Their names say nothing, or what is wrong: what counts is what is in them.
    paths = [os.path.join(folder, name + ('.png' if i % 3 == 0 else '.jpg' if i % 3 == 1 else ''))
             for i, name in enumerate(names)]
    for form, path in zip(made, paths):
        with open(path, 'wb') as file:
            file.write(form.file)
    with open(os.path.join(scratch, 'film.jpg'), 'wb') as file:
        file.write(pil(GREY, quality=100))
    run = subprocess.run([pleura, 'classify', '--model', model, '--json', FILM, file.name, *paths], capture_output=True, text=True)
    film_answer, as_jpeg, *answers = [json.loads(line) for line in run.stdout.splitlines()]
    expected = {True: film_answer, AS_JPEG: as_jpeg}
    assert [answer['file'] for answer in answers] == paths, run.stderr
    failures = 0
    for form, answer, path in zip(made, answers, paths):
        wrong = list(faults(form, answer, expected, pleura, path))
        failures += bool(wrong)
        print(f'{"not ok" if wrong else "ok"} {form.name}{": " if wrong else ""}{"; ".join(wrong)}')
    print(f'{len(made) - failures} passed, {failures} failed')
    return failures > 0


if __name__ == '__main__':
    sys.exit(main())
