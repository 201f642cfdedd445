import type { LabelledFilm, Learning, LearnOptions } from 'pleura';
import type { Engine } from './engine.js';
import type { Film } from './films.js';

/** Embeddings belong to a file and a model: a film is read once, however often is learnt from it. */
const kept = new WeakMap<File, { model: string; embedding: Float32Array | null }>();

async function embedded(engine: Engine, film: Film, signal: AbortSignal): Promise<Float32Array | null> {
  const { file, name } = film;
  if (!file) return null;
  const known = kept.get(file);
  if (known?.model === engine.info.sha256) return known.embedding;
  const { embedding } = await engine.embed(file, { name, signal });
  kept.set(file, { model: engine.info.sha256, embedding });
  return embedding;
}

let bundled: Promise<Uint8Array> | null = null;

/** Films that the page's own model must not forget; of use to no other, which its head names. */
async function references({ info }: Engine): Promise<Uint8Array | undefined> {
  try {
    bundled ??= fetch('reference.bin').then(async (response) => (response.ok ? new Uint8Array(await response.arrayBuffer()) : Promise.reject(new Error(response.statusText))));
    const bytes = await bundled;
    return new TextDecoder().decode(bytes.subarray(8, 72)) === info.sha256 ? bytes : undefined;
  } catch {
    bundled = null; // the report says that there were none
    return undefined;
  }
}

/** Reads the films, a few at a time, and learns from them; rejects with the signal's reason. */
export async function learnFrom(engine: Engine, films: Film[], options: LearnOptions, signal: AbortSignal, onProgress: (done: number) => void): Promise<Learning> {
  const read: LabelledFilm[] = [];
  let [next, done] = [0, 0];
  const lane = async () => {
    while (next < films.length) {
      const at = next++;
      const film = films[at]!;
      signal.throwIfAborted();
      const embedding = await embedded(engine, film, signal);
      // In the order of the list, so that the folds are the same every time.
      read[at] = { embedding, labels: film.label, ...(film.patient && { patient: film.patient }) };
      onProgress(++done);
    }
  };
  await Promise.all(Array.from({ length: engine.workers + 1 }, lane));
  signal.throwIfAborted();
  const reference = await references(engine);
  const learning = await engine.learn(read, { ...options, ...(reference && { reference }) });
  signal.throwIfAborted(); // what was computed in vain is thrown away
  return learning;
}
