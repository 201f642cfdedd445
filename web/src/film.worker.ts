// Draws the part of a film that is in view, at 16 bits until the very last step, off the main thread.
import type { Film } from 'pleura';

export interface View {
  /** Of the canvas, in its own pixels. */
  width: number;
  height: number;
  /** Canvas pixels for one pixel of the film, and where the film's corner lies. */
  scale: number;
  left: number;
  top: number;
  /** Greys, 0 to 1: what becomes black and what white. */
  low: number;
  high: number;
  invert: boolean;
}

export type ToFilmWorker = { film: Film } | { view: View };
/** Without a picture: its code is here. */
export interface FromFilmWorker {
  picture?: ImageData;
}

const scope = globalThis as unknown as {
  onmessage: ((event: MessageEvent<ToFilmWorker>) => void) | null;
  postMessage(message: FromFilmWorker, transfer?: Transferable[]): void;
};

/** The film, and halves of it down to a screen's size: what is shown small is averaged, not skipped. */
let pyramid: Film[] = [];

function half({ width, height, samples }: Film): Film {
  const [w, h] = [width >> 1, height >> 1];
  const out = new Uint16Array(w * h);
  for (let y = 0; y < h; y++) {
    let at = 2 * y * width;
    for (let x = 0; x < w; x++, at += 2) {
      out[y * w + x] = (samples[at]! + samples[at + 1]! + samples[at + width]! + samples[at + width + 1]! + 2) >> 2;
    }
  }
  return { width: w, height: h, samples: out };
}

function build(film: Film): void {
  pyramid = [film];
  for (let last = film; Math.min(last.width, last.height) > 256; ) pyramid.push((last = half(last)));
}

/** From 16 bits to what a screen shows. */
function table({ low, high, invert }: View): Uint8ClampedArray {
  const greys = new Uint8ClampedArray(65536);
  const span = Math.max(high - low, 1 / 65535);
  for (let i = 0; i < 65536; i++) {
    const grey = (255 * (i / 65535 - low)) / span; // clamped by the array
    greys[i] = invert ? 255 - grey : grey;
  }
  return greys;
}

function render(view: View): ImageData {
  const picture = new ImageData(view.width, view.height);
  const pixels = new Uint32Array(picture.data.buffer);
  const greys = table(view);
  let level = 0;
  while (level + 1 < pyramid.length && view.scale * 2 ** (level + 1) <= 1) level++;
  const film = pyramid[level];
  if (!film) return picture;
  const step = 1 / (view.scale * 2 ** level);
  const { width, height, samples } = film;
  const [ax, ay] = [Math.max(0, Math.ceil(view.left)), Math.max(0, Math.ceil(view.top))];
  const bx = Math.min(view.width, Math.floor(view.left + width / step));
  const by = Math.min(view.height, Math.floor(view.top + height / step));
  for (let y = ay; y < by; y++) {
    const v = Math.min(height - 1, Math.max(0, (y + 0.5 - view.top) * step - 0.5));
    const y0 = Math.floor(v);
    const fy = v - y0;
    const [above, below] = [y0 * width, Math.min(height - 1, y0 + 1) * width];
    for (let x = ax; x < bx; x++) {
      const u = Math.min(width - 1, Math.max(0, (x + 0.5 - view.left) * step - 0.5));
      const x0 = Math.floor(u);
      const x1 = x0 + 1 < width ? x0 + 1 : x0;
      const fx = u - x0;
      const upper = samples[above + x0]! * (1 - fx) + samples[above + x1]! * fx;
      const lower = samples[below + x0]! * (1 - fx) + samples[below + x1]! * fx;
      const grey = greys[(upper * (1 - fy) + lower * fy + 0.5) | 0]!;
      pixels[y * view.width + x] = 0xff000000 | (grey * 0x010101);
    }
  }
  return picture;
}

scope.onmessage = ({ data }) => {
  if ('film' in data) {
    build(data.film);
    return;
  }
  const picture = render(data.view);
  scope.postMessage({ picture }, [picture.data.buffer]);
};
scope.postMessage({});
