import { button, make } from './dom.js';
import type { Golden } from './selftest.js';
import { t, type Key } from './strings.js';

export interface Example extends Golden {
  /** The data set's own. */
  label: string;
}

interface Listed extends Omit<Example, 'file'> {
  file: string;
  /** The JPEG, in base64: one answer of the host and not seven. */
  data: string;
}

/** The bundled films, with the answers of the build; none where they cannot be had. */
export async function fetchExamples(): Promise<Example[]> {
  try {
    const list = (await (await fetch('examples.json')).json()) as Listed[];
    return list.map(({ file, data, ...rest }) => {
      const text = atob(data);
      const bytes = new Uint8Array(text.length);
      for (let at = 0; at < text.length; at++) bytes[at] = text.charCodeAt(at); // from() takes ten times as long
      return { ...rest, file: new File([bytes], file, { type: 'image/jpeg' }) };
    });
  } catch {
    return [];
  }
}

/** Offers the first film of each label, and all of them with one button. */
export function offer(examples: Example[], into: HTMLElement, all: HTMLButtonElement, onFiles: (files: File[]) => void): void {
  all.hidden = examples.length === 0;
  all.disabled = false;
  all.addEventListener('click', () => onFiles(examples.map(({ file }) => file)));
  const firsts = examples.filter(({ label }, place) => examples.findIndex((other) => other.label === label) === place);
  const row = into.querySelector('.examples');
  row?.replaceChildren(); // what kept the room
  for (const { file, label } of firsts) {
    const canvas = make('canvas', { attributes: { 'aria-hidden': 'true', width: '1', height: '1' } });
    const element = button('', () => onFiles([file]), '', {});
    const words = make('span', { attributes: { 'data-t': `example.${label}` }, textContent: t(`example.${label}` as Key) });
    element.append(canvas, words);
    row?.append(element);
    void createImageBitmap(file, { resizeHeight: 160, resizeQuality: 'medium' }).then((bitmap) => {
      [canvas.width, canvas.height] = [bitmap.width, bitmap.height];
      canvas.getContext('2d')?.drawImage(bitmap, 0, 0);
    });
  }
  into.hidden = firsts.length === 0;
}
