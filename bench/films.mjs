// Films for the whole line: full-size ones where they are at hand, and the fixtures.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './nets.mjs';

const DATA = process.env.PLEURA_DATA ?? join(ROOT, '../shared/data');

function jpegs(folder, pattern = /\.jpe?g$/) {
  try {
    return readdirSync(folder).filter((name) => pattern.test(name)).sort().map((name) => join(folder, name));
  } catch {
    return []; // the data is not part of the repository
  }
}

export const fixtures = () => jpegs(join(ROOT, 'tests/fixtures/films'));
export const fullSize = () => jpegs(join(DATA, 'originals'), /^kermany.*\.jpe?g$/);
