import { PleuraError, type Learning, type LearnOptions, type ModelInfo, type Profile } from 'pleura';
import { button, make } from './dom.js';
import type { Engine } from './engine.js';
import type { Films } from './films.js';
import { readLabels, writeLabels } from './labelList.js';
import type { Labels } from './labels.js';
import { learnFrom } from './learner.js';
import { panel, save } from './later.js';
import { addLearnWords } from './learnWords.js';
import { showLearning } from './learnResult.js';
import { label, number, t, type Key } from './strings.js';
import './style/learn.css';

export interface LearnEvents {
  /** Everything is judged anew with this profile; null: as the model was made. */
  onProfile(profile: string | null): Promise<void>;
  /** The model's file as it was loaded. */
  model(): Promise<ArrayBuffer | Uint8Array>;
  /** Labels are given while films are read. */
  onAsking(): void;
  /** The labels are in a file now. */
  onSaved(): void;
}

/** With its words, which come with it. */
export async function openLearnView(...parts: ConstructorParameters<typeof LearnView>): Promise<LearnView> {
  await addLearnWords();
  parts[0].before(make('p', { textContent: t('learn.about'), attributes: { 'data-t': 'learn.about' } }));
  return new LearnView(...parts);
}

/** Films with labels, what can be learnt from them, and whether it shall be used. */
export class LearnView {
  readonly #films: Films;
  readonly #labels: Labels;
  readonly #engine: () => Engine | null;
  readonly #events: LearnEvents;
  readonly #parts = { films: make('div'), fit: make('div'), result: make('div', { attributes: { role: 'status' } }), profile: make('div') };
  readonly #said = make('p', { className: 'quiet', id: 'learn-said', attributes: { role: 'status' } });
  /** Kept while the language changes. */
  readonly #wanted: { task: 'calibrate' | 'adapt'; prevalence: string; sensitivity: string } = { task: 'calibrate', prevalence: '', sensitivity: '' };
  #learning: Learning | null = null;
  #fault: PleuraError | null = null;
  #running: AbortController | null = null;
  /** The text of the profile in use. */
  #profile: string | null = null;

  constructor(into: HTMLElement, films: Films, labels: Labels, engine: () => Engine | null, events: LearnEvents) {
    this.#films = films;
    this.#labels = labels;
    this.#engine = engine;
    this.#events = events;
    const { films: labelled, fit, result, profile } = this.#parts;
    into.append(labelled, fit, result, profile);
    films.addEventListener('change', () => {
      if (!into.closest<HTMLElement>('[hidden]')) this.#counts();
    });
    document.addEventListener('language', () => this.show());
  }

