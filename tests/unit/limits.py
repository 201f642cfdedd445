#!/usr/bin/env python3
"""Holds docs/input-limits.md to the sources: every limit is its constant's value, and the test that is named for it
is run and asserts the code. Run by ctest; prints a line for each row."""
import os
import re
import sys

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..')
NAMES = re.compile(r'`([^`]+)`')


def read(*path):
    with open(os.path.join(ROOT, *path)) as file:
        return file.read()


def value_of(constant, path):
    """Of a #define that is a number, a shift of one, or another constant of image.h."""
    text = re.search(rf'^#define {constant} (.*?)(?:/\*.*)?$', read(path), re.M).group(1)
    if re.fullmatch(r'PLEURA_\w+', text.strip()):
        return value_of(text.strip(), 'core/src/image/image.h')
    shift = re.sub(r'\(\w+\)(?=\d)', '', text.replace('size_t', 'int').replace('int64_t', 'int'))
    if not re.fullmatch(r'[\d\s()<]+', shift):
        raise ValueError(f'{constant} is {text}')
    return eval(shift)  # digits, brackets and shifts alone


def body_of(test, path):
    source = read('tests/unit', path)
    if f'cmocka_unit_test({test})' not in source:
        return ''
    return re.search(rf'^static void {test}\(void \*\*state\)\n{{(.*?)^}}', source, re.M | re.S).group(1)


def fault(row):
    _, _, number, constant, code, test = row
    found = value_of(*NAMES.findall(constant))
    if int(number.replace(',', '')) != found:
        return f'the constant is {found}'
    expected = f'PLEURA_ERROR_{NAMES.findall(code)[0].upper()}'
    return None if expected in body_of(*NAMES.findall(test)) else f'{test} does not assert {expected}'


def main():
    rows = [[cell.strip() for cell in line.strip('|').split('|')] for line in read('docs/input-limits.md').splitlines()
            if line.startswith('|')][2:]
    faults = 0
    for row in rows:
        why = fault(row)
        faults += why is not None
        print(f'{"not ok" if why else "ok"} {row[0]}: {row[1]}{f": {why}" if why else ""}')
    print(f'{len(rows) - faults} passed, {faults} failed')
    return faults > 0 or len(rows) < 15


if __name__ == '__main__':
    sys.exit(main())
