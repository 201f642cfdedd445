// What comes in: films, models, lists of labels.
import { current, margin, say, status, type Model } from './current.js';
import { films, labels, unsaved } from './desk.js';
import { byId } from './dom.js';
import { Film } from './films.js';
import { listen } from './intake.js';
import { learning } from './learn.js';
import { switchTo } from './models.js';
import { follow, queue } from './progress.js';
import { t } from './strings.js';

/** Films of a kept list whose files were not opened yet. */
export const missing = new Map<string, Film>();

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

/** A file is a model or a list of labels by its name, since neither has a signature, and else a film. */
export async function take(files: File[]): Promise<void> {
  const isModel = ({ name }: File) => /\.onnx$/i.test(name);
  const isList = ({ name }: File) => /\.csv$/i.test(name);
  const brought = files.filter(isModel).map((source): Model => ({ name: source.name, sha256: null, source }));
  current.models.push(...brought);
  const last = brought.at(-1);
  if (last) switchTo(last);
  const rest = files.filter((file) => !isModel(file) && !isList(file));
  if (rest.length > 0) add(rest);
  // What is no list either is a film, and its row says what is wrong.
  for (const list of files.filter(isList)) if (!(await (await learning()).open(list))) add([list]);
}

export function add(files: File[]): void {
  say('');
  const added = files.map(opened);
  films.add(added);
  if (!current.engine) status.textContent = t('queue.waiting', { count: files.length });
  queue.add(added); // first: what is judged goes before what is shown
  if (!films.selected || added.length === 1) {
    films.select(added[0] ?? null);
    follow(added.length > 1);
  }
}

export function clear(): void {
  if (unsaved.size > 0 && !confirm(t('list.sure'))) return;
  unsaved.clear();
  queue.cancel();
  films.remove(films.all);
  status.textContent = t('list.empty');
  say('');
  byId('choose').focus();
}

listen(
  [
    { button: byId('choose'), input: byId('files') },
    { button: byId('choose-folder'), input: byId('folder') },
    { button: byId('add'), input: byId('files') },
    { button: byId('add-folder'), input: byId('folder') },
  ],
  { onFiles: (files) => void take(files), onNothing: (what) => say(t(`nothing.${what}`)) },
);
