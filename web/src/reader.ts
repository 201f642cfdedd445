import { PleuraError, type Heatmap } from 'pleura';
import { showAnswer, type AnswerEvents } from './answer.js';
import { byId, onClick } from './dom.js';
import type { Engine } from './engine.js';
import type { Film, Films } from './films.js';
import { heatWords, paintScale } from './heat.js';
import * as settings from './settings.js';
import { label, t } from './strings.js';
import { Viewer, wholeLook, type Look } from './viewer.js';

/** The reading pane: the selected film, and beside it one that was pinned to compare. */
export class Reader {
  readonly #films: Films;
  readonly #engine: () => Engine | null;
  readonly #events: AnswerEvents;
  readonly #main: Viewer;
  readonly #beside: Viewer;
  readonly #window = byId<HTMLInputElement>('window');
  readonly #level = byId<HTMLInputElement>('level');
  #pinned: Film | null = null;
  #shown: Film | null = null;
  #map: Heatmap | null = null;
  /** How many runs the map took, if it is one of occlusions. */
  #runs = 0;

  constructor(films: Films, engine: () => Engine | null, events: AnswerEvents) {
    this.#films = films;
    this.#engine = engine;
    this.#events = events;
    const pinned = byId('pinned');
    this.#main = new Viewer(byId('film'), (look) => this.#look(look));
    this.#beside = new Viewer(pinned.querySelector<HTMLElement>('.canvas')!, (look) => this.#look(look));
    films.addEventListener('select', () => void this.#show());
    films.addEventListener('change', () => this.#answer());
    document.addEventListener('language', () => {
      this.#answer(true);
      this.#heat();
      this.#captions();
    });
    this.#tools();
    this.#heatTools();
  }

  get shown(): Film | null {
    return this.#shown;
  }

  /** So that nothing has to be fetched once films are read. */
  async prepare(): Promise<void> {
    await Promise.all([this.#main.prepare(), this.#beside.prepare()]);
  }

  /** Both films move together, so that the same place can be compared. */
  #look(look: Look): void {
    this.#main.look = look;
    this.#beside.look = look;
    this.#window.value = String(look.window);
    this.#level.value = String(look.level);
    byId('invert').setAttribute('aria-pressed', String(look.invert));
  }

  #tools(): void {
    const change = (part: Partial<Look>) => this.#look({ ...this.#main.look, ...part });
    onClick('zoom-in', () => this.#main.zoom(1.5));
    onClick('zoom-out', () => this.#main.zoom(1 / 1.5));
    onClick('fit', () => this.#look(wholeLook()));
    onClick('invert', () => this.invert());
    onClick('pin', () => void this.pin());
    this.#window.addEventListener('input', () => change({ window: Number(this.#window.value) }));
    this.#level.addEventListener('input', () => change({ level: Number(this.#level.value) }));
    this.#look(wholeLook());
    for (const canvas of document.querySelectorAll<HTMLElement>('.canvas')) {
      canvas.addEventListener('keydown', (event) => this.#key(event));
    }
  }

  #heatTools(): void {
    const [shown, opacity] = [byId<HTMLInputElement>('heat'), byId<HTMLInputElement>('opacity')];
    shown.checked = settings.get('heatmap');
    opacity.value = String(settings.get('opacity'));
    this.#main.opacity = settings.get('opacity');
    shown.addEventListener('change', () => settings.set('heatmap', shown.checked));
    opacity.addEventListener('input', () => settings.set('opacity', Number(opacity.value)));
    settings.onChange('heatmap', () => {
      shown.checked = settings.get('heatmap');
      this.#heat();
    });
    settings.onChange('opacity', () => (this.#main.opacity = settings.get('opacity')));
    onClick('occlusion', () => void this.#occlude());
    paintScale(byId<HTMLCanvasElement>('heat-scale'));
  }

  /** Shows the map that there is, or says why there is none. */
  #heat(): void {
    const info = this.#engine()?.info;
    const answered = this.#shown?.answer?.probabilities != null;
    const [on, map] = [settings.get('heatmap'), this.#map];
    byId('heat-tools').hidden = !answered;
    byId('occlusion').hidden = !answered || info?.heatmap !== false || map !== null;
    this.#main.heatmap = on && map?.zone ? map : null;
    const words = !answered || !info || !on ? '' : map ? (this.#runs ? t('heat.occlusion_label', { finding: label(map.answer), runs: this.#runs }) : heatWords(map)) : info.heatmap ? '' : t('heat.unavailable');
    byId('heat-text').textContent = words;
  }

  /** The run that gave the answer again, with its map: a few milliseconds, and only for the film in view. */
  async #fetchHeat(film: Film): Promise<void> {
    const engine = this.#engine();
    if (!engine?.info.heatmap || !film.file || !film.answer?.probabilities) return;
    const { result } = await engine.report(film.file, { heatmap: true });
    if (this.#shown !== film || this.#engine() !== engine) return;
    this.#map = (!result.error && result.heatmap) || null;
    this.#heat();
  }

  async #occlude(): Promise<void> {
    const [engine, film] = [this.#engine(), this.#shown];
    if (!engine || !film?.file) return;
    byId<HTMLButtonElement>('occlusion').disabled = true;
    const { occlusion } = await import('./later.js');
    const made = await occlusion(engine, film.file, film.answer?.finding ?? null, (done, runs) => {
      if (this.#shown === film) byId('heat-text').textContent = t('heat.working', { done, runs });
      return this.#shown === film;
    }).catch(() => null);
    byId<HTMLButtonElement>('occlusion').disabled = false;
    if (this.#shown !== film || !made) return;
    [this.#map, this.#runs] = [made.map, made.runs];
    this.#heat();
  }

  #key(event: KeyboardEvent): void {
    const moves: Record<string, () => void> = {
      '+': () => this.#main.zoom(1.25),
      '=': () => this.#main.zoom(1.25),
      '-': () => this.#main.zoom(0.8),
      '0': () => this.#look(wholeLook()),
      ArrowLeft: () => this.#main.pan(-0.1, 0),
      ArrowRight: () => this.#main.pan(0.1, 0),
      ArrowUp: () => this.#main.pan(0, -0.1),
      ArrowDown: () => this.#main.pan(0, 0.1),
    };
    const move = event.ctrlKey || event.metaKey || event.altKey ? undefined : moves[event.key];
    if (!move) return;
    event.preventDefault();
    move();
  }

  invert(): void {
    this.#look({ ...this.#main.look, invert: !this.#main.look.invert });
  }

  /** Keeps the film in sight while others are looked at; again, and it goes. */
  async pin(): Promise<void> {
    const wanted = this.#pinned ? null : this.#shown;
    this.#pinned = wanted;
    byId('pin').setAttribute('aria-pressed', String(wanted !== null));
    byId('pinned').hidden = wanted === null;
    byId('stage-films').classList.toggle('two', wanted !== null);
    this.#beside.clear();
    const pixels = wanted?.file && (await this.#engine()?.decode(wanted.file).catch(() => null));
    if (!wanted || !pixels || this.#pinned !== wanted) return;
    this.#beside.show(pixels);
    this.#captions();
  }

  #captions(): void {
    if (this.#shown) this.#main.element.setAttribute('aria-label', t('film.alt', { name: this.#shown.name }));
    if (!this.#pinned) return;
    const { name } = this.#pinned;
    this.#beside.element.setAttribute('aria-label', t('film.alt', { name }));
    byId('pinned').querySelector('figcaption')!.textContent = t('film.pinned', { name });
  }

  /** The film's own words change; the film stays. */
  #answer(always = false): void {
    const film = this.#films.selected;
    if (!film) return;
    const state = [film.id, film.state, film.mark, film.label, settings.get('threshold'), ...this.#events.labels()].join(' ');
    const answer = byId('answer');
    if (!always && answer.dataset['shows'] === state) return;
    const finished = film === this.#shown && answer.dataset['shows'] !== state;
    answer.dataset['shows'] = state;
    if (finished && !this.#map) {
      this.#heat();
      void this.#fetchHeat(film).catch(() => {}); // the film's row says what is wrong
    }
    const focused = answer.contains(document.activeElement) ? (document.activeElement as HTMLElement).dataset['mark'] : undefined;
    const writing = document.activeElement?.id === 'note';
    if (writing && this.#shown === film && !always) return;
    showAnswer(answer, film, this.#events);
    if (focused) answer.querySelector<HTMLElement>(`[data-mark="${focused}"]`)?.focus();
  }

  async #show(): Promise<void> {
    const film = this.#films.selected;
    this.#shown = film;
    this.#map = null;
    this.#runs = 0;
    byId('reader').hidden = film === null;
    if (!film) return;
    byId('film-name').textContent = film.name;
    this.#captions();
    this.#answer(true);
    this.#look({ ...wholeLook(), invert: this.#main.look.invert });
    await this.#draw(film);
  }

  async #draw(film: Film): Promise<void> {
    const caption = byId('film-figcaption');
    caption.hidden = true;
    const { dataset } = byId('stage');
    delete dataset['bare'];
    this.#main.clear();
    const engine = this.#engine();
    if (!engine) return; // drawn once it is loaded
    try {
      if (!film.file) throw new PleuraError('file', t('film.missing'));
      const pixels = await engine.decode(film.file);
      if (this.#shown !== film) return;
      this.#main.show(pixels);
      this.#heat();
      await this.#fetchHeat(film);
    } catch (error) {
      if (this.#shown !== film || this.#engine() !== engine) return;
      caption.hidden = false;
      dataset['bare'] = 'yes';
      caption.textContent = error instanceof PleuraError ? error.message : String(error);
    }
  }

  /** The classifier was loaded or changed. */
  refresh(): void {
    this.#map = null;
    this.#runs = 0;
    this.#heat();
    if (this.#shown) void this.#draw(this.#shown);
  }
}
