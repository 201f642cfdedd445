import type { ModelInfo } from 'pleura';
import type { Engine } from './engine.js';
import type { Film } from './films.js';
import * as settings from './settings.js';

/** The lines of what was classified, in the list's order: as the command line prints them, at the chosen threshold. */
export function jsonLines(films: Film[], info: ModelInfo): string {
  return films.flatMap((film) => (film.report || film.fault ? [`${jsonLine(film, info)}\n`] : [])).join('');
}

function jsonLine(film: Film, info: ModelInfo): string {
  const { report, mark, note } = film;
  const result = film.result ?? lost(film, info);
  // What the reader made of it is a field of its own: the rest is the command line's schema.
  const reader = mark || note ? { reader: { mark, note } } : null;
  if (result === report?.result && !reader) return report?.json ?? '';
  return JSON.stringify({ ...result, ...reader });
}

/** A film without an answer (its worker ended, its file is gone) as the core says it of files that cannot be read. */
function lost({ name: file, fault }: Film, { name, version, sha256, profile, finding }: ModelInfo) {
  // The command line has no workers, and no word for their end.
  const error = { code: fault?.code === 'file' ? 'file' : 'internal', message: fault?.message };
  const model = { name, version, sha256, ...(profile && { profile }) };
  return { schema: 'pleura.result/1', file, outcome: null, finding, probabilities: null, threshold: null, reasons: [], error, model, ms: null, ms_steps: null };
}

export function csv(header: string, films: Film[], info: ModelInfo): string {
  const names = split(header);
  const rows = films.flatMap((film) => {
    const { report, result, fault, mark, note } = film;
    if (!report && !fault) return [];
    const cells = report ? split(report.csv) : lostCells(names, film, info);
    const put = (name: string, value: string) => {
      const at = names.indexOf(name);
      if (at >= 0) cells[at] = quote(value);
    };
    if (result && !result.error && result !== report?.result) {
      put('outcome', result.outcome);
      put('threshold', result.threshold === null ? '' : String(result.threshold));
      put('reasons', result.reasons.map(({ code }) => code).join(' '));
    }
    return [[...cells, quote(mark ?? ''), quote(note)].join(',')];
  });
  return [[header, 'mark', 'note'].join(','), ...rows].map((row) => `${row}\n`).join('');
}

function lostCells(names: string[], film: Film, info: ModelInfo): string[] {
  const { error: { code: error, message }, ...rest } = lost(film, info);
  const values: Record<string, unknown> = { ...rest, error, message, model_sha256: info.sha256, profile_sha256: info.profile };
  return names.map((name) => quote(String(values[name] ?? '')));
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
