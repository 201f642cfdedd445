#!/usr/bin/env python3
"""Compares PNGs with libpng, sample by sample: compare.py PLEURA FOLDER

FOLDER holds PNG files such as PngSuite's. libpng.c beside this file decodes them (needs a C compiler
and Debian's libpng-dev); alpha over black and BT.601 luma are done here as the header says. A file whose own
name, without a prefix up to '_', begins with x is corrupt, as PngSuite has it, and must be refused.
"""
import array
import os
import subprocess
import sys
import tempfile


def run(*command):
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)


def ours(pleura, path, folder):
    out = os.path.join(folder, 'ours')
    done = run(pleura, 'inspect', '--grey', path, '--output', out)
    if done.returncode:
        return None, done.stderr.decode().strip().split(': ', 2)[-1]
    greys = array.array('H')
    with open(out, 'rb') as file:
        greys.frombytes(file.read())
    return list(greys), ''


def grey(pixel):
    alpha = pixel.pop() if len(pixel) in (2, 4) else 65535
    if len(pixel) == 3:
        r, g, b = pixel
        value = (19595 * r + 38470 * g + 7471 * b + 32768) >> 16
    else:
        value = pixel[0]
    return (value * alpha + 32767) // 65535


def theirs(oracle, path):
    done = run(oracle, path)
    if done.returncode:
        return None
    head, _, body = done.stdout.partition(b'\n')
    _, channels, bits = map(int, head.split())
    samples = array.array('H' if bits == 16 else 'B', body)
    if bits == 16:
        samples.byteswap()
    values = [s * (1 if bits == 16 else 257) for s in samples]
    return [grey(values[i:i + channels]) for i in range(0, len(values), channels)]


def check(pleura, oracle, path, folder):
    """What is wrong with a file, or ''."""
    name = os.path.basename(path)
    found, refusal = ours(pleura, path, folder)
    if name.split('_')[-1].startswith('x'):
        print(f'{name}: {refusal or "READ"}')
        return '' if found is None else 'a corrupt file was read'
    if found is None:
        return f'refused: {refusal}'
    wanted = theirs(oracle, path)
    if wanted is None:
        return 'libpng does not read it'
    if len(found) != len(wanted):
        return f'{len(found)} samples, not {len(wanted)}'
    worst = max(abs(a - b) for a, b in zip(found, wanted))
    return f'a sample differs by {worst}' if worst else ''


def main():
    pleura, place = sys.argv[1:]
    names = sorted(name for name in os.listdir(place) if name.endswith('.png'))
    wrong = 0
    with tempfile.TemporaryDirectory() as folder:
        oracle = os.path.join(folder, 'libpng')
        source = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'libpng.c')
        subprocess.run(['cc', '-O1', source, '-o', oracle, '-lpng'], check=True)
        for name in names:
            fault = check(pleura, oracle, os.path.join(place, name), folder)
            wrong += bool(fault)
            if fault:
                print(f'WRONG {name}: {fault}')
    print(f'{len(names)} files, {wrong} wrong')
    return 1 if wrong or not names else 0


if __name__ == '__main__':
    sys.exit(main())
