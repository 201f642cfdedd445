import type { Engine } from './engine.js';

export interface Golden {
  file: File;
  /** What the fixed-SIMD module answered when the page was built, with the model beside it. */
  probabilities: Record<string, number>;
}

export interface Check {
  name: string;
  difference: number;
  ms: number;
}

/** On any probability: the tests hold every engine of ours to the same. */
export const TOLERANCE = 1e-4;

/** Runs the bundled films and compares: whether this browser, on this machine, gives the reference's answers. */
export async function selfTest(engine: Engine, golden: Golden[]): Promise<Check[]> {
  const checks: Check[] = [];
  for (const { file, probabilities } of golden) {
    const { result } = await engine.report(file);
    const found = result.error ? null : result.probabilities;
    const differences = Object.entries(probabilities).map(([name, value]) => Math.abs((found?.[name] ?? NaN) - value));
    checks.push({ name: file.name, difference: Math.max(...differences), ms: result.error ? NaN : result.ms });
  }
  return checks;
}

/** Written so that what is no number fails. */
export const passed = (checks: Check[]) => checks.length > 0 && checks.every(({ difference }) => difference <= TOLERANCE);
