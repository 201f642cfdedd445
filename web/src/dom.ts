/** The element with this id, which index.html has. */
export function byId<T extends HTMLElement>(id: string): T {
  const element = document.getElementById(id);
  if (!element) throw new Error(`index.html has no #${id}`);
  return element as T;
}

export const onClick = (id: string, body: () => unknown) => byId(id).addEventListener('click', body);

export type Child = Node | string | null | undefined | false;

type Properties<K extends keyof HTMLElementTagNameMap> = Partial<
  Pick<HTMLElementTagNameMap[K], keyof HTMLElementTagNameMap[K] & ('className' | 'textContent' | 'hidden' | 'title' | 'id')>
> & { attributes?: Record<string, string>; onclick?: () => void };

/** Makes an element. Text only ever becomes text: a file's name is never read as markup. */
export function make<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  { attributes = {}, ...properties }: Properties<K> = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const element = Object.assign(document.createElement(tag), properties);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children.filter((child): child is Node | string => child !== null && child !== undefined && child !== false));
  return element;
}

/** A button that says what it does. */
export function button(text: string, onclick: () => void, className = '', attributes: Record<string, string> = {}): HTMLButtonElement {
  return make('button', { className, textContent: text, onclick, attributes: { type: 'button', ...attributes } });
}

/** An element of SVG, for plots: the attributes are its geometry. */
export function draw(tag: string, attributes: Record<string, string | number>, ...children: Node[]): SVGElement {
  const element = document.createElementNS('http://www.w3.org/2000/svg', tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
  element.append(...children);
  return element;
}

/** Calls at most once a frame, with what was said last. */
export function eachFrame(body: () => void): () => void {
  let waiting = false;
  return () => {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => {
      waiting = false;
      body();
    });
  };
}
