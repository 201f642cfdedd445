import { button, make } from './dom.js';
import { t } from './strings.js';
import { panel, scrolled, table } from './parts.js';

export interface OfflineState {
  /** Of the service worker, and of the version that answers. */
  id: string;
  version: string;
  isolated: boolean;
  files: Record<string, string>;
}

/** The copy of the page that works without a network, and the user's say in it. */
export class Offline {
  state: OfflineState | null = null;
  #phase: 'preparing' | 'ready' | 'none' = 'preparing';
  #install: (Event & { prompt(): Promise<void> }) | null = null;
  readonly #onChange: () => void;

  constructor(onChange: () => void) {
    this.#onChange = onChange;
    addEventListener('beforeinstallprompt', (event) => {
      event.preventDefault();
      this.#install = event as Event & { prompt(): Promise<void> };
      this.#onChange();
    });
  }

  get words(): string {
    if (this.#phase !== 'ready') return t(`offline.${this.#phase}`);
    return t('offline.ready', { count: Object.keys(this.state?.files ?? {}).length });
  }

  /** A version waits for the user. */
  get waits(): boolean {
    return this.state !== null && this.state.id !== this.state.version;
  }

  get phase(): string {
    return this.#phase;
  }

  /** Registers the worker; its files come from what the browser has loaded already, where it can. */
  async start(): Promise<void> {
    try {
      if (!('serviceWorker' in navigator)) throw new Error('no service worker');
      const registration = await navigator.serviceWorker.register('./sw.js');
      // One that another takes the place of may go without an answer: the next is asked.
      navigator.serviceWorker.addEventListener('controllerchange', () => void this.ask('state').catch(() => {}));
      let refuse = () => {}; // a file did not come, or was not the one that was built
      const refused = new Promise<never>((_, reject) => (refuse = reject));
      const follow = () => registration.installing?.addEventListener('statechange', ({ target }) => {
        const { state } = target as ServiceWorker;
        if (state === 'activated') void this.ask('state').catch(() => {});
        if (state === 'redundant' && !registration.active) refuse();
      });
      follow();
      registration.addEventListener('updatefound', follow);
      // Browsers look for a new version by themselves, but when they like.
      if (registration.active) void registration.update().catch(() => {});
      await Promise.race([navigator.serviceWorker.ready, refused]);
      await this.ask('state');
    } catch {
      this.#phase = 'none'; // a private window, http:, file:, no room, or a wrong file: the page works without
    }
    this.#onChange();
  }

  async ask(what: 'state' | 'approve' | 'isolate' | 'share'): Promise<void> {
    const worker = (await navigator.serviceWorker.ready).active;
    const { port1, port2 } = new MessageChannel();
    const answered = new Promise<OfflineState>((done) => (port1.onmessage = ({ data }) => done(data as OfflineState)));
    worker?.postMessage({ ask: what }, [port2]);
    this.state = await answered;
    this.#phase = 'ready';
    this.#onChange();
  }

  panels(): HTMLElement[] {
    const state = this.state;
    const offer = this.#install;
    const list = [panel('offline.title', make('p', {}, make('strong', { textContent: this.words })), make('p', { textContent: t('offline.about') }), offer && button(t('offline.install'), () => void offer.prompt()), ...this.#isolation())];
    if (state) {
      const rows = Object.entries(state.files).sort(([a], [b]) => (a < b ? -1 : 1));
      const files = scrolled(t('files.title'), table([], rows.map(([name, hash]) => [name, make('code', { textContent: hash })])));
      files.classList.add('files');
      list.push(panel('files.title', make('p', { textContent: t('files.about') }), files));
    }
    return list;
  }

  /** Only where the host's headers do not isolate the page already. */
  #isolation(): HTMLElement[] {
    if (!this.state || (crossOriginIsolated && !this.state.isolated)) return [];
    const box = make('input', { id: 'isolate', attributes: { type: 'checkbox' } });
    box.checked = this.state.isolated;
    box.addEventListener('change', async () => {
      await this.ask(box.checked ? 'isolate' : 'share');
      location.reload();
    });
    return [make('label', { className: 'check' }, box, ' ', t('offline.isolation'))];
  }
}
