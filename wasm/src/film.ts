import { bytesOf } from './arrays.js';
import { PleuraError } from './errors.js';
import { MAX_BYTES, tooLarge } from './limits.js';
import type { Bytes, ClassifyOptions, DicomOptions } from './types.js';

/** A copy of the options, if they are what they should be: a getter may say something else the next time. */
export function checked<Options extends ClassifyOptions>(options: Options): Options {
  if (typeof options !== 'object' || options === null) throw new PleuraError('argument', 'Options are given as an object.');
  const { name, threshold, heatmap } = (options = { ...options });
  if (name !== undefined && typeof name !== 'string') throw new PleuraError('argument', 'A name is a text.');
  if (threshold !== undefined && !(typeof threshold === 'number' && threshold >= 0 && threshold <= 1)) {
    throw new PleuraError('argument', 'A threshold is between 0 and 1.'); // C's sentence
  }
  if (heatmap !== undefined && typeof heatmap !== 'boolean') {
    throw new PleuraError('argument', 'A heatmap is asked for with true or false.');
  }
  return options;
}

/** The same of dicom()'s. */
export function checkedDicom(options: DicomOptions): DicomOptions {
  const { when, identity } = (options = checked(options as ClassifyOptions) as DicomOptions);
  if (when !== undefined && !(when instanceof Date && !Number.isNaN(when.getTime()))) {
    throw new PleuraError('argument', 'A moment is given as a Date.');
  }
  if (identity !== undefined && typeof identity !== 'boolean') {
    throw new PleuraError('argument', 'Identity is asked for with true or false.');
  }
  return options;
}

/** The name for the report: the one that is given, or a File's own. */
export function nameOf(bytes: Bytes, { name }: ClassifyOptions): string {
  return name ?? (typeof File === 'function' && bytes instanceof File ? bytes.name : '');
}

/** The film's bytes where they are here already, a Blob where they are still to be read. */
export function viewOf(film: Bytes): Uint8Array | Blob {
  const view = bytesOf(film);
  if (view) return view;
  if (typeof Blob === 'function' && film instanceof Blob) return film;
  throw new PleuraError('argument', 'A film is given as an ArrayBuffer, a Uint8Array or a Blob.');
}

export async function toView(film: Bytes): Promise<Uint8Array> {
  const view = viewOf(film);
  if (!(view instanceof Blob)) return view;
  // Before the whole of it is read into memory.
  if (view.size > MAX_BYTES) throw tooLarge(view.size);
  try {
    return new Uint8Array(await view.arrayBuffer());
  } catch (cause) {
    // A folder, a file that is gone or changed since it was chosen, or one that may not be read.
    throw new PleuraError('file', 'The file cannot be read.', { cause });
  }
}

export function checkProfile(profile: string): void {
  if (typeof profile !== 'string') throw new PleuraError('argument', 'A profile is given as the text of its file.');
}
