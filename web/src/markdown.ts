import { make } from './dom.js';
import { scrolled, table } from './parts.js';

/**
 * The Markdown of a model card as elements: headings, paragraphs, lists, tables, code, bold, links as
 * text. Ours and small because a card comes out of a file that anyone may bring: what is in it can
 * only ever become these elements, never markup of its own.
 */
export function markdown(text: string): HTMLElement {
  const card = make('div', { className: 'card' });
  const lines = text.split(/\r?\n/);
  for (let at = 0; at < lines.length; ) {
    const line = lines[at] ?? '';
    const heading = /^(#{1,4})\s+(.*)/.exec(line);
    const take = (wanted: (line: string) => boolean) => {
      const from = at;
      do at++;
      while (at < lines.length && wanted(lines[at] ?? ''));
      return lines.slice(from, at);
    };
    if (line.trim() === '') at++;
    else if (line.startsWith('```')) {
      const code = take((next) => !next.startsWith('```'));
      at++;
      card.append(make('pre', { attributes: { tabindex: '0' } }, make('code', { textContent: code.slice(1).join('\n') })));
    } else if (heading) {
      at++;
      card.append(make(`h${Math.min(6, (heading[1] ?? '').length + 2)}` as 'h3', {}, ...inline(heading[2] ?? '')));
    } else if (line.startsWith('|')) card.append(fromLines(take((next) => next.startsWith('|'))));
    else if (/^\s*[-*] /.test(line)) {
      const items: string[] = [];
      for (const part of take((next) => /^\s*[-*] /.test(next) || /^\s+\S/.test(next))) {
        if (/^\s*[-*] /.test(part)) items.push(part.replace(/^\s*[-*] /, ''));
        else items[items.length - 1] += ` ${part.trim()}`;
      }
      card.append(make('ul', {}, ...items.map((item) => make('li', {}, ...inline(item)))));
    } else card.append(make('p', {}, ...inline(take((next) => next.trim() !== '' && !/^(#|\||```|\s*[-*] )/.test(next)).join(' '))));
  }
  return card;
}

function fromLines(lines: string[]): HTMLElement {
  const cells = (line: string) => line.replace(/^\||\|\s*$/g, '').split('|').map((cell) => inline(cell.trim()));
  const [head = '', , ...rows] = lines;
  return scrolled(head.split('|').map((name) => name.trim()).filter(Boolean).join(', '), table(cells(head), rows.map(cells)));
}

function inline(text: string): (Node | string)[] {
  return text.split(/(\*\*[^*]+\*\*|`[^`]+`|\[[^\]]+\]\([^)]+\))/).map((part) => {
    if (part.startsWith('**')) return make('strong', { textContent: part.slice(2, -2) });
    if (part.startsWith('`')) return make('code', { textContent: part.slice(1, -1) });
    const link = /^\[([^\]]+)\]/.exec(part);
    return link ? (link[1] ?? '') : part;
  });
}
