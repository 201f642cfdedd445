// The classifier in use, and how another takes its place.
import { PleuraError } from 'pleura';
import { modelName } from './about.js';
import { current, say, status, type Model } from './current.js';
import { films, reader } from './desk.js';
import { byId, make } from './dom.js';
import { start } from './engine.js';
import type { Film } from './films.js';
import { Requests } from './network.js';
import { queue } from './progress.js';
import * as settings from './settings.js';
import { number, t } from './strings.js';

export const requests = new Requests((count) => {
  byId('requests').textContent = number(count);
});

let asking = 0;
/** The workers count for themselves: they are asked now and then, and after the last film. */
function askRequests(): void {
  asking ||= window.setTimeout(async () => {
    requests.worker = (await current.engine?.requests().catch(() => 0)) ?? 0;
    asking = 0;
  }, 250);
}

async function classify(film: Film) {
  const at = current.engine;
  if (!at || !film.file) throw new PleuraError('file', t('film.missing'));
  const report = await at.report(film.file, { name: film.name });
  askRequests();
  return report;
}

/** Films may go through it. */
export function open(): void {
  if (current.engine) queue.open(classify, current.engine.workers + 1);
}

export function showModel(): void {
  if (!current.engine) return;
  const { info, tier } = current.engine;
  const name = modelName(info);
  current.model.sha256 = info.sha256;
  current.model.name ||= name || t('model.unnamed');
  byId('model-name').replaceChildren(name || current.model.name, ' ', make('code', { textContent: info.sha256.slice(0, 12), title: `SHA-256 ${info.sha256}` }), info.profile ? ` ${t('profile.short')}` : '');
  byId('tier').textContent = t(`tier.${tier}`);
  byId('population').textContent = info.properties['pleura.population'] ?? t('notice.unknown_population');
}
document.addEventListener('language', showModel);

/** The classifier cannot be had; a model that is brought may be. */
export function refused(error: unknown): void {
  byId('loading').hidden = true;
  for (const id of ['tier', 'model-name', 'requests']) byId(id).textContent = '–';
  const fault = error instanceof PleuraError ? error : new PleuraError('internal', String(error));
  say(t('error.load', { message: fault.message, code: fault.code }));
}

/** Another model: its answers are other answers. */
export const switchTo = (model: Model) => void current.inTurn(() => change(model));

const contents = async ({ source }: Model) => (typeof source === 'string' ? source : source.arrayBuffer());

async function change(model: Model): Promise<void> {
  say('');
  byId('loading-text').textContent = status.textContent = t('model.loading', { name: model.name });
  byId('loading-bar').removeAttribute('value');
  byId('loading').hidden = false;
  try {
    const bytes = await contents(model);
    // First, so that the memory never holds both.
    queue.close();
    current.engine?.dispose();
    current.engine = null;
    current.engine = await start(bytes);
    current.profile = null;
    again(model);
  } catch (error) {
    current.models.splice(current.models.indexOf(model), 1);
    const words = t('error.model', { name: model.name, message: error instanceof Error ? error.message : String(error) });
    await back().then(() => say(words), () => refused(error));
  } finally {
    byId('loading').hidden = true;
  }
}

/** The model before goes on where it was stopped. */
async function back(): Promise<void> {
  if (!current.engine) {
    current.engine = await start(await contents(current.model));
    if (current.profile !== null) await current.engine.applyProfile(current.profile);
    open();
    queue.add(films.all.filter(({ progress }) => progress === 'working'));
    reader.refresh();
  }
  current.changed();
}

/** Everything is judged anew with this profile; null: as the model was made. */
export const applyProfile = (profile: string | null): Promise<void> =>
  current.inTurn(async () => {
    await current.engine?.applyProfile(profile);
    current.profile = profile;
    queue.close();
    again(current.model);
  });

/** The answers are others now: every film goes through it again. */
function again(model: Model): void {
  queue.cancel();
  settings.set('threshold', null);
  current.model = model;
  showModel();
  current.changed();
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
