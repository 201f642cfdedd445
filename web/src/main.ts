import { PleuraError, type Progress } from 'pleura';
import { aboutModel, loadAbout } from './about.js';
import { loading, MODEL, onProgress } from './beginning.js';
import { byId, eachFrame, make } from './dom.js';
import { start, warmUp, type Engine } from './engine.js';
import { fetchExamples, offer, type Example } from './examples.js';
import { csv, jsonLines, save, saveDicom } from './exports.js';
import { Film, Films, type Filter, type Mark, type Order } from './films.js';
import { listen } from './intake.js';
import { Labels } from './labels.js';
import type { LearnView } from './learnView.js';
import { ModelView, type ModelChoice } from './modelView.js';
import { Requests } from './network.js';
import { Offline } from './offline.js';
import { OperatingPoint } from './operating.js';
import { sentence } from './outcome.js';
import { MOST_PAGES, sheet } from './report.js';
import { Queue, type QueueState } from './queue.js';
import { Reader } from './reader.js';
import * as settings from './settings.js';
import { currentLanguage, label, LANGUAGES, number, plural, setLanguage, t, type Key, type Language } from './strings.js';
import { Storage } from './storage.js';
import { Thumbnails } from './thumbnails.js';
import { TrustView } from './trustView.js';
import { Worklist } from './worklist.js';

interface Model extends ModelChoice {
  /** Where it is, or the file that was brought. */
  source: string | File;
}

const films = new Films();
let engine: Engine | null = null;
let examples: Example[] = [];
let current: Model = { name: '', sha256: null, source: MODEL };
const models = [current];

/** Begun before anything is put on the page. */
const fetched = Promise.all([loading, fetchExamples(), loadAbout()]);
fetched.catch(() => {}); // begin() tells
onProgress(showLoading);

function showLoading({ stage, loaded }: Progress): void {
  if (stage !== 'model') return;
  byId<HTMLProgressElement>('loading-bar').value = Math.min(1, loaded / __MODEL_BYTES__);
  byId('loading-text').textContent = t('loading.progress', { done: number(loaded / 1e6, 1), total: number(__MODEL_BYTES__ / 1e6, 1) });
}

const margin = () => engine?.info.margin ?? 0;
const status = byId('status');
const say = (message: string) => (byId('message').textContent = message);

// ---- The list, the reader, and the films between them ----

const thumbnails = new Thumbnails((file) => engine?.decode(file) ?? Promise.reject(new Error('not loaded')));
const list = new Worklist(byId('rows'), films, thumbnails);
const operating = new OperatingPoint(byId('operating'), 'films');
const labels = new Labels(films);

/** What a film can be labelled with while it is read. */
function words(): string[] {
  const info = engine?.info;
  if (!labels.asking || !info) return [];
  if (labels.own.length > 0) return labels.own.slice(0, 9);
  const all = info.finding && !info.labels.includes(info.finding) ? [...info.labels, info.finding] : info.labels;
  return all.slice(0, 9);
}

function give(film: Film, word: string): void {
  film.label = word;
  films.changed();
  status.textContent = `${film.name}: ${word ? t('labels.given', { label: label(word) }) : t('labels.taken')}`;
}

const reader = new Reader(films, () => engine, {
  onMark: mark,
  onNote(film, note) {
    film.note = note;
    list.update();
  },
  onLabel: give,
  labels: words,
});

function mark(film: Film, wanted: Mark): void {
  film.mark = wanted;
  films.changed();
  status.textContent = wanted ? `${film.name}: ${t(`mark.${wanted}`)}` : `${film.name}: ${t('mark.none')}`;
}

/** The user has chosen no film yet: once all answers are there, the first in order is shown. */
let following = false;
films.addEventListener('select', () => (following = false));

let arranged = 0;
/** While answers come in, the order is made anew twice a second at most. */
function arrange(): void {
  if (arranged !== 0) return;
  arranged = window.setTimeout(() => {
    arranged = 0;
    films.arrange();
  }, queue.busy ? 500 : 0);
}

let progress: QueueState = { done: 0, total: 0, paused: false, left: null };
const showProgress = eachFrame(() => {
  const { done, total, paused, left } = progress;
  byId('working').hidden = total === 0;
  const time = left === null || paused ? '' : ` · ${t('queue.left', { time: duration(left) })}`;
  byId('working-text').textContent = `${t(paused ? 'queue.paused' : 'queue.progress', { done, total })}${time}`;
  const bar = byId<HTMLProgressElement>('working-bar');
  bar.max = total;
  bar.value = done;
  byId('pause').textContent = t(paused ? 'queue.resume' : 'queue.pause');
});

