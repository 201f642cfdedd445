import type { Engine } from './engine.js';
import type { Film } from './films.js';
import * as settings from './settings.js';

/** The lines of what was classified, in the list's order: as the command line prints them, at the chosen threshold. */
export function jsonLines(films: Film[]): string {
  return films.flatMap((film) => (film.report ? [`${jsonLine(film)}\n`] : [])).join('');
}

function jsonLine(film: Film): string {
  const { result, report, mark, note } = film;
  // What the reader made of it is a field of its own: the rest is the command line's schema.
  const reader = mark || note ? { reader: { mark, note } } : null;
  if (result === report?.result && !reader) return report?.json ?? '';
  return JSON.stringify({ ...result, ...reader });
}

export function csv(header: string, films: Film[]): string {
  const names = split(header);
  const rows = films.flatMap(({ report, result, mark, note }) => {
    if (!report || !result) return [];
    const cells = split(report.csv);
    const put = (name: string, value: string) => {
      const at = names.indexOf(name);
      if (at >= 0) cells[at] = quote(value);
    };
    if (!result.error && result !== report.result) {
      put('outcome', result.outcome);
      put('threshold', result.threshold === null ? '' : String(result.threshold));
      put('reasons', result.reasons.map(({ code }) => code).join(' '));
    }
    return [[...cells, quote(mark ?? ''), quote(note)].join(',')];
  });
  return [[header, 'mark', 'note'].join(','), ...rows].map((row) => `${row}\n`).join('');
}

/** RFC 4180: in quotes where a comma, a quote or a line's end would be misread. */
const quote = (cell: string) => (/[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell);

/** The cells of a row, each still as it was written. */
function split(row: string): string[] {
  return [...row.matchAll(/(?:^|,)("(?:[^"]|"")*"|[^,]*)/g)].map(([, cell = '']) => cell);
}

/**
 * The answer or its heatmap as a DICOM file, at the chosen threshold: false if there is none. Named by its
 * UID as the command line does, since names of films may name patients.
 */
export async function saveDicom(engine: Engine, film: File, kind: 'sr' | 'heatmap', identity: boolean): Promise<boolean> {
  const threshold = settings.get('threshold');
  const { report, heatmap } = await engine.dicom(film, { identity, ...(threshold !== null && { threshold }) });
  const bytes = kind === 'sr' ? report : heatmap;
  if (bytes) save(`${kind}-${uid(bytes)}.dcm`, 'application/dicom', bytes);
  return bytes !== null;
}

/** Media Storage SOP Instance UID, (0002,0003), in the file's head: digits and dots, made even by a zero. */
function uid(dicom: Uint8Array): string {
  const head = String.fromCharCode(...dicom.subarray(132, 1024));
  return /\x02\0\x03\0UI..([\d.]+)/s.exec(head)?.[1] ?? '';
}

/** Hands a text or a file's bytes to the browser's downloads. */
export function save(name: string, type: string, content: BlobPart): void {
  const url = URL.createObjectURL(new Blob([content], { type }));
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  // Not at once: the download starts after this turn.
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
