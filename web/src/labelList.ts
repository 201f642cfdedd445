// Lists of labels as text; what is done with them is labels.ts's.
import type { Film } from './films.js';
import type { Said } from './labels.js';

const COLUMNS = { file: ['path', 'file'], label: ['labels', 'label'], patient: ['patient', 'patient_id'] };

/** RFC 4180. */
function rows(text: string): string[][] {
  const found: string[][] = [[]];
  for (const [, quoted, plain = '', end = ''] of text.replace(/^\uFEFF/, '').matchAll(/(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n|\n|\r|$)/g)) {
    found.at(-1)!.push(quoted === undefined ? plain : quoted.replaceAll('""', '"'));
    if (end === '') break;
    if (end !== ',') found.push([]);
  }
  return found.filter((cells) => cells.length > 1 || cells[0] !== '');
}

/** A list of labels, as `pleura evaluate` and `pleura learn` take it; null for any other text. */
export function readLabels(text: string): Map<string, Said> | null {
  const [head = [], ...body] = rows(text);
  const column = (names: string[]) => names.map((name) => head.indexOf(name)).find((at) => at >= 0) ?? -1;
  const [file, label, patient] = [column(COLUMNS.file), column(COLUMNS.label), column(COLUMNS.patient)];
  if (file < 0 || label < 0) return null;
  return new Map(body.filter((cells) => cells[file]).map((cells) => [cells[file]!, { label: cells[label] ?? '', patient: cells[patient] ?? '' }]));
}

const quote = (cell: string) => (/[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell);

/** The same, of the films that have a label. */
export function writeLabels(films: Film[]): string {
  const lines = films.filter(({ label }) => label).map(({ name, label, patient }) => [name, label, patient].map(quote).join(','));
  return ['file,label,patient', ...lines].map((line) => `${line}\n`).join('');
}