const queue = new Queue({
  onFilm(film) {
    if (film === films.selected) films.changed();
    arrange();
  },
  onProgress(state) {
    progress = state;
    showProgress();
  },
  onEnd(finished, cancelled) {
    const hadFocus = byId('working').contains(document.activeElement);
    progress = { ...progress, total: 0 };
    byId('working').hidden = true;
    if (hadFocus) byId('rows').focus();
    films.arrange();
    if (following) films.select(films.shown[0] ?? null);
    const only = finished.length === 1 && cancelled === 0 ? finished[0] : undefined;
    const rest = cancelled > 0 ? ` ${t('queue.cancelled', { count: cancelled })}` : '';
    status.textContent = only ? sentence(only) : `${t('queue.done', { count: finished.length })} ${summary()}.${rest}`;
  },
  onBroken(error) {
    say(t('error.stopped', { message: error.message, code: error.code }));
  },
});

function duration(ms: number): string {
  const seconds = Math.max(1, Math.round(ms / 1000));
  return seconds < 90 ? t('time.seconds', { count: seconds }) : t('time.minutes', { count: Math.round(seconds / 60) });
}

/** A film of a list that was kept is the same film again: its mark and note stay with it. */
function opened(file: File): Film {
  const name = file.webkitRelativePath || file.name;
  const film = new Film(file, name, margin);
  labels.fill(film);
  const kept = missing.get(name);
  if (!kept) return film;
  missing.delete(name);
  [film.mark, film.note, film.label, film.patient] = [kept.mark, kept.note, kept.label, kept.patient];
  films.remove([kept]);
  return film;
}
/** Films of a kept list whose files were not opened yet. */
const missing = new Map<string, Film>();

/** What comes in: a file is a model or a list of labels by its name, since neither has a signature, and else a film. */
async function take(files: File[]): Promise<void> {
  const isModel = ({ name }: File) => /\.onnx$/i.test(name);
  const isList = ({ name }: File) => /\.csv$/i.test(name);
  const brought = files.filter(isModel).map((source): Model => ({ name: source.name, sha256: null, source }));
  models.push(...brought);
  const last = brought.at(-1);
  if (last) switchTo(last);
  const rest = files.filter((file) => !isModel(file) && !isList(file));
  if (rest.length > 0) add(rest);
  // What is no list either is a film, and its row says what is wrong.
  for (const list of files.filter(isList)) if (!(await (await learning()).open(list))) add([list]);
}

function add(files: File[]): void {
  say('');
  const added = files.map(opened);
  films.add(added);
  if (!engine) status.textContent = t('queue.waiting', { count: files.length });
  queue.add(added); // first: what is judged goes before what is shown
  if (!films.selected || added.length === 1) {
    films.select(added[0] ?? null);
    following = added.length > 1;
  }
}

function summary(counts = films.counts()): string {
  const parts = (['finding', 'no_finding', 'cannot_say', 'error', 'cancelled'] as const)
    .map((state): [number, Key] => [counts[state], `count.${state}`])
    .filter(([count]) => count > 0)
    .map(([count, key]) => t(key, { count }));
  return [plural('films', films.all.length), ...parts].join(' · ');
}

films.addEventListener('change', () => {
  const empty = films.all.length === 0;
  byId('view-films').dataset['empty'] = empty ? 'yes' : 'no';
  byId('view-films').dataset['films'] = String(films.all.length);
  const counts = films.counts();
  byId('view-films').dataset['open'] = String(counts.waiting + counts.working);
  byId('view-films').dataset['working'] = String(counts.working);
  byId('desk').hidden = empty;
  byId('summary').textContent = summary(counts);
});

function clear(): void {
  queue.cancel();
  films.remove(films.all);
  status.textContent = t('list.empty');
  say('');
  byId('choose').focus();
}

// ---- What the user asks for ----

