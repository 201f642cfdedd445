// Fetched only when somebody learns.
import { bytesOf, floatsOf } from './arrays.js';
import { PleuraError } from './errors.js';
import { checkProfile } from './film.js';
import type { LabelledFilm, LearnOptions } from './learning.js';

/** What JavaScript's callers may get wrong; numbers and labels are C's to judge. */
export function checkLearning(films: readonly LabelledFilm[], options: LearnOptions): void {
  const wrong = (sentence: string) => new PleuraError('argument', sentence);
  if (typeof options !== 'object' || options === null) throw wrong('Options are given as an object.');
  if (options.labels !== undefined && !(Array.isArray(options.labels) && options.labels.every(isText))) {
    throw wrong('Labels are a list of texts.');
  }
  if (options.finding !== undefined && !isText(options.finding)) throw wrong('A finding is a text.');
  if (options.reference !== undefined && !bytesOf(options.reference)) throw wrong('Reference films are given as bytes.');
  if (!Array.isArray(films)) throw wrong('Films are given as a list.');
  for (const film of films as readonly Partial<LabelledFilm>[]) {
    const { embedding, labels, patient } = film ?? {};
    if (embedding !== null && !floatsOf(embedding)) throw wrong('An embedding is a Float32Array, or null.');
    if (!isText(labels) || !(patient === undefined || isText(patient))) throw wrong('Labels and patients are texts.');
  }
}

/** The same for what goes to a worker, without what an embedding's buffer holds besides. */
export function toSend(films: readonly LabelledFilm[], options: LearnOptions): LabelledFilm[] {
  checkLearning(films, options);
  return films.map(({ embedding, labels, patient }) => ({
    embedding: embedding && embedding.byteLength < embedding.buffer.byteLength ? embedding.slice() : embedding,
    labels,
    ...(patient === undefined ? {} : { patient }),
  }));
}

export function checkExport(profile: string, model: ArrayBuffer | Uint8Array): [profile: string, model: Uint8Array] {
  checkProfile(profile);
  const bytes = bytesOf(model);
  if (!bytes) throw new PleuraError('argument', 'The model is given as bytes.');
  return [profile, bytes];
}

const isText = (value: unknown): value is string => typeof value === 'string';