  /** Another model: what was learnt belongs to the one before. */
  reset(): void {
    this.#running?.abort();
    [this.#learning, this.#fault, this.#profile] = [null, null, null];
    this.show();
  }

  show(): void {
    const info = this.#engine()?.info;
    if (!info) return;
    this.#showFilms(info);
    this.#showFit(info);
    this.#showResult();
    this.#showProfile();
  }

  // ---- Films and their labels ----

  #showFilms(info: ModelInfo): void {
    const own = make('input', { id: 'learn-own', attributes: { type: 'text', placeholder: info.labels.join(', '), autocomplete: 'off' } });
    own.value = this.#labels.own.join(', ');
    own.addEventListener('input', () => {
      this.#labels.own = own.value.split(',').map((word) => word.trim()).filter(Boolean);
      this.#events.onAsking();
    });
    const input = make('input', { id: 'labels-file', hidden: true, attributes: { type: 'file', accept: '.csv,text/csv' } });
    input.addEventListener('change', () => {
      const file = input.files?.[0];
      input.value = '';
      if (file) void this.open(file);
    });
    const asking = make('input', { id: 'labels-asking', attributes: { type: 'checkbox' } });
    asking.checked = this.#labels.asking;
    asking.addEventListener('change', () => {
      this.#labels.asking = asking.checked;
      this.#events.onAsking();
    });
    this.#parts.films.replaceChildren(
      panel(
        'labels.title',
        make('p', { textContent: t('labels.about') }),
        make('label', { className: 'check' }, asking, make('span', { textContent: t('labels.asking') })),
        make('label', { className: 'field' }, make('span', { textContent: t('labels.own') }), own),
        make(
          'div',
          { className: 'actions' },
          button(t('labels.open'), () => input.click(), '', { id: 'labels-open' }),
          button(t('labels.folders'), () => this.#labels.fromFolders(), '', { id: 'labels-folders' }),
          button(t('labels.save'), () => {
            save('labels.csv', 'text/csv', writeLabels(this.#films.all));
            this.#events.onSaved();
          }, '', { id: 'labels-save' }),
        ),
        input,
        this.#said,
        make('p', { id: 'labels-counts' }),
      ),
    );
    this.#counts();
  }

  #counts(): void {
    const into = document.getElementById('labels-counts');
    if (!into) return;
    const films = this.#labels.labelled;
    const patients = new Set(films.map(({ patient }) => patient).filter(Boolean)).size;
    const words = this.#labels.counts().map(([name, count]) => `${label(name)} ${number(count)}`);
    into.textContent = films.length === 0 ? t('labels.none') : `${t('labels.counted', { films: films.length, patients })} ${words.join(' · ')}`;
  }

  /** A list of labels that was chosen or dropped; false if it is none. */
  async open(file: File): Promise<boolean> {
    const list = readLabels(await file.text());
    if (!list) {
      this.#said.textContent = t('labels.bad', { name: file.name });
      return false;
    }
    const found = this.#labels.open(list);
    this.#said.textContent = t('labels.read', { name: file.name, entries: list.size, found });
    document.getElementById('status')!.textContent = this.#said.textContent;
    return true;
  }

  // ---- Fitting ----

  #showFit(info: ModelInfo): void {
    const choice = (task: 'calibrate' | 'adapt', possible: boolean) => {
      const input = make('input', { id: `task-${task}`, attributes: { type: 'radio', name: 'task', value: task } });
      input.checked = this.#wanted.task === task;
      input.disabled = !possible;
      input.addEventListener('change', () => (this.#wanted.task = task));
      return make('label', { className: 'check' }, input, make('span', { textContent: t(`fit.${task}`) }));
    };
    const field = (name: 'prevalence' | 'sensitivity') => {
      const input = make('input', { id: `fit-${name}`, attributes: { type: 'number', min: '0.1', max: '99.9', step: 'any', inputmode: 'decimal' } });
      input.value = this.#wanted[name];
      input.addEventListener('input', () => (this.#wanted[name] = input.value));
      return make('label', { className: 'field' }, make('span', { textContent: t(`fit.${name}`) }), input);
    };
    this.#parts.fit.replaceChildren(
      panel(
        'fit.title',
        make('p', { textContent: t('fit.about') }),
        make('fieldset', {}, make('legend', { className: 'hidden', textContent: t('fit.title') }), choice('calibrate', true), choice('adapt', info.features > 0)),
        ...(info.features === 0 ? [make('p', { className: 'quiet small', textContent: t('fit.no_features') })] : []),
        field('prevalence'),
        field('sensitivity'),
        make(
          'div',
          { className: 'actions' },
          button(t('fit.start'), () => void this.#learn(), 'primary', { id: 'learn' }),
          button(t('queue.cancel'), () => this.#running?.abort(), '', { id: 'learn-cancel' }),
        ),
        make('p', { id: 'learn-progress', attributes: { role: 'status' } }),
        make('progress', { id: 'learn-bar', attributes: { 'aria-labelledby': 'learn-progress' } }),
      ),
    );
    this.#showRunning();
  }

  #showRunning(): void {
    const running = this.#running !== null;
    const get = (id: string) => document.getElementById(id) as HTMLButtonElement;
    get('learn').disabled = running;
    get('learn-cancel').hidden = get('learn-bar').hidden = !running;
    if (!running) get('learn-progress').textContent = '';
  }

  #options(): LearnOptions {
    const { task, prevalence, sensitivity } = this.#wanted;
    const share = (text: string) => (text === '' ? 0 : Number(text) / 100);
    return {
      task,
      // The user is asked afterwards, and told; without a profile there would be nothing to ask about.
      acceptNoBetter: true,
      ...(share(prevalence) > 0 && { prevalence: share(prevalence) }),
      ...(share(sensitivity) > 0 && { targetSensitivity: share(sensitivity) }),
      ...(task === 'adapt' && this.#labels.own.length > 0 && { labels: this.#labels.own, finding: this.#finding() }),
    };
  }

  /** The model's, where the labels have it; else the last one, as in "none, nodule". */
  #finding(): string {
    const { own } = this.#labels;
    const models = this.#engine()?.info.finding;
    return models && own.includes(models) ? models : (own.at(-1) ?? '');
  }

  async #learn(): Promise<void> {
    const engine = this.#engine();
    if (!engine || this.#running) return;
    const running = (this.#running = new AbortController());
    [this.#learning, this.#fault] = [null, null];
    this.#showResult();
    this.#showRunning();
    const films = this.#labels.labelled;
    const tell = (done: number) => {
      const [words, bar] = [document.getElementById('learn-progress'), document.getElementById('learn-bar') as HTMLProgressElement | null];
      if (!words || !bar || running.signal.aborted) return;
      words.textContent = done < films.length ? t('fit.reading', { done, total: films.length }) : t('fit.computing');
      if (done < films.length) [bar.max, bar.value] = [films.length, done];
      else bar.removeAttribute('value');
    };
    tell(0);
    try {
      // Whoever cancels waits for nothing; what is computed meanwhile is thrown away.
      const cancelled = new Promise<never>((_, fail) => running.signal.addEventListener('abort', () => fail(running.signal.reason)));
      this.#learning = await Promise.race([learnFrom(engine, films, this.#options(), running.signal, tell), cancelled]);
    } catch (error) {
      if (!running.signal.aborted) this.#fault = error instanceof PleuraError ? error : new PleuraError('internal', String(error));
    }
    if (this.#running !== running) return;
    this.#running = null;
    this.#showRunning();
    this.#showResult();
  }

  // ---- What came out ----

  #showResult(): void {
    const [learning, fault] = [this.#learning, this.#fault];
    this.#parts.result.dataset['verdict'] = fault ? fault.code : (learning?.report.verdict ?? '');
    if (fault) {
      const known = ['too_few_films', 'one_class', 'no_embedding', 'other_model', 'profile'].includes(fault.code);
      const words = t(known ? (`refused.${fault.code}` as Key) : 'refused.other');
      this.#parts.result.replaceChildren(panel('result.title', make('div', { className: 'reason' }, make('strong', { textContent: words }), make('p', { attributes: { lang: 'en' } }, fault.message, ' ', make('code', { textContent: fault.code })))));
    } else if (learning) {
      this.#parts.result.replaceChildren(panel('result.title', ...showLearning(learning.report), ...this.#agree(learning)));
    } else {
      this.#parts.result.replaceChildren();
    }
  }

  /** Nothing is applied before this is clicked; and what is not shown to be better, not without a tick as well. */
  #agree({ report, profile }: Learning): Node[] {
    if (profile === null) return [];
    const use = button(t('use.now'), () => void this.#use(profile), 'primary', { id: 'use' });
    const parts: Node[] = [];
    if (report.verdict !== 'better') {
      const box = make('input', { id: 'use-anyway', attributes: { type: 'checkbox' } });
      use.disabled = true;
      box.addEventListener('change', () => (use.disabled = !box.checked));
      parts.push(make('label', { className: 'check' }, box, make('span', { textContent: t('use.anyway') })));
    }
    return [make('p', { textContent: t('use.about') }), ...parts, make('div', { className: 'actions' }, use, ...this.#files(profile))];
  }

  #files(profile: string): HTMLElement[] {
    const onnx = async () => {
      const engine = this.#engine();
      if (engine) save('pleura-learnt.onnx', 'application/octet-stream', await engine.exportOnnx(profile, await this.#events.model()));
    };
    return [
      button(t('use.save'), () => save('pleura-profile.json', 'application/json', profile), '', { 'data-save': 'profile' }),
      button(t('use.onnx'), () => void this.#trying(onnx), '', { 'data-save': 'onnx' }),
    ];
  }

  /** A fault is told where results are, and nothing else changes. */
  async #trying(body: () => Promise<void>): Promise<void> {
    try {
      await body();
    } catch (error) {
      this.#learning = null;
      this.#fault = error instanceof PleuraError ? error : new PleuraError('internal', String(error));
      this.#showResult();
    }
  }

  // ---- The profile in use ----

  #use(profile: string | null): Promise<void> {
    return this.#trying(async () => {
      await this.#events.onProfile(profile);
      this.#profile = profile;
      [this.#learning, this.#fault] = [null, null];
      this.show();
      document.getElementById('profile-words')?.focus();
    });
  }

  #showProfile(): void {
    const input = make('input', { id: 'profile-file', hidden: true, attributes: { type: 'file', accept: '.json,application/json' } });
    input.addEventListener('change', async () => {
      const file = input.files?.[0];
      input.value = '';
      if (file) await this.#use(await file.text());
    });
    const text = this.#profile;
    const words = make('p', { id: 'profile-words', textContent: text === null ? t('profile.none') : profileWords(text), attributes: { tabindex: '-1' } });
    const open = button(t('profile.open'), () => input.click(), '', { id: 'profile-open' });
    const undo = button(t('profile.undo'), () => void this.#use(null), 'primary', { id: 'profile-undo' });
    this.#parts.profile.replaceChildren(panel('profile.title', words, make('div', { className: 'actions' }, ...(text === null ? [] : [undo, ...this.#files(text)]), open), input));
    this.#parts.profile.dataset['profile'] = this.#engine()?.info.profile ?? '';
  }
}

/** The text was read by the core before, so that it is what it says. */
function profileWords(text: string): string {
  const { task, labels, figures } = JSON.parse(text) as Profile;
  const kind = t(task === 'adapt' ? 'profile.adapt' : 'profile.calibrate');
  return [kind, labels.map(label).join(', '), figures && t('profile.from', { films: figures.films, patients: figures.patients })].filter(Boolean).join(' · ');
}
