// A few full-size films for the whole line, in a fixed order.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';

export function fullSizeFilms(folder) {
  try {
    return readdirSync(folder)
      .filter((name) => /^kermany.*\.jpe?g$/.test(name))
      .sort()
      .map((name) => join(folder, name));
  } catch {
    return []; // the data is not part of the repository: the network alone is timed then
  }
}
