import { loadInWorker, PleuraError, type WorkerPleura } from 'pleura';
import { byId, make } from './dom.js';
import { listen } from './intake.js';
import { Requests } from './network.js';
import { Queue } from './queue.js';
import { Row } from './row.js';
import { save } from './save.js';
import { thumbnail } from './thumbnail.js';
import { count } from './words.js';

const TIERS = { simd: 'WebAssembly, 128-bit SIMD', relaxed: 'WebAssembly, relaxed SIMD' };

const elements = {
  choose: byId<HTMLButtonElement>('choose'),
  example: byId<HTMLButtonElement>('example'),
  examples: byId('examples'),
  intake: byId('intake'),
  files: byId<HTMLInputElement>('files'),
  loading: byId('loading'),
  loadingText: byId('loading-text'),
  loadingBar: byId<HTMLProgressElement>('loading-bar'),
  working: byId('working'),
  workingText: byId('working-text'),
  workingBar: byId<HTMLProgressElement>('working-bar'),
  cancel: byId<HTMLButtonElement>('cancel'),
  message: byId('message'),
  status: byId('status'),
  results: byId('results'),
  summary: byId('summary'),
  rows: byId<HTMLOListElement>('rows'),
  saveJson: byId<HTMLButtonElement>('save-json'),
  saveCsv: byId<HTMLButtonElement>('save-csv'),
  clear: byId<HTMLButtonElement>('clear'),
  population: byId('population'),
  facts: byId('facts'),
  tier: byId('tier'),
  version: byId('version'),
  model: byId('model'),
  requests: byId('requests'),
};

let rows: Row[] = [];
let pleura: WorkerPleura | null = null;

const requests = new Requests((number) => {
  elements.requests.textContent = String(number);
});

const queue = new Queue({
  onProgress(done, of, row) {
    elements.working.hidden = false;
    elements.workingText.textContent = of === 1 ? `Working on ${row.file.name}` : `${done} of ${of}: ${row.file.name}`;
    elements.workingBar.max = of;
    elements.workingBar.value = done - 1;
    elements.cancel.hidden = of === 1;
  },
  onEnd(finished, cancelled) {
    const focused = document.activeElement === elements.cancel;
    elements.working.hidden = true;
    if (focused) elements.choose.focus();
    summarise();
    if (finished.length === 1) show(finished[0]);
    const rest = cancelled > 0 ? ` ${count(cancelled, 'film')} cancelled.` : '';
    const only = finished.length === 1 && cancelled === 0 ? finished[0] : undefined;
    elements.status.textContent = only
      ? only.sentence
      : `${count(finished.length, 'film')} done. ${elements.summary.textContent}.${rest}`;
  },
  onBroken(error) {
    say(`The classifier stopped. Reload the page to go on. ${error.message} (${error.code})`);
  },
});

function say(message: string): void {
  elements.message.textContent = message;
}

function add(files: File[]): void {
  say('');
  const added = files.map((file) => new Row(file));
  // The newest films come first, in their own order: the answer appears where the film was dropped.
  elements.rows.prepend(...added.map(({ element }) => element));
  rows = [...added, ...rows];
  elements.results.hidden = false;
  summarise();
  show(added[0]);
  if (!pleura) elements.status.textContent = `${count(files.length, 'film')} waiting for the classifier to load.`;
  queue.add(added);
}

/** Brings a row into view, where it is not: on a small screen the list starts below the edge. */
function show(row: Row | undefined): void {
  row?.element.scrollIntoView({ block: 'nearest' });
}

function summarise(): void {
  const of = (state: string) => rows.filter(({ element }) => element.dataset['state'] === state).length;
  const parts: [number, string][] = [
    [of('finding'), 'at or above the threshold'],
    [of('no_finding'), 'below'],
    [of('cannot_say'), 'cannot say'],
    [of('error'), 'not classified'],
    [of('cancelled'), 'cancelled'],
  ];
  const told = parts.filter(([number]) => number > 0).map(([number, what]) => `${number} ${what}`);
  elements.summary.textContent = [count(rows.length, 'film'), ...told].join(' · ');
}

/** The lines of what was classified, oldest first, as the command line would have printed them. */
function lines(kind: 'json' | 'csv'): string[] {
  return rows.flatMap(({ report }) => (report ? [report[kind]] : []));
}

function clear(): void {
  queue.cancel();
  rows = [];
  elements.rows.replaceChildren();
  elements.results.hidden = true;
  elements.status.textContent = 'The list is empty.';
  say('');
  elements.choose.focus();
}

