import { byId } from './dom.js';

const VIEWS = ['films', 'model', 'learn', 'trust'] as const;
export type View = (typeof VIEWS)[number];

/** The view that an address names; anything else is the films. */
const named = (hash: string): View => VIEWS.find((name) => hash === `#${name}`) ?? 'films';

export const inSight = (): View => named(location.hash);

/** One view is in sight at a time, by the address: links, the browser's own way back, and bookmarks work. */
export function listenToAddress(onShow: (view: View) => void): () => void {
  const show = (focus: boolean, hash = location.hash) => {
    const wanted = named(hash);
    for (const name of VIEWS) {
      byId(`view-${name}`).hidden = name !== wanted;
      const link = document.querySelector(`[data-view="${name}"]`);
      if (name === wanted) link?.setAttribute('aria-current', 'page');
      else link?.removeAttribute('aria-current');
    }
    onShow(wanted);
    if (focus) byId('main').focus({ preventScroll: true });
    scrollTo(0, 0);
  };
  for (const link of document.querySelectorAll<HTMLAnchorElement>('[data-view]')) {
    // At once: the event that tells of the address comes later.
    link.addEventListener('click', ({ ctrlKey, metaKey, shiftKey }) => {
      if (!ctrlKey && !metaKey && !shiftKey) show(true, link.hash);
    });
  }
  addEventListener('hashchange', () => {
    if (location.hash !== '#main') show(true); // that is the skip link's
  });
  return () => show(false);
}
