"""Reads llvm-cov's summary from standard input: coverage_table.py folder|file ROOT/core/src/"""
import json
import os
import sys


def main():
    by, top = sys.argv[1:]
    sums = {}
    for file in json.load(sys.stdin)['data'][0]['files']:
        name = os.path.relpath(file['filename'], top)
        if not file['summary']['lines']['count']:
            continue    # a header without code
        if by == 'folder':
            name = os.path.dirname(name) or '(top)'
        lines, branches = file['summary']['lines'], file['summary']['branches']
        counts = (lines['count'], lines['covered'], branches['count'], branches['covered'])
        sums[name] = [a + b for a, b in zip(sums.get(name, (0, 0, 0, 0)), counts)]
    rows = sorted(sums.items(), key=lambda row: row[1][1] / max(row[1][0], 1) if by == 'file' else row[0])
    rows.append(('**core/src**', [sum(column) for column in zip(*sums.values())]))
    print('| ' + by + ' | lines | run | share | branches taken |\n|---|---|---|---|---|')
    for name, (lines, run, branches, taken) in rows:
        print(f'| {name} | {lines:,} | {run:,} | {share(run, lines)} | {share(taken, branches)} |')
    return 0


def share(part, whole):
    return f'{100 * part / whole:.1f} %' if whole else '-'


if __name__ == '__main__':
    sys.exit(main())