function showInfo({ tier, version, info }: WorkerPleura): void {
  elements.tier.textContent = TIERS[tier];
  elements.version.textContent = version;
  elements.model.replaceChildren(
    [info.name, info.version].filter(Boolean).join(' ') || 'unnamed',
    ' ',
    make('code', { textContent: info.sha256.slice(0, 12), title: `SHA-256 ${info.sha256}` }),
  );
  const population = info.properties['pleura.population'];
  if (population) elements.population.textContent = population;
  const facts: [string, string | undefined][] = [
    ['Purpose', info.properties['pleura.title']],
    ['Use', info.properties['pleura.intended_use']],
    ['Limits', info.properties['pleura.limits']],
    ['Training data', info.properties['pleura.training_data']],
    ['Licence', info.properties['pleura.licence']],
    ['SHA-256 of the file', info.sha256],
  ];
  for (const [term, fact] of facts) {
    if (fact) elements.facts.append(make('div', {}, make('dt', { textContent: term }), make('dd', { textContent: fact })));
  }
}

async function fetchExamples(): Promise<{ file: File; label: string }[]> {
  const found = await Promise.all(
    __EXAMPLES__.map(async ({ file, label }) => {
      try {
        const response = await fetch(`examples/${file}`);
        if (!response.ok) return [];
        return [{ file: new File([await response.blob()], file), label }];
      } catch {
        return []; // an example less: the page works without
      }
    }),
  );
  return found.flat();
}

function offer(examples: { file: File; label: string }[]): void {
  if (examples.length === 0) {
    elements.example.hidden = true;
    return;
  }
  let next = 0;
  elements.example.addEventListener('click', () => {
    const example = examples[next++ % examples.length];
    if (example) add([example.file]);
  });
  elements.example.disabled = false;
  for (const { file, label } of examples) {
    const canvas = make('canvas', { attributes: { 'aria-hidden': 'true' } });
    const button = make('button', { attributes: { type: 'button' } }, canvas, make('span', { textContent: label }));
    button.addEventListener('click', () => add([file]));
    elements.examples.firstElementChild?.append(button);
    void thumbnail(file, canvas);
  }
  elements.examples.hidden = false;
}

const megabytes = (bytes: number) => (bytes / 1e6).toFixed(1);

async function start(): Promise<void> {
  const [loaded, examples] = await Promise.all([
    loadInWorker({
      model: 'model.onnx',
      onProgress({ stage, loaded }) {
        if (stage !== 'model') return;
        elements.loadingBar.value = Math.min(1, loaded / __MODEL_BYTES__);
        elements.loadingText.textContent =
          `Loading the classifier: ${megabytes(loaded)} of ${megabytes(__MODEL_BYTES__)} MB`;
      },
    }),
    fetchExamples(),
  ]);
  pleura = loaded;
  showInfo(loaded);
  offer(examples);
  elements.loading.hidden = true;
  elements.status.textContent = 'The classifier is loaded.';
  document.documentElement.dataset['ready'] = 'yes';
  requests.start();
  queue.open(async (file) => {
    const report = await loaded.report(file);
    requests.worker = await loaded.requests();
    return report;
  });
  await warmUp(loaded).catch(() => {}); // what is wrong then shows with the first film
}

/**
 * Browsers compile code well only once it has run a few times: without this the first films take
 * several times as long. One run at a time, so that a film waits for one at the most.
 */
async function warmUp(loaded: WorkerPleura): Promise<void> {
  const { channels, height, width } = loaded.info.input;
  for (let runs = 0; runs < 4; runs++) await loaded.run(new Float32Array(channels * height * width));
}

listen(elements.intake, elements.choose, elements.files, { onFiles: add, onNothing: say });
elements.cancel.addEventListener('click', () => queue.cancel());
elements.clear.addEventListener('click', clear);
elements.saveJson.addEventListener('click', () => {
  save('pleura.jsonl', 'application/x-ndjson', lines('json').map((line) => `${line}\n`).join(''));
});
elements.saveCsv.addEventListener('click', () => {
  if (pleura) save('pleura.csv', 'text/csv', [pleura.csvHeader, ...lines('csv')].map((line) => `${line}\n`).join(''));
});

elements.example.disabled = true;
start().catch((error: unknown) => {
  elements.loading.hidden = true;
  for (const name of ['tier', 'version', 'model', 'requests'] as const) elements[name].textContent = 'not loaded';
  const fault = error instanceof PleuraError ? error : new PleuraError('internal', String(error));
  say(`The classifier could not be loaded. ${fault.message} (${fault.code})`);
});
