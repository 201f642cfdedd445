import { PleuraError } from 'pleura';
import { byId, onClick } from './dom.js';
import type { Engine } from './engine.js';
import { csv, jsonLines, save, saveDicom } from './exports.js';
import type { Film, Films } from './films.js';
import { MOST_PAGES, sheet } from './report.js';
import { t } from './strings.js';

export interface TakingAway {
  engine(): Engine | null;
  /** What went wrong, or what else must be known. */
  say(message: string): void;
  /** What a reader wrote is in a file now. */
  onSaved(): void;
}

/** The buttons that make files and pages of the list. */
export function offerFiles(films: Films, { engine, say, onSaved }: TakingAway): void {
  const on = (id: string, body: (engine: Engine) => unknown) =>
    onClick(id, () => {
      const loaded = engine();
      if (!loaded) return;
      say('');
      void body(loaded);
    });

  on('save-json', ({ info }) => {
    save('pleura.jsonl', 'application/x-ndjson', jsonLines(films.all, info));
    onSaved();
  });
  on('save-csv', ({ csvHeader, info }) => {
    save('pleura.csv', 'text/csv', csv(csvHeader, films.all, info));
    onSaved();
  });

  const dicom = async (loaded: Engine, kind: 'sr' | 'heatmap') => {
    const film = films.selected;
    if (!film) return;
    try {
      if (!film.file) throw new PleuraError('file', t('film.missing'));
      if (!(await saveDicom(loaded, film.file, kind, byId<HTMLInputElement>('identity').checked))) say(t('export.no_heatmap'));
    } catch (error) {
      say(`${film.name}: ${error instanceof Error ? error.message : String(error)}`);
    }
  };
  for (const kind of ['sr', 'heatmap'] as const) on(`save-${kind}`, (loaded) => dicom(loaded, kind));

  const report = byId('report');
  let printing = false;
  const print = async (at: Engine, chosen: Film[]) => {
    const done = chosen.filter(({ progress }) => progress === 'done');
    if (printing || done.length === 0) return;
    printing = true;
    const pages: HTMLElement[] = [];
    for (const film of done.slice(0, MOST_PAGES)) {
      const pixels = film.file && (await at.decode(film.file).catch(() => null));
      const again = film.file && film.answer?.probabilities && at.info.heatmap ? await at.report(film.file, { heatmap: true }).catch(() => null) : null;
      const heat = (again && !again.result.error && again.result.heatmap) || null;
      pages.push(sheet({ film, pixels, heat }, at.info, `Pleura ${at.version}, ${t(`tier.${at.tier}`)}`));
    }
    if (done.length > MOST_PAGES) say(t('report.most', { count: MOST_PAGES }));
    report.replaceChildren(...pages);
    report.hidden = false;
    printing = false;
    window.print();
  };
  on('print-one', (loaded) => print(loaded, films.selected ? [films.selected] : []));
  on('print-all', (loaded) => print(loaded, films.shown));
  addEventListener('afterprint', () => {
    report.hidden = true;
    report.replaceChildren();
  });
}
