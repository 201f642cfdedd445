import type { Heatmap } from 'pleura';
import { label, percent, t } from './strings.js';

/** In words, for everybody and for a screen reader. */
export function heatWords({ answer, zone, zones }: Heatmap): string {
  const finding = label(answer);
  if (zone === null) return t('heat.none', { finding });
  return [t('heat.exact', { finding }), t('heat.where', { zone: t(`zone.${zone}`), share: percent(zones[zone], 0) }), t('heat.side')].join(' ');
}

/**
 * Viridis, by a polynomial of the sixth degree for each of red, green and blue (our own least-squares
 * fit to the published map of Smith and van der Walt, CC0; within 5 of 255): as light as the value is large, to every
 * kind of eye and on paper.
 */
const POLYNOMIALS = [
  [0.27449, 0.09668, -0.18419, -5.24226, 7.48115, 3.59661, -5.04395],
  [0.00589, 1.39073, 0.26874, -5.93663, 14.42461, -13.94459, 4.69626],
  [0.33319, 1.38022, 0.14583, -19.53894, 57.1867, -65.83839, 26.45909],
] as const;

export function colour(value: number): [number, number, number] {
  return POLYNOMIALS.map((terms) => 255 * terms.reduceRight((sum: number, term) => sum * value + term, 0)) as [number, number, number];
}

const SIDE = 192;
const painted = new WeakMap<Heatmap, OffscreenCanvas>();

/** The map, smooth, with what is weak left clear so that the film shows. */
function picture(map: Heatmap): OffscreenCanvas {
  const kept = painted.get(map);
  if (kept) return kept;
  const canvas = new OffscreenCanvas(SIDE, SIDE);
  const image = new ImageData(SIDE, SIDE);
  const at = (x: number, y: number) => map.values[Math.min(map.height - 1, Math.max(0, y)) * map.width + Math.min(map.width - 1, Math.max(0, x))] ?? 0;
  for (let y = 0; y < SIDE; y++) {
    const v = ((y + 0.5) / SIDE) * map.height - 0.5;
    const [y0, fy] = [Math.floor(v), v - Math.floor(v)];
    for (let x = 0; x < SIDE; x++) {
      const u = ((x + 0.5) / SIDE) * map.width - 0.5;
      const [x0, fx] = [Math.floor(u), u - Math.floor(u)];
      const value = (at(x0, y0) * (1 - fx) + at(x0 + 1, y0) * fx) * (1 - fy) + (at(x0, y0 + 1) * (1 - fx) + at(x0 + 1, y0 + 1) * fx) * fy;
      image.data.set([...colour(value), 255 * Math.min(1, value * 1.6)], (y * SIDE + x) * 4);
    }
  }
  canvas.getContext('2d')?.putImageData(image, 0, 0);
  painted.set(map, canvas);
  return canvas;
}

/** Draws the map over the film's place on the canvas. */
export function paintHeat(
  context: CanvasRenderingContext2D,
  map: Heatmap,
  film: { left: number; top: number; width: number; height: number },
): void {
  const [left, top, width, height] = map.region;
  context.drawImage(picture(map), film.left + left * film.width, film.top + top * film.height, width * film.width, height * film.height);
}

/** The scale beside a heatmap. */
export function paintScale(canvas: HTMLCanvasElement): void {
  canvas.width = 128;
  canvas.height = 1;
  const image = new ImageData(128, 1);
  for (let x = 0; x < 128; x++) image.data.set([...colour(x / 127), 255], x * 4);
  canvas.getContext('2d')?.putImageData(image, 0, 0);
}
