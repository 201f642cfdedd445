import { MODEL } from './beginning.js';
import { byId } from './dom.js';
import type { Engine } from './engine.js';
import type { ModelChoice } from './modelView.js';

export interface Model extends ModelChoice {
  /** Where it is, or the file that was brought. */
  source: string | File;
}

/** The model in use, and those to choose from; "change" when either is another. */
class Current extends EventTarget {
  /** None before the first is loaded, and while another takes its place. */
  engine: Engine | null = null;
  model: Model = { name: '', sha256: null, source: MODEL };
  readonly models = [this.model];
  /** The text of the profile that is applied. */
  profile: string | null = null;

  #turn: Promise<unknown> = Promise.resolve();

  changed(): void {
    this.dispatchEvent(new Event('change'));
  }

  /** The first load and every change, one after the other. */
  inTurn(body: () => Promise<void>): Promise<void> {
    const next = this.#turn.then(body);
    this.#turn = next.catch(() => {});
    return next;
  }

  /** What is under way is through: there is a classifier, or there will be none. */
  async settled(): Promise<Engine> {
    await this.#turn;
    if (!this.engine) throw new Error('not loaded');
    return this.engine;
  }
}

export const current = new Current();
export const engine = () => current.engine;
export const margin = () => current.engine?.info.margin ?? 0;

/** For everybody; the live region is for who does not see what changed. */
export const say = (message: string) => (byId('message').textContent = message);
export const status = byId('status');
