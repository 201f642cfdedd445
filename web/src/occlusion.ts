import type { Heatmap, Zone } from 'pleura';
import type { Engine } from './engine.js';

/** Patches a side. */
const GRID = 12;
/** Each with one patch grey, and one with none. */
const RUNS = GRID * GRID + 1;

/**
 * For networks that have no exact map: how far the score falls when a patch of the network's input is
 * replaced by the input's mean (Zeiler and Fergus 2014). Slow, and on demand. `go` hears of every run
 * and stops it with false. Also says how many runs it took.
 */
export async function occlusion(engine: Engine, file: Blob, finding: string | null, go: (done: number, runs: number) => boolean): Promise<{ map: Heatmap; runs: number } | null> {
  const { info } = engine;
  const { channels, height, width } = info.input;
  const input = await engine.preprocess(file);
  const whole = await engine.run(input);
  const members = finding === null ? null : (info.groups[finding] ?? [finding]).map((name) => info.labels.indexOf(name));
  const places = members ?? [whole.indexOf(Math.max(...whole))];
  // Raw outputs: for a group the largest of its labels, which is what the answer follows.
  const score = (outputs: Float32Array) => Math.max(...places.map((place) => outputs[place] ?? 0));
  const mean = input.reduce((sum, value) => sum + value, 0) / input.length;
  const falls: number[] = [];
  for (let patch = 0; patch < GRID * GRID; patch++) {
    if (!go(patch + 1, RUNS)) return null;
    const covered = input.slice();
    const [row, column] = [Math.floor(patch / GRID), patch % GRID];
    const [top, bottom] = [Math.floor((row * height) / GRID), Math.floor(((row + 1) * height) / GRID)];
    const [left, right] = [Math.floor((column * width) / GRID), Math.floor(((column + 1) * width) / GRID)];
    for (let c = 0; c < channels; c++) {
      for (let y = top; y < bottom; y++) covered.fill(mean, (c * height + y) * width + left, (c * height + y) * width + right);
    }
    falls.push(Math.max(0, score(whole) - score(await engine.run(covered))));
  }
  const most = Math.max(...falls);
  const values = falls.map((fall) => (most > 0 ? fall / most : 0));
  const zones = inZones(values);
  const [zone] = Object.entries(zones).sort(([, a], [, b]) => b - a)[0] as [Zone, number];
  const map = { answer: finding ?? info.labels[places[0] ?? 0] ?? '', zone: most > 0 ? zone : null, zones, region: [0, 0, 1, 1], width: GRID, height: GRID, values } satisfies Heatmap;
  return { map, runs: RUNS };
}

function inZones(values: number[]): Record<Zone, number> {
  const zones = { right_upper: 0, right_middle: 0, right_lower: 0, left_upper: 0, left_middle: 0, left_lower: 0 };
  const names = Object.keys(zones) as Zone[];
  const sum = values.reduce((total, value) => total + value, 0) || 1;
  values.forEach((value, place) => {
    const [row, column] = [Math.floor(place / GRID), place % GRID];
    const name = names[(column < GRID / 2 ? 0 : 3) + Math.floor((3 * row) / GRID)];
    if (name) zones[name] += value / sum;
  });
  return zones;
}
