// Films go through the classifier: how far they are, and what is said at the end.
import { say, status } from './current.js';
import { films, summary } from './desk.js';
import { byId, eachFrame } from './dom.js';
import { sentence } from './outcome.js';
import { Queue, type QueueState } from './queue.js';
import { t } from './strings.js';

/** The user has chosen no film yet: once all answers are there, the first in order is shown. */
let following = false;
films.addEventListener('select', () => (following = false));
export const follow = (wanted: boolean) => (following = wanted);

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
const show = eachFrame(() => {
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

function duration(ms: number): string {
  const seconds = Math.max(1, Math.round(ms / 1000));
  return seconds < 90 ? t('time.seconds', { count: seconds }) : t('time.minutes', { count: Math.round(seconds / 60) });
}

export const queue = new Queue({
  onFilm(film) {
    if (film === films.selected) films.changed();
    arrange();
  },
  onProgress(state) {
    progress = state;
    show();
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
