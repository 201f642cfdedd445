// Compiled by `npm run typecheck`, never run: what a user of the package may rely on.
import {
  load,
  loadInWorker,
  loadPool,
  PleuraError,
  type Answer,
  type Fault,
  type Pool,
  type Pleura,
  type PleuraErrorCode,
  type ReasonCode,
  type Result,
} from 'pleura';

export async function use(film: File, bytes: Uint8Array): Promise<void> {
  const local: Pleura = await load({ model: 'https://example.org/model.onnx', tier: 'simd' });
  const remote: Pleura = await loadInWorker({ model: bytes, onProgress: ({ loaded, total }) => loaded / (total ?? 1) });
  const answer: Answer = await local.classify(film, { threshold: 0.5 });
  const pneumonia: number | undefined = answer.probabilities?.['pneumonia'];
  const reasons: ReasonCode[] = answer.reasons.map(({ code }) => code);
  const { result, json, csv } = await remote.report(bytes, { name: 'film.png' });
  describe(result);
  void [pneumonia, reasons, json, csv];

  const pool: Pool = await loadPool({ model: bytes, workers: 2 });
  await pool.classify(film, { signal: AbortSignal.timeout(1000) });
  for await (const { index, film: same, report, error } of pool.classifyAll([film], { ordered: true })) {
    const text: string = report ? report.json : error.message;
    void [index, same, text];
  }
  // @ts-expect-error: one name cannot be that of many films
  pool.classifyAll([film], { name: 'film.png' });

  // @ts-expect-error: there is no such tier
  await load({ model: bytes, tier: 'avx2' });
  // @ts-expect-error: a model is needed
  await load({});
  // @ts-expect-error: a path is no film
  await local.classify('film.png');
}

/** A result is told apart by its error. */
function describe(result: Result): string {
  if (result.error) {
    const fault: Fault = result;
    const code: PleuraErrorCode = fault.error.code;
    return code;
  }
  const outcome: 'cannot_say' | 'no_finding' | 'finding' = result.outcome;
  return outcome;
}

export function handle(error: unknown): string {
  if (!(error instanceof PleuraError)) throw error;
  switch (error.code) {
    case 'truncated':
    case 'disposed':
      return error.message;
    // @ts-expect-error: no error has this code
    case 'truncatd':
      return '';
    default:
      return error.code;
  }
}
