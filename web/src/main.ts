import { PleuraError, type Progress } from 'pleura';
import { aboutModel, loadAbout, modelName } from './about.js';
import { loading, MODEL, onProgress } from './beginning.js';
import { byId, eachFrame, make } from './dom.js';
import { start, warmUp, type Engine } from './engine.js';
import { fetchExamples, offer, type Example } from './examples.js';
import { Film, Films, type Filter, type Mark, type Order } from './films.js';
import { listen } from './intake.js';
import { listenToKeys } from './keys.js';
import { Labels } from './labels.js';
import type { LearnView } from './learnView.js';
import type { ModelChoice } from './modelView.js';
import { Requests } from './network.js';
import { sentence } from './outcome.js';
import { Queue, type QueueState } from './queue.js';
import { Reader } from './reader.js';
import * as settings from './settings.js';
import { currentLanguage, label, LANGUAGES, number, plural, setLanguage, t, type Key, type Language } from './strings.js';
import { Thumbnails } from './thumbnails.js';
import { inSight, listenToAddress } from './views.js';
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
const fetched = fetchExamples();
let modelHere = 0;
/** A model comes in by hundreds of pieces. */
function showLoading({ stage, loaded }: Progress): void {
  if (stage !== 'model') return;
  modelHere = loaded;
  showHere();
}

const showHere = eachFrame(() => {
  byId<HTMLProgressElement>('loading-bar').value = Math.min(1, modelHere / __MODEL_BYTES__);
  // The first number takes a browser 20 ms: where loading is quick nobody could read it.
  if (performance.now() > 1000) byId('loading-text').textContent = t('loading.progress', { done: number(modelHere / 1e6, 1), total: number(__MODEL_BYTES__ / 1e6, 1) });
});

onProgress(showLoading);

const margin = () => engine?.info.margin ?? 0;
const status = byId('status');
const say = (message: string) => (byId('message').textContent = message);

// ---- The list, the reader, and the films between them ----

const thumbnails = new Thumbnails((file) => engine?.decode(file) ?? Promise.reject(new Error('not loaded')));
const list = new Worklist(byId('rows'), films, thumbnails);
const labels = new Labels(films);

/** What a film can be labelled with while it is read. */
function words(): string[] {
  const info = engine?.info;
  if (!labels.asking || !info) return [];
  if (labels.own.length > 0) return labels.own.slice(0, 9);
  const all = info.finding && !info.labels.includes(info.finding) ? [...info.labels, info.finding] : info.labels;
  return all.slice(0, 9);
}

/** What a reader said, and is nowhere but in this window. */
const unsaved = new Set<'marks' | 'labels'>();

function give(film: Film, word: string): void {
  film.label = word;
  unsaved.add('labels');
  films.changed();
  status.textContent = `${film.name}: ${word ? t('labels.given', { label: label(word) }) : t('labels.taken')}`;
}

const reader = new Reader(films, () => engine, {
  onMark: mark,
  onNote(film, note) {
    film.note = note;
    unsaved.add('marks');
    list.update();
  },
  onLabel: give,
  labels: words,
});

