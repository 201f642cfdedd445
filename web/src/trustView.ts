import { button, make } from './dom.js';
import type { Engine } from './engine.js';
import { facts, panel, scrolled, table } from './parts.js';
import { hasDocs, licences } from './about.js';
import { passed, selfTest, type Golden } from './selftest.js';
import { milliseconds, number, t } from './strings.js';

export interface TrustFacts {
  engine: Engine;
  golden: Golden[];
  requests: number;
}

/** What a hospital's IT asks: does it compute right here, what is running, what was fetched, what is stored. */
export class TrustView {
  readonly #into: HTMLElement;
  readonly #facts: () => TrustFacts | null;
  readonly #more: () => HTMLElement[];
  /** Kept while it runs: the panels around it change by themselves. */
  #test: { engine: Engine; element: HTMLElement } | null = null;

  /** `more`: the panels of what may be missing here, such as the offline copy. */
  constructor(into: HTMLElement, facts: () => TrustFacts | null, more: () => HTMLElement[]) {
    this.#into = into;
    this.#facts = facts;
    this.#more = more;
    document.addEventListener('language', () => {
      this.#test = null;
      this.show();
    });
  }

  show(): void {
    const facts = this.#facts();
    if (!facts) return;
    if (this.#test?.engine !== facts.engine) this.#test = { engine: facts.engine, element: this.#selfTest(facts) };
    this.#into.replaceChildren(this.#test.element, environment(facts), network(facts), ...this.#more(), licencesPanel());
  }

  #selfTest({ engine, golden }: TrustFacts): HTMLElement {
    const result = make('div', { id: 'selftest-result', attributes: { role: 'status' } });
    const start = button(
      t('selftest.run'),
      async () => {
        start.disabled = true;
        result.replaceChildren(make('p', { textContent: t('selftest.running') }));
        const checks = await selfTest(engine, golden).catch(() => []);
        const good = passed(checks);
        const worst = Math.max(...checks.map(({ difference }) => difference));
        const median = checks.map(({ ms }) => ms).sort((a, b) => a - b)[Math.floor(checks.length / 2)] ?? NaN;
        const values = { count: checks.length, worst: worst.toExponential(1), ms: milliseconds(median) };
        result.dataset['passed'] = good ? 'yes' : 'no';
        result.replaceChildren(
          make('p', { className: good ? 'good' : 'bad' }, make('strong', { textContent: `${good ? '✓' : '✕'} ${t(good ? 'selftest.good' : 'selftest.bad', values)}` })),
          table(
            [t('selftest.film'), t('selftest.difference'), t('selftest.time')],
            checks.map(({ name, difference, ms }) => [name, difference.toExponential(1), milliseconds(ms)]),
          ),
        );
        start.disabled = false;
      },
      'primary',
      { id: 'selftest' },
    );
    start.disabled = golden.length === 0;
    return panel('selftest.title', make('p', { textContent: t('selftest.about', { count: golden.length }) }), start, result);
  }
}

function environment({ engine }: TrustFacts): HTMLElement {
  const { memory } = performance as { memory?: { usedJSHeapSize: number } };
  return panel(
    'environment.title',
    facts([
      ['footer.tier', t(`tier.${engine.tier}`)],
      ['environment.lanes', t('environment.lanes_value', { lanes: engine.workers, cores: navigator.hardwareConcurrency })],
      ['environment.isolated', t(crossOriginIsolated ? 'environment.isolated_yes' : 'environment.isolated_no')],
      ['environment.memory', memory && `${number(memory.usedJSHeapSize / 1e6, 0)} MB`],
      ['environment.version', engine.version],
      ['fact.sha256', engine.info.sha256],
      ['environment.browser', navigator.userAgent],
    ]),
  );
}

function network({ requests }: TrustFacts): HTMLElement {
  return panel('footer.requests', make('p', { className: 'big' }, make('strong', { className: 'number', id: 'trust-requests', textContent: number(requests) })), make('p', { textContent: t('network.about') }));
}

/** Pages of their own: the list of films stays where it is. */
const link = (href: string, textContent: string) => make('a', { textContent, attributes: { href, target: '_blank', rel: 'noopener' } });

function licencesPanel(): HTMLElement {
  const list = scrolled(t('licences.title'), table([], licences().map(([what, licence, notice]) => [what, `${licence}. ${notice}`])));
  list.lang = 'en';
  list.classList.add('files');
  const links = [link('licences.txt', t('licences.texts')), link('sbom.cdx.json', t('licences.sbom')), hasDocs() && link('docs/index.html', 'API: JavaScript, C')];
  return panel('licences.title', make('p', { textContent: t('licences.about') }), list, make('p', { className: 'actions' }, ...links));
}
