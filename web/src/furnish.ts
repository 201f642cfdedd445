import { aboutModel, loadAbout } from './about.js';
import { current, engine, margin, say } from './current.js';
import { films, unsaved } from './desk.js';
import { byId, onClick } from './dom.js';
import type { Example } from './examples.js';
import { requests, switchTo } from './models.js';
import { inSight, type View } from './views.js';

type Later = typeof import('./later.js');
type Part<Name extends 'ModelView' | 'OperatingPoint' | 'Storage' | 'TrustView'> = InstanceType<Later[Name]> | null;
let [modelView, operating, kept, trust]: [Part<'ModelView'>, Part<'OperatingPoint'>, Part<'Storage'>, Part<'TrustView'>] = [null, null, null, null];

export const storage = () => kept;

/** A view comes into sight. */
export function seen(view: View): void {
  if (view === 'trust') trust?.show();
  if (view === 'model') modelView?.seen();
}

/** Makes what is not in sight at first. */
export async function furnish(examples: Example[], take: (files: File[]) => void): Promise<InstanceType<Later['Offline']>> {
  const [later] = await Promise.all([import('./later.js'), loadAbout()]);
  // Made here, since a browser draws it at once, and waits with everything else.
  byId<HTMLLinkElement>('icon').href = `data:image/svg+xml,${encodeURIComponent(byId('sign').outerHTML)}`;
  modelView = new later.ModelView(byId('model-body'), {
    onSwitch: (place) => current.models[place] && switchTo(current.models[place]),
    onFile: (file) => take([file]),
  });
  operating = new later.OperatingPoint(byId('operating'), 'films');
  const storage = (kept = new later.Storage(films, () => current.model.sha256 ?? '', margin, say));
  const offline = new later.Offline(() => {
    byId('offline').textContent = offline.words;
    byId('update').hidden = !offline.waits;
    document.documentElement.dataset['offline'] = offline.phase;
    seen(inSight());
  });
  onClick('update-now', async () => {
    await offline.ask('approve');
    location.reload();
  });
  onClick('update-later', () => (byId('update').hidden = true));
  document.addEventListener('language', () => (byId('offline').textContent = offline.words));
  trust = new later.TrustView(
    byId('trust-body'),
    () => current.engine && { engine: current.engine, golden: aboutModel(current.engine.info) ? examples : [], requests: requests.count },
    () => [...offline.panels(), storage.panel(() => trust?.show())],
  );
  later.offerFiles(films, { engine, say, onSaved: () => unsaved.delete('marks') });
  current.addEventListener('change', show);
  return offline;
}

/** What the views say of the model. */
function show(): void {
  const info = current.engine?.info;
  if (info) {
    modelView?.show(info, current.models, current.models.indexOf(current.model));
    if (operating) operating.info = info;
  }
  if (inSight() === 'trust') trust?.show();
}
