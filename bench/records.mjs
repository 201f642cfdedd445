// One format for everything that is measured: JSON lines, described in README.md.
import { spawnSync } from 'node:child_process';
import { appendFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { dirname } from 'node:path';
import { ROOT } from './nets.mjs';

const git = (...words) => spawnSync('git', words, { cwd: ROOT, encoding: 'utf8' }).stdout?.trim() ?? '';

/** Appends to a file; the first line says of which commit and machine the rest is. */
export function openRecords(path, facts) {
  mkdirSync(dirname(path), { recursive: true });
  const run = new Date().toISOString();
  const write = (record) => appendFileSync(path, `${JSON.stringify(record)}\n`);
  write({
    schema: 'pleura.bench/2',
    kind: 'run',
    run,
    commit: git('rev-parse', '--short', 'HEAD') + (git('status', '--porcelain', '--untracked-files=no') && '+'),
    processor: cpus()[0].model,
    cores: cpus().length,
    ...facts,
  });
  return (kind, record) => write({ kind, run, ...record });
}

/** All records; of those that say the same of the same, the newest. */
export function readRecords(path) {
  if (!existsSync(path)) throw new Error(`There is no ${path}: run bench/run.sh first.`);
  const newest = new Map();
  for (const line of readFileSync(path, 'utf8').split('\n').filter(Boolean)) {
    const record = JSON.parse(line);
    const { kind, place, engine, tier, threads, net, workers, run } = record;
    newest.set(JSON.stringify([kind, place, engine, tier, threads, net, workers, kind === 'run' && run]), record);
  }
  return [...newest.values()];
}
