import type { Film, Heatmap } from 'pleura';
import type { FromFilmWorker, ToFilmWorker, View } from './film.worker.js';
import { eachFrame, make } from './dom.js';
import { paintHeat } from './heat.js';

/** What is seen of a film; shared by viewers that are compared. */
export interface Look {
  /** 1 shows the whole film. */
  zoom: number;
  /** Where the middle of the view lies in the film, 0 to 1. */
  x: number;
  y: number;
  level: number;
  window: number;
  invert: boolean;
}

export const wholeLook = (): Look => ({ zoom: 1, x: 0.5, y: 0.5, level: 0.5, window: 1, invert: false });

const MAX_ZOOM = 20;

/** One film on a canvas: wheel and pinch zoom, dragging pans, dragging with Shift (or the right button) windows. */
export class Viewer {
  readonly element: HTMLElement;
  readonly #canvas = make('canvas', { className: 'film' });
  readonly #heat = make('canvas', { className: 'heat', attributes: { 'aria-hidden': 'true' } });
  #worker: Worker | null = null;
  #prepared = Promise.resolve();
  readonly #onLook: (look: Look) => void;
  #look = wholeLook();
  #size: { width: number; height: number } | null = null;
  #map: Heatmap | null = null;
  /** Pictures that were wished for, and which wish the last one asked for fulfils. */
  #wished = 0;
  #asked = 0;
  #drawing = false;
  readonly #soon = eachFrame(() => this.#ask());

