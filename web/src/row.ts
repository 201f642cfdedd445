import { PleuraError, type Answer, type Report } from 'pleura';
import { make } from './dom.js';
import { thumbnail } from './thumbnail.js';
import { capitalised, label, milliseconds, outcome, percent } from './words.js';

/** One film: what stands in the list, and what became of it. */
export class Row {
  readonly file: File;
  readonly element: HTMLLIElement;
  report: Report | null = null;
  readonly #canvas = make('canvas', { attributes: { width: '96', height: '96', 'aria-hidden': 'true' } });
  readonly #head = make('div', { className: 'head' });
  readonly #body = make('div', { className: 'body' });

  constructor(file: File) {
    this.file = file;
    this.element = make('li', { className: 'row' }, this.#canvas, this.#head, this.#body);
    this.#show('waiting', '…', 'Waiting');
  }

  working(): void {
    this.#show('working', '…', 'Working on it');
  }

  cancelled(): void {
    this.#show('cancelled', '–', 'Not classified: cancelled');
  }

  done(report: Report): void {
    this.report = report;
    const { result } = report;
    if (result.error) {
      this.#showError(result.error.message, result.error.code);
      return;
    }
    const { icon, title } = outcome(result);
    this.#show(result.outcome, icon, title, ...details(result));
    void thumbnail(this.file, this.#canvas);
  }

  /** A fault of ours and not of the file: there is no report. */
  failed(error: unknown): void {
    if (error instanceof PleuraError) this.#showError(error.message, error.code);
    else this.#showError(String(error), 'internal');
  }

  /** For the live region: the answer in one sentence. */
  get sentence(): string {
    const result = this.report?.result;
    if (!result) return '';
    if (result.error) return `${this.file.name}: not classified. ${result.error.message}`;
    const { title } = outcome(result);
    const value = result.finding === null ? undefined : result.probabilities?.[result.finding];
    return `${this.file.name}: ${title}${value === undefined ? '' : `, ${percent(value)}`}.`;
  }

  #showError(message: string, code: string): void {
    this.#show(
      'error',
      '✕',
      'Not classified',
      make('p', { className: 'reason' }, message, ' ', make('code', { textContent: code, title: 'error code' })),
    );
  }

  #show(state: string, icon: string, title: string, ...more: Node[]): void {
    this.element.dataset['state'] = state;
    this.#head.replaceChildren(
      make('h3', { className: 'name', textContent: this.file.name }),
      make(
        'p',
        { className: 'outcome' },
        make('span', { className: 'icon', textContent: icon, attributes: { 'aria-hidden': 'true' } }),
        make('span', { textContent: title }),
      ),
    );
    this.#body.replaceChildren(...more);
  }
}

function details(answer: Answer): Node[] {
  const parts: Node[] = [];
  for (const { message, code } of answer.reasons) {
    parts.push(make('p', { className: 'reason' }, message, ' ', make('code', { textContent: code })));
  }
  const { probabilities, finding, threshold } = answer;
  if (probabilities) {
    const names = Object.keys(probabilities);
    const first = finding !== null && finding in probabilities ? finding : null;
    if (first !== null) parts.push(bar(first, probabilities[first] ?? 0, threshold));
    parts.push(
      make(
        'ul',
        { className: 'others', attributes: { 'aria-label': 'Probabilities of each label' } },
        ...names.filter((name) => name !== first).map((name) => make('li', {}, bar(name, probabilities[name] ?? 0, null))),
      ),
    );
  }
  const { decode, preprocess, network } = answer.ms_steps;
  const steps = `decoding ${milliseconds(decode)}, preparing ${milliseconds(preprocess)}, network ${milliseconds(network)}`;
  parts.push(make('p', { className: 'small time', textContent: `${milliseconds(answer.ms)}: ${steps}` }));
  return parts;
}

function bar(name: string, probability: number, threshold: number | null): HTMLElement {
  const track = make('div', { className: 'track', attributes: { 'aria-hidden': 'true' } }, make('div', { className: 'fill' }));
  // Through the object model: the policy forbids style attributes, not this.
  track.style.setProperty('--at', String(probability));
  const text = make('p', { className: 'value' }, make('span', { textContent: capitalised(label(name)) }));
  text.append(make('span', { className: 'number', textContent: percent(probability) }));
  const whole = make('div', { className: threshold === null ? 'bar' : 'bar main' }, text, track);
  if (threshold !== null) {
    const mark = make('div', { className: 'mark' });
    mark.style.setProperty('--at', String(threshold));
    track.append(mark);
    whole.append(make('p', { className: 'small', textContent: `Threshold ${percent(threshold)}, the upright line` }));
  }
  return whole;
}
