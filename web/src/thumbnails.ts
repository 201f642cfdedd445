import type { Film as Pixels } from 'pleura';
import type { Film } from './films.js';

const SIDE = 96;
/** Pictures kept: several screens full. A thumbnail has some 30 KB. */
const KEPT = 300;

/**
 * Small pictures of the films that are in view, made one at a time and only while they are wanted:
 * of ten thousand films nobody sees more than a screen at once.
 */
export class Thumbnails {
  readonly #kept = new Map<number, ImageBitmap>();
  readonly #wanted = new Map<number, { film: Film; canvas: HTMLCanvasElement }>();
  #running = false;
  readonly #decode: (file: Blob) => Promise<Pixels>;

  /** `decode` is asked for what the browser does not read. */
  constructor(decode: (file: Blob) => Promise<Pixels>) {
    this.#decode = decode;
  }

  show(film: Film, canvas: HTMLCanvasElement): void {
    const kept = this.#kept.get(film.id);
    if (kept) {
      paint(kept, canvas);
      return;
    }
    canvas.width = canvas.height = 1;
    this.#wanted.set(film.id, { film, canvas });
    void this.#run();
  }

  /** The row left the view. */
  forget(film: Film): void {
    this.#wanted.delete(film.id);
  }

  async #run(): Promise<void> {
    if (this.#running) return;
    this.#running = true;
    for (;;) {
      const next = [...this.#wanted.values()].pop(); // what came into view last
      if (!next) break;
      this.#wanted.delete(next.film.id);
      const picture = next.film.file && (await this.#make(next.film.file).catch(() => null));
      if (!picture) continue;
      this.#kept.set(next.film.id, picture);
      const [oldest] = this.#kept;
      if (oldest && this.#kept.size > KEPT) {
        oldest[1].close();
        this.#kept.delete(oldest[0]);
      }
      paint(picture, next.canvas);
    }
    this.#running = false;
  }

  async #make(file: Blob): Promise<ImageBitmap> {
    try {
      // As the core reads it: turned upright where EXIF says how.
      return await createImageBitmap(file, { resizeHeight: SIDE, resizeQuality: 'medium', imageOrientation: 'from-image' });
    } catch {
      const film = await this.#decode(file);
      return createImageBitmap(small(film, SIDE / Math.max(film.width, film.height)));
    }
  }
}

/** The film at this scale, in the greys of a screen. */
export function small({ width, height, samples }: Pixels, scale: number): ImageData {
  const [w, h] = [Math.max(1, Math.round(width * scale)), Math.max(1, Math.round(height * scale))];
  const picture = new ImageData(w, h);
  const pixels = new Uint32Array(picture.data.buffer);
  for (let y = 0; y < h; y++) {
    const row = Math.floor((y * height) / h) * width;
    for (let x = 0; x < w; x++) pixels[y * w + x] = 0xff000000 | ((samples[row + Math.floor((x * width) / w)]! >> 8) * 0x010101);
  }
  return picture;
}

function paint(picture: ImageBitmap, canvas: HTMLCanvasElement): void {
  canvas.width = picture.width;
  canvas.height = picture.height;
  canvas.getContext('2d')?.drawImage(picture, 0, 0);
}