function mark(film: Film, wanted: Mark): void {
  film.mark = wanted;
  unsaved.add('marks');
  films.changed();
  status.textContent = `${film.name}: ${t(`mark.${wanted ?? 'none'}`)}`;
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

let progress: QueueState = { done: 0, total: 0, running: 0, paused: false, left: null };
const showProgress = eachFrame(() => {
  const { done, total, running, paused, left } = progress;
  byId('working').hidden = total === 0;
  const time = left === null || paused ? '' : ` · ${t('queue.left', { time: duration(left) })}`;
  byId('working-text').textContent = `${t(paused ? 'queue.paused' : 'queue.progress', { done, total })}${time}`;
  const bar = byId<HTMLProgressElement>('working-bar');
  bar.max = total;
  bar.value = done;
  bar.dataset['running'] = String(running);
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
  byId('desk').hidden = empty;
  byId('none').hidden = films.shown.length > 0;
  byId('summary').textContent = summary(counts);
});

function clear(): void {
  if (unsaved.size > 0 && !confirm(t('list.sure'))) return;
  unsaved.clear();
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
/** The browser asks before the window goes, where something goes with it. */
addEventListener('beforeunload', (event) => {
  if ((unsaved.size > 0 && !storage?.on) || queue.busy) event.preventDefault();
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

const toggle = (wanted: 'accepted' | 'flagged') => films.selected && mark(films.selected, films.selected.mark === wanted ? null : wanted);
listenToKeys(
  {
    j: () => films.step(1),
    k: () => films.step(-1),
    a: () => toggle('accepted'),
    f: () => toggle('flagged'),
    i: () => reader.invert(),
    c: () => void reader.pin(),
    h: () => settings.set('heatmap', !settings.get('heatmap')),
    n: () => document.getElementById('note')?.focus(),
  },
  {
    ArrowDown: () => films.step(1),
    ArrowUp: () => films.step(-1),
    PageDown: () => films.step(list.page),
    PageUp: () => films.step(-list.page),
    Home: () => films.step(-films.shown.length),
    End: () => films.step(films.shown.length),
  },
  (digit) => {
    const word = digit === 0 ? '' : words()[digit - 1];
    if (!labels.asking || !films.selected || word === undefined) return false;
    give(films.selected, word);
    return true;
  },
);
byId('rows').addEventListener('focus', () => {
  if (!films.selected) films.step(0);
});

// ---- Views, language, theme ----

const showView = listenToAddress((view) => {
  if (view === 'trust') trust?.show();
  if (view === 'model') modelView?.seen();
  if (view === 'learn') void learning().then((shown) => shown.show());
});

const language = byId<HTMLSelectElement>('language');
language.append(...Object.entries(LANGUAGES).map(([value, textContent]) => make('option', { textContent, attributes: { value, lang: value } })));
language.addEventListener('change', () => settings.set('language', language.value as Language));
settings.onChange('language', () => void setLanguage(settings.get('language')));
const showLanguage = () => (language.value = currentLanguage());
showLanguage();
document.addEventListener('language', () => {
  showLanguage();
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

type Later = typeof import('./later.js');
type Part<Name extends 'ModelView' | 'OperatingPoint' | 'Storage' | 'TrustView'> = InstanceType<Later[Name]> | null;
let [modelView, operating, storage, trust]: [Part<'ModelView'>, Part<'OperatingPoint'>, Part<'Storage'>, Part<'TrustView'>] = [null, null, null, null];

/** What is not in sight at first. */
async function furnish(): Promise<InstanceType<Later['Offline']>> {
  const [later] = await Promise.all([import('./later.js'), loadAbout()]);
  // Made here, since a browser draws it at once, and waits with everything else.
  byId<HTMLLinkElement>('icon').href = `data:image/svg+xml,${encodeURIComponent(byId('sign').outerHTML)}`;
  modelView = new later.ModelView(byId('model-body'), {
    onSwitch: (place) => models[place] && switchTo(models[place]),
    onFile: (file) => take([file]),
  });
  operating = new later.OperatingPoint(byId('operating'), 'films');
  const kept = (storage = new later.Storage(films, () => engine?.info.sha256 ?? '', margin, say));
  const offline = new later.Offline(() => {
    byId('offline').textContent = offline.words;
    byId('update').hidden = !offline.waits;
    document.documentElement.dataset['offline'] = offline.phase;
    if (inSight() === 'trust') trust?.show();
  });
  on('update-now', async () => {
    await offline.ask('approve');
    location.reload();
  });
  on('update-later', () => (byId('update').hidden = true));
  document.addEventListener('language', () => (byId('offline').textContent = offline.words));
  trust = new later.TrustView(
    byId('trust-body'),
    () => engine && { engine, golden: aboutModel(engine.info) ? examples : [], requests: requests.count },
    () => [...offline.panels(), kept.panel(() => trust?.show())],
  );
  later.offerFiles(films, { engine: () => engine, say, onSaved: () => unsaved.delete('marks') });
  return offline;
}

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
    onSaved: () => unsaved.delete('labels'),
  }));
  return learnView;
}

function showModel(): void {
  if (!engine) return;
  const { info, tier } = engine;
  const name = modelName(info);
  current.sha256 = info.sha256;
  current.name ||= name || t('model.unnamed');
  byId('model-name').replaceChildren(name || current.name, ' ', make('code', { textContent: info.sha256.slice(0, 12), title: `SHA-256 ${info.sha256}` }), info.profile ? ` ${t('profile.short')}` : '');
  byId('tier').textContent = t(`tier.${tier}`);
  byId('population').textContent = info.properties['pleura.population'] ?? t('notice.unknown_population');
}
document.addEventListener('language', showModel);

/** What the other views say of it. */
function showViews(): void {
  if (engine) {
    modelView?.show(engine.info, models, models.indexOf(current));
    if (operating) operating.info = engine.info;
  }
  if (inSight() === 'trust') trust?.show();
  if (inSight() === 'learn') void learning().then((view) => view.show());
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
  current = model;
  showModel();
  showViews();
  open();
  for (const film of films.all) {
    // Of a list that was kept, and not opened again: its answer was the other model's.
    const gone = film.file ? null : new PleuraError('file', t('film.missing'));
    [film.report, film.fault, film.progress] = [null, gone, gone ? 'done' : 'waiting'];
  }
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
  const words = setLanguage(settings.get('language')).then(showView);
  engine = await loading;
  open(); // films that wait for it need nothing else
  [examples] = await Promise.all([fetched, words]);
  showModel();
  offer(examples, byId('examples'), byId('example'), add);
  byId('loading').hidden = true;
  status.textContent = t('loading.done');
  document.documentElement.dataset['ready'] = 'yes';
  reader.refresh();
}

async function begin(): Promise<void> {
  await inTurn(arrive).catch(refused);
  // Not before: a film that waits goes first, and the other views are not in sight.
  await new Promise((done) => setTimeout(done));
  const drawing = reader.prepare();
  const offline = await furnish();
  showViews();
  const loaded = engine;
  if (!loaded || !storage) return;
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

/** The classifier cannot be had; a model that is brought may be. */
function refused(error: unknown): void {
  byId('loading').hidden = true;
  for (const id of ['tier', 'model-name', 'requests']) byId(id).textContent = '–';
  const fault = error instanceof PleuraError ? error : new PleuraError('internal', String(error));
  say(t('error.load', { message: fault.message, code: fault.code }));
}

begin().catch(refused);