  /** `onLook` hears what the user does to the view. */
  constructor(element: HTMLElement, onLook: (look: Look) => void) {
    this.element = element;
    this.#onLook = onLook;
    element.append(this.#canvas, this.#heat);
    new ResizeObserver(() => this.#draw()).observe(element);
    this.#listen();
  }

  /** Starts the worker that draws, which the first film does otherwise; resolves once its code is here. */
  prepare(): Promise<void> {
    this.#start();
    return this.#prepared;
  }

  #start(): Worker {
    if (this.#worker) return this.#worker;
    const worker = (this.#worker = new Worker(new URL('./film.worker.ts', import.meta.url), { type: 'module' }));
    this.#prepared = new Promise((done) => {
      worker.onerror = () => done();
      worker.onmessage = ({ data: { picture } }: MessageEvent<FromFilmWorker>) => (picture ? this.#paint(picture) : done());
    });
    return worker;
  }

  get look(): Look {
    return this.#look;
  }

  set look(look: Look) {
    this.#look = look;
    this.#draw();
  }

  /** Shows a film; its samples go to the worker for good. */
  show(film: Film): void {
    this.#size = { width: film.width, height: film.height };
    this.#send({ film }, [film.samples.buffer]);
    this.#map = null;
    this.#draw();
  }

  #draw(): void {
    this.#wished++;
    if (this.#size) this.element.dataset['drawn'] = 'no';
    this.#soon();
  }

  clear(): void {
    this.#size = null;
    this.#map = null;
    this.#canvas.width = this.#canvas.height = this.#heat.width = this.#heat.height = 1;
    delete this.element.dataset['drawn'];
  }

  /** The heatmap over the film; null takes it away. Its opacity is CSS's. */
  set heatmap(map: Heatmap | null) {
    this.#map = map;
    this.#draw();
  }

  set opacity(value: number) {
    this.#heat.style.opacity = String(value);
  }

  zoom(by: number, at: { x: number; y: number } = { x: 0.5, y: 0.5 }): void {
    const old = this.#look;
    const zoom = Math.min(MAX_ZOOM, Math.max(1, old.zoom * by));
    // The spot under the cursor stays there.
    const { width, height } = this.#spans(old.zoom);
    const after = this.#spans(zoom);
    this.#change({ ...old, zoom, x: old.x + (at.x - 0.5) * (width - after.width), y: old.y + (at.y - 0.5) * (height - after.height) });
  }

  pan(dx: number, dy: number): void {
    this.#change({ ...this.#look, x: this.#look.x + dx / this.#look.zoom, y: this.#look.y + dy / this.#look.zoom });
  }

  #change(look: Look): void {
    const inside = (value: number) => (look.zoom === 1 ? 0.5 : Math.min(1, Math.max(0, value)));
    this.look = { ...look, x: inside(look.x), y: inside(look.y) };
    this.#onLook(this.#look);
  }

  /** How much of the film the view spans, in the film's own sides. */
  #spans(zoom: number): { width: number; height: number } {
    const { clientWidth, clientHeight } = this.element;
    if (!this.#size) return { width: 1, height: 1 };
    const fit = Math.min(clientWidth / this.#size.width, clientHeight / this.#size.height) * zoom;
    return { width: clientWidth / (this.#size.width * fit), height: clientHeight / (this.#size.height * fit) };
  }

  #view(): View | null {
    if (!this.#size || this.element.clientWidth === 0) return null;
    const dense = Math.min(devicePixelRatio, 2);
    const [width, height] = [Math.round(this.element.clientWidth * dense), Math.round(this.element.clientHeight * dense)];
    const scale = Math.min(width / this.#size.width, height / this.#size.height) * this.#look.zoom;
    const { x, y, level, window, invert } = this.#look;
    return {
      width,
      height,
      scale,
      left: width / 2 - x * this.#size.width * scale,
      top: height / 2 - y * this.#size.height * scale,
      low: level - window / 2,
      high: level + window / 2,
      invert,
    };
  }

  /** One picture at a time is asked for; what changes meanwhile is asked for once that is there. */
  #ask(): void {
    if (this.#drawing) return;
    const view = this.#view();
    if (!view) return;
    this.#drawing = true;
    this.#asked = this.#wished;
    this.#send({ view });
  }

  #paint(picture: ImageData): void {
    this.#drawing = false;
    if (this.#size) {
      const [canvas, heat] = [this.#canvas, this.#heat];
      if (canvas.width !== picture.width || canvas.height !== picture.height) {
        [canvas.width, canvas.height] = [heat.width, heat.height] = [picture.width, picture.height];
      }
      canvas.getContext('2d')?.putImageData(picture, 0, 0);
      const view = this.#view();
      const context = heat.getContext('2d');
      context?.clearRect(0, 0, heat.width, heat.height);
      if (context && view && this.#map) {
        context.imageSmoothingEnabled = true;
        const { width, height } = this.#size;
        paintHeat(context, this.#map, { left: view.left, top: view.top, width: width * view.scale, height: height * view.scale });
      }
      if (this.#asked === this.#wished) this.element.dataset['drawn'] = 'yes';
    }
    if (this.#asked !== this.#wished) this.#soon();
  }

  #send(message: ToFilmWorker, transfer: Transferable[] = []): void {
    this.#start().postMessage(message, transfer);
  }

  #listen(): void {
    const element = this.element;
    const pointers = new Map<number, { x: number; y: number }>();
    element.addEventListener('wheel', (event) => {
      if (!this.#size) return;
      event.preventDefault();
      const box = element.getBoundingClientRect();
      this.zoom(2 ** (-event.deltaY / 400), { x: (event.clientX - box.left) / box.width, y: (event.clientY - box.top) / box.height });
    }, { passive: false });
    element.addEventListener('contextmenu', (event) => event.preventDefault());
    element.addEventListener('dblclick', () => this.#change({ ...wholeLook(), invert: this.#look.invert }));
    element.addEventListener('pointerdown', (event) => {
      pointers.set(event.pointerId, { x: event.clientX, y: event.clientY });
      element.setPointerCapture(event.pointerId);
    });
    for (const type of ['pointerup', 'pointercancel'] as const) {
      element.addEventListener(type, ({ pointerId }) => pointers.delete(pointerId));
    }
    element.addEventListener('pointermove', (event) => {
      const before = pointers.get(event.pointerId);
      if (!before || !this.#size) return;
      const others = [...pointers].filter(([id]) => id !== event.pointerId).map(([, at]) => at);
      const [dx, dy] = [event.clientX - before.x, event.clientY - before.y];
      pointers.set(event.pointerId, { x: event.clientX, y: event.clientY });
      const spans = this.#spans(this.#look.zoom);
      const [right, down] = [dx / element.clientWidth, dy / element.clientHeight];
      const other = others[0];
      if (other) {
        const length = (x: number, y: number) => Math.hypot(x - other.x, y - other.y);
        this.zoom(length(event.clientX, event.clientY) / Math.max(1, length(before.x, before.y)));
      } else if (event.shiftKey || (event.buttons & 2) !== 0) {
        this.#change({ ...this.#look, window: clamp(this.#look.window + right, 0.02, 2), level: clamp(this.#look.level - down, 0, 1) });
      } else {
        this.#change({ ...this.#look, x: this.#look.x - right * spans.width, y: this.#look.y - down * spans.height });
      }
    });
  }
}

const clamp = (value: number, low: number, high: number) => Math.min(high, Math.max(low, value));
