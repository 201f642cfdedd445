import type { Progress } from 'pleura';
import { add, missing, take } from './arrivals.js';
import { loading, onProgress } from './beginning.js';
import './controls.js';
import { current, status } from './current.js';
import { films, reader } from './desk.js';
import { byId, eachFrame } from './dom.js';
import { warmUp } from './engine.js';
import { fetchExamples, offer } from './examples.js';
import { furnish, seen, storage } from './furnish.js';
import { showLearning } from './learn.js';
import { open, refused, requests, showModel } from './models.js';
import * as settings from './settings.js';
import { number, setLanguage, t } from './strings.js';
import { listenToAddress } from './views.js';

/** Begun before anything is put on the page. */
const examples = fetchExamples();

let modelHere = 0;
/** A model comes in by hundreds of pieces. */
onProgress(({ stage, loaded }: Progress) => {
  if (stage !== 'model') return;
  modelHere = loaded;
  showHere();
});

const showHere = eachFrame(() => {
  byId<HTMLProgressElement>('loading-bar').value = Math.min(1, modelHere / __MODEL_BYTES__);
  // The first number takes a browser 20 ms: where loading is quick nobody could read it.
  if (performance.now() > 1000) byId('loading-text').textContent = t('loading.progress', { done: number(modelHere / 1e6, 1), total: number(__MODEL_BYTES__ / 1e6, 1) });
});

const showView = listenToAddress((view) => {
  seen(view);
  if (view === 'learn') showLearning();
});

/** Until the first film can go through. */
async function arrive(): Promise<void> {
  const words = setLanguage(settings.get('language')).then(showView);
  current.engine = await loading;
  open(); // films that wait for it need nothing else
  await Promise.all([examples, words]);
  showModel();
  offer(await examples, byId('examples'), byId('example'), add);
  byId('loading').hidden = true;
  status.textContent = t('loading.done');
  document.documentElement.dataset['ready'] = 'yes';
  reader.refresh();
}

async function begin(): Promise<void> {
  await current.inTurn(arrive).catch(refused);
  // Not before: a film that waits goes first, and the other views are not in sight.
  await new Promise((done) => setTimeout(done));
  const drawing = reader.prepare();
  const offline = await furnish(await examples, (files) => void take(files));
  current.changed();
  const loaded = current.engine;
  if (!loaded) return;
  // Films need not wait for it, but loading ends with the code of the last worker: from then on is counted.
  await Promise.all([drawing, loaded.started]).catch(() => {});
  requests.start();
  document.documentElement.dataset['started'] = 'yes';
  const kept = (await storage()?.restore()) ?? [];
  if (kept.length > 0) films.add(kept);
  for (const film of kept) missing.set(film.name, film);
  await warmUp(loaded).catch(() => {}); // what is wrong then shows with the first film
  document.documentElement.dataset['warm'] = 'yes';
  await offline.start();
}

begin().catch(refused);