listen(
  [
    { button: byId('choose'), input: byId('files') },
    { button: byId('choose-folder'), input: byId('folder') },
    { button: byId('add'), input: byId('files') },
    { button: byId('add-folder'), input: byId('folder') },
  ],
  { onFiles: (files) => void take(files), onNothing: (what) => say(t(`nothing.${what}`)) },
);
const on = (id: string, body: () => unknown) => byId(id).addEventListener('click', body);
on('clear', clear);
on('cancel', () => queue.cancel());
on('pause', () => (queue.paused ? queue.resume() : queue.pause()));
on('previous', () => films.step(-1));
on('next', () => films.step(1));
on('save-json', () => save('pleura.jsonl', 'application/x-ndjson', jsonLines(films.all)));
on('save-csv', () => engine && save('pleura.csv', 'text/csv', csv(engine.csvHeader, films.all)));
for (const kind of ['sr', 'heatmap'] as const) on(`save-${kind}`, () => void dicom(kind));
on('print-one', () => void print(films.selected ? [films.selected] : []));
on('print-all', () => void print(films.shown));

async function dicom(kind: 'sr' | 'heatmap'): Promise<void> {
  say('');
  const film = films.selected;
  if (!engine || !film) return;
  try {
    if (!film.file) throw new PleuraError('file', t('film.missing'));
    if (!(await saveDicom(engine, film.file, kind, byId<HTMLInputElement>('identity').checked))) say(t('export.no_heatmap'));
  } catch (error) {
    say(`${film.name}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

async function print(chosen: Film[]): Promise<void> {
  const at = engine;
  if (!at) return;
  const pages: HTMLElement[] = [];
  for (const film of chosen.filter(({ progress }) => progress === 'done').slice(0, MOST_PAGES)) {
    const pixels = film.file && (await at.decode(film.file).catch(() => null));
    const again = film.file && film.answer?.probabilities && at.info.heatmap ? await at.report(film.file, { heatmap: true }).catch(() => null) : null;
    const heat = (again && !again.result.error && again.result.heatmap) || null;
    pages.push(sheet({ film, pixels, heat }, at.info, `Pleura ${at.version}, ${t(`tier.${at.tier}`)}`));
  }
  if (chosen.length > MOST_PAGES) say(t('report.most', { count: MOST_PAGES }));
  const report = byId('report');
  report.replaceChildren(...pages);
  report.hidden = false;
  window.print();
}
addEventListener('afterprint', () => {
  byId('report').hidden = true;
  byId('report').replaceChildren();
});

const ORDERS: Order[] = ['risk', 'name', 'added'];
const FILTERS: Filter[] = ['all', 'finding', 'cannot_say', 'no_finding', 'error', 'open', 'flagged'];

/** A select whose words follow the language. */
function choices<T extends string>(id: string, values: T[], words: (value: T) => string, onChange: (value: T) => void): void {
  const select = byId<HTMLSelectElement>(id);
  const fill = () => {
    const kept = select.value;
    select.replaceChildren(...values.map((value) => make('option', { textContent: words(value), attributes: { value } })));
    if (kept) select.value = kept;
  };
  fill();
  document.addEventListener('language', fill);
  select.addEventListener('change', () => onChange(select.value as T));
}
choices('order', ORDERS, (order) => t(`order.${order}`), (order) => {
  films.order = order;
  films.arrange();
});
choices('filter', FILTERS, (filter) => t(`filter.${filter}`), (filter) => {
  films.filter = filter;
  films.arrange();
});
byId<HTMLInputElement>('search').addEventListener('input', () => {
  films.search = byId<HTMLInputElement>('search').value;
  films.arrange();
});

/** Single letters work only while the list or a film has the focus, so that no speech or typing sets them off. */
const KEYS: Record<string, () => void> = {
  j: () => films.step(1),
  k: () => films.step(-1),
  a: () => films.selected && mark(films.selected, films.selected.mark === 'accepted' ? null : 'accepted'),
  f: () => films.selected && mark(films.selected, films.selected.mark === 'flagged' ? null : 'flagged'),
  i: () => reader.invert(),
  c: () => void reader.pin(),
  h: () => settings.set('heatmap', !settings.get('heatmap')),
  n: () => document.getElementById('note')?.focus(),
};
const LIST_KEYS: Record<string, () => void> = {
  ArrowDown: () => films.step(1),
  ArrowUp: () => films.step(-1),
  PageDown: () => films.step(list.page),
  PageUp: () => films.step(-list.page),
  Home: () => films.step(-films.shown.length),
  End: () => films.step(films.shown.length),
};
addEventListener('keydown', (event) => {
  const target = event.target as HTMLElement;
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const inList = target.id === 'rows';
  const digit = /^[0-9]$/.test(event.key) ? Number(event.key) : -1;
  if (inList && labels.asking && films.selected && digit >= 0 && (digit === 0 || words()[digit - 1])) {
    event.preventDefault();
    give(films.selected, words()[digit - 1] ?? '');
    return;
  }
  const key = KEYS[event.key.toLowerCase()] && (inList || target.classList.contains('canvas')) ? KEYS[event.key.toLowerCase()] : inList ? LIST_KEYS[event.key] : undefined;
  if (!key) return;
  event.preventDefault();
  key();
});
byId('rows').addEventListener('focus', () => {
  if (!films.selected) films.step(0);
});

// ---- Views, language, theme ----

const VIEWS = ['films', 'model', 'learn', 'trust'] as const;

function showView(focus: boolean, hash = location.hash): void {
  const wanted = VIEWS.find((name) => hash === `#${name}`) ?? 'films';
  for (const name of VIEWS) {
    byId(`view-${name}`).hidden = name !== wanted;
    const link = document.querySelector(`[data-view="${name}"]`);
    if (name === wanted) link?.setAttribute('aria-current', 'page');
    else link?.removeAttribute('aria-current');
  }
  if (wanted === 'trust') trust.show();
  if (wanted === 'model') modelView.seen();
  if (wanted === 'learn') void learning().then((view) => view.show());
  if (focus) byId('main').focus({ preventScroll: true });
  scrollTo(0, 0);
}
for (const link of document.querySelectorAll<HTMLAnchorElement>('[data-view]')) {
  // At once: the event that tells of the address comes later.
  link.addEventListener('click', ({ ctrlKey, metaKey, shiftKey }) => {
    if (!ctrlKey && !metaKey && !shiftKey) showView(true, link.hash);
  });
}
addEventListener('hashchange', () => {
  if (location.hash === '#main') return; // the skip link
  showView(true);
});

const language = byId<HTMLSelectElement>('language');
language.append(...Object.entries(LANGUAGES).map(([value, textContent]) => make('option', { textContent, attributes: { value, lang: value } })));
language.addEventListener('change', () => settings.set('language', language.value as Language));
settings.onChange('language', () => void setLanguage(settings.get('language')));
document.addEventListener('language', () => {
  language.value = currentLanguage();
  films.changed();
});

const paint = () => (document.documentElement.dataset['theme'] = settings.get('theme'));
on('theme', () => settings.set('theme', settings.get('theme') === 'dark' ? 'light' : 'dark'));
settings.onChange('theme', paint);
paint();

settings.onChange('threshold', () => films.arrange());

// ---- The classifier ----

const requests = new Requests((count) => {
  byId('requests').textContent = number(count);
});

const trust = new TrustView(
  byId('trust-body'),
  () => engine && { engine, golden: aboutModel(engine.info) ? examples : [], requests: requests.count },
  () => [...offline.panels(), storage.panel(() => trust.show())],
);

const storage = new Storage(films, () => engine?.info.sha256 ?? '', margin);

const offline = new Offline(() => {
  byId('offline').textContent = offline.words;
  byId('update').hidden = !offline.waits;
  document.documentElement.dataset['offline'] = offline.phase;
  if (location.hash === '#trust') trust.show();
});
on('update-now', async () => {
  await offline.ask('approve');
  location.reload();
});
on('update-later', () => (byId('update').hidden = true));
document.addEventListener('language', () => (byId('offline').textContent = offline.words));

const modelView = new ModelView(byId('model-body'), {
  onSwitch: (place) => models[place] && switchTo(models[place]),
  onFile: (file) => take([file]),
});

let learnView: Promise<LearnView> | null = null;
/** Few learn: the view and what it shows with come when they are asked for. */
function learning(): Promise<LearnView> {
  learnView ??= import('./learnView.js').then(({ openLearnView }) => openLearnView(byId('learn-body'), films, labels, () => engine, {
    onProfile: (profile) =>
      inTurn(async () => {
        await engine?.applyProfile(profile);
        queue.close();
        queue.cancel();
        again(current);
      }),
    async model() {
      const { source } = current;
      return typeof source === 'string' ? (await fetch(source)).arrayBuffer() : source.arrayBuffer();
    },
    onAsking: () => films.changed(),
  }));
  return learnView;
}

function showModel(model: Model): void {
  if (!engine) return;
  const { info, tier } = engine;
  current = model;
  model.sha256 = info.sha256;
  model.name ||= [info.name, info.version].filter(Boolean).join(' ') || t('model.unnamed');
  byId('model-name').replaceChildren([info.name, info.version].filter(Boolean).join(' ') || model.name, ' ', make('code', { textContent: info.sha256.slice(0, 12), title: `SHA-256 ${info.sha256}` }), info.profile ? ` ${t('profile.short')}` : '');
  byId('tier').textContent = t(`tier.${tier}`);
  byId('population').textContent = info.properties['pleura.population'] ?? t('notice.unknown_population');
  operating.info = info;
}

/** What the other views say of it. */
function showViews(): void {
  if (engine) modelView.show(engine.info, models, models.indexOf(current));
  if (location.hash === '#trust') trust.show();
  if (location.hash === '#learn') void learning().then((view) => view.show());
}

async function classify(film: Film) {
  const at = engine;
  if (!at || !film.file) throw new PleuraError('file', t('film.missing'));
  const report = await at.report(film.file, { name: film.name });
  askRequests();
  return report;
}

let asking = 0;
/** The workers count for themselves: they are asked now and then, and after the last film. */
function askRequests(): void {
  asking ||= window.setTimeout(async () => {
    requests.worker = (await engine?.requests().catch(() => 0)) ?? 0;
    asking = 0;
  }, 250);
}

/** The first load and every change of model, one after the other. */
let turn: Promise<unknown> = Promise.resolve();
function inTurn(body: () => Promise<void>): Promise<void> {
  const next = turn.then(body);
  turn = next.catch(() => {});
  return next;
}

/** Another model: its answers are other answers. */
const switchTo = (model: Model) => void inTurn(() => change(model));

async function change(model: Model): Promise<void> {
  say('');
  byId('loading-text').textContent = status.textContent = t('model.loading', { name: model.name });
  byId('loading-bar').removeAttribute('value');
  byId('loading').hidden = false;
  let loaded: Engine;
  try {
    const { source } = model;
    loaded = await start(typeof source === 'string' ? source : await source.arrayBuffer(), () => {});
  } catch (error) {
    models.splice(models.indexOf(model), 1);
    showViews();
    say(t('error.model', { name: model.name, message: error instanceof Error ? error.message : String(error) }));
    return;
  } finally {
    byId('loading').hidden = true;
  }
  const old = engine;
  queue.close();
  queue.cancel();
  engine = loaded;
  old?.dispose();
  again(model);
  void learnView?.then((view) => view.reset());
}

/** The answers are others now: every film goes through it again. */
function again(model: Model): void {
  settings.set('threshold', null);
  showModel(model);
  showViews();
  open();
  for (const film of films.all) [film.report, film.fault, film.progress] = [null, null, 'waiting'];
  queue.add(films.all.filter(({ file }) => file));
  films.arrange();
  reader.refresh();
  status.textContent = t('model.loaded', { name: model.name });
}

function open(): void {
  if (engine) queue.open(classify, engine.workers + 1);
}

/** Until the first film can go through. */
async function arrive(): Promise<void> {
  const words = setLanguage(settings.get('language')).then(() => showView(false));
  const [[loaded, found]] = await Promise.all([fetched, words]);
  [engine, examples] = [loaded, found];
  showModel(current);
  offer(examples, byId('examples'), byId('example'), add);
  byId('loading').hidden = true;
  status.textContent = t('loading.done');
  document.documentElement.dataset['ready'] = 'yes';
  open();
  reader.refresh();
}

async function begin(): Promise<void> {
  await inTurn(arrive);
  const loaded = engine;
  if (!loaded) return;
  // Not before: a film that waits goes first, and the other views are not in sight.
  await new Promise((done) => setTimeout(done));
  const drawing = reader.prepare();
  showViews();
  // Films need not wait for it, but loading ends with the code of the last worker: from then on is counted.
  await Promise.all([drawing, loaded.started]).catch(() => {});
  requests.start();
  document.documentElement.dataset['started'] = 'yes';
  const kept = await storage.restore();
  if (kept.length > 0) films.add(kept);
  for (const film of kept) missing.set(film.name, film);
  await warmUp(loaded).catch(() => {}); // what is wrong then shows with the first film
  document.documentElement.dataset['warm'] = 'yes';
  await offline.start();
}

begin().catch((error: unknown) => {
  byId('loading').hidden = true;
  for (const id of ['tier', 'model-name', 'requests']) byId(id).textContent = '–';
  const fault = error instanceof PleuraError ? error : new PleuraError('internal', String(error));
  say(t('error.load', { message: fault.message, code: fault.code }));
});
