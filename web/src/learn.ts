import { current, engine } from './current.js';
import { films, labels, unsaved } from './desk.js';
import { byId } from './dom.js';
import type { LearnView } from './learnView.js';
import { applyProfile } from './models.js';
import { inSight } from './views.js';

let view: Promise<LearnView> | null = null;

/** Few learn: the view and what it shows with come when they are asked for. */
export function learning(): Promise<LearnView> {
  return (view ??= import('./learnView.js').then(({ openLearnView }) => openLearnView(byId('learn-body'), films, labels, engine, {
    onProfile: applyProfile,
    async model() {
      const { source } = current.model;
      return typeof source === 'string' ? (await fetch(source)).arrayBuffer() : source.arrayBuffer();
    },
    onAsking: () => films.changed(),
    onSaved: () => unsaved.delete('labels'),
  })));
}

export const showLearning = () => void learning().then((shown) => shown.show());

let model = current.model;
current.addEventListener('change', () => {
  if (model !== current.model) void view?.then((shown) => shown.reset());
  model = current.model;
  if (inSight() === 'learn') showLearning();
});
