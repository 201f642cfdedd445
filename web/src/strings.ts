// Every word of the page stands in strings/*.json, one file a language, all with the same keys; those of learning
// stand in strings/learn-*.json, and come with its view.
import type english from './strings/en.json';
import rest from './strings/en.json?rest';
import type learning from './strings/learn-en.json';

type OwnKey = keyof typeof english;
type LaterKey = keyof typeof learning;
export type Key = OwnKey | LaterKey;
type Table = Record<OwnKey, string> & Partial<Record<LaterKey, string>>;

export const LANGUAGES = { en: 'English', es: 'Español', fr: 'Français', sw: 'Kiswahili' } as const;
export type Language = keyof typeof LANGUAGES;

/** Their words, in the order of the alphabet of the keys (vite.config.mjs). */
const others: Record<Exclude<Language, 'en'>, () => Promise<{ default: string }>> = {
  es: () => import('./strings/es.json?words'),
  fr: () => import('./strings/fr.json?words'),
  sw: () => import('./strings/sw.json?words'),
};

async function words(wanted: Language): Promise<Table> {
  if (wanted === 'en') return en;
  return keyed(en, (await others[wanted]()).default);
}

/** Another language's words by English's keys. */
export function keyed<T extends object>(english: T, words: string): T {
  const list = words.split('\n');
  return Object.fromEntries(Object.keys(english).sort().map((key, place) => [key, list[place]])) as T;
}

/** Where index.html has words: data-t is an element's text, data-t-NAME its attribute. */
function* places(): Generator<[element: Element, attribute: string, key: Key]> {
  for (const attribute of ['', 'aria-label', 'placeholder', 'title']) {
    const name = attribute ? `data-t-${attribute}` : 'data-t';
    for (const element of document.querySelectorAll(`[${name}]`)) yield [element, attribute, element.getAttribute(name) as Key];
  }
}

/** What stands in index.html is not sent a second time (vite.config.mjs): it is read there. */
const en = {} as Table;
for (const part of rest.split('\n\n')) {
  const [stem, ...lines] = part.split('\n');
  for (const line of lines) {
    const at = line.indexOf(' ');
    en[`${stem}.${line.slice(0, at)}` as Key] = line.slice(at + 1);
  }
}
for (const [element, attribute, key] of places()) en[key] = (attribute ? element.getAttribute(attribute) : element.textContent) ?? '';

type Later = Record<LaterKey, string>;
let later: (wanted: Language) => Promise<Later | null> = async () => null;

/** Adds words to every language: to this one before it returns. */
export async function addWords(of: (wanted: Language) => Promise<Later>): Promise<void> {
  later = of;
  const wanted = language;
  const found = await of(wanted);
  if (wanted === language) table = { ...table, ...found }; // else setLanguage() has added them
}

/** Written from right to left, should one of these be added. */
const RIGHT_TO_LEFT = new Set(['ar', 'fa', 'he', 'ur']);

let table: Table = en;
let language: Language = 'en';

export const isLanguage = (name: string): name is Language => Object.hasOwn(LANGUAGES, name);

export function currentLanguage(): Language {
  return language;
}

/** The browser's first language that we have. */
export function preferredLanguage(): Language {
  return navigator.languages.map((tag) => tag.split('-')[0] ?? '').find(isLanguage) ?? 'en';
}

/** "{name}" in a string is replaced by the value of that name. */
export function t(key: Key, values: Record<string, string | number> = {}): string {
  return table[key]!.replace(/\{(\w+)\}/g, (whole, name: string) => {
    const value = values[name];
    return value === undefined ? whole : typeof value === 'number' ? number(value) : value;
  });
}

/** As `t`, with the form for so many: "films.one" or "films.other", by the language's rules. */
export function plural(stem: 'films', count: number): string {
  const form = new Intl.PluralRules(language).select(count) === 'one' ? 'one' : 'other';
  return t(`${stem}.${form}`, { count });
}

const formats = new Map<string, Intl.NumberFormat>();

/** Making a format takes longer than a row of the list: each is made once. */
function format(style: 'decimal' | 'percent', digits: number | undefined): Intl.NumberFormat {
  const key = `${language} ${style} ${digits}`;
  const known = formats.get(key);
  if (known) return known;
  const made = new Intl.NumberFormat(language, { style, ...(digits !== undefined && { minimumFractionDigits: digits, maximumFractionDigits: digits }) });
  formats.set(key, made);
  return made;
}

export function number(value: number, digits?: number): string {
  return format('decimal', digits).format(value);
}

/** Never "0.0 %" or "100.0 %": no probability here is certain. */
export function percent(share: number, digits = 1): string {
  const { format: write } = format('percent', digits);
  const least = 10 ** -(digits + 2);
  if (share > 0 && share < least) return `< ${write(least)}`;
  if (share < 1 && share > 1 - least) return `> ${write(1 - least)}`;
  return write(share);
}

export function milliseconds(ms: number): string {
  return `${number(ms, ms < 10 ? 1 : 0)} ms`;
}

/** "bacterial_pneumonia" is a name for programs; known ones have words in every language. */
export function label(name: string): string {
  const key = `label.${name}`;
  return Object.hasOwn(table, key) ? t(key as Key) : name.replaceAll('_', ' ');
}

export function capitalised(text: string): string {
  return text.charAt(0).toLocaleUpperCase(language) + text.slice(1);
}

function translate(): void {
  document.documentElement.lang = language;
  document.documentElement.dir = RIGHT_TO_LEFT.has(language) ? 'rtl' : 'ltr';
  for (const [element, attribute, key] of places()) {
    const word = t(key);
    // What stands there already is not painted anew.
    if (attribute) element.setAttribute(attribute, word);
    else if (element.textContent !== word) element.textContent = word;
  }
}

/** What shows words that were made by code listens for "language" on the document. */
export async function setLanguage(wanted: Language): Promise<void> {
  if (wanted === language) return;
  const [own, more] = await Promise.all([words(wanted), later(wanted)]);
  table = { ...own, ...more };
  language = wanted;
  translate();
  document.dispatchEvent(new Event('language'));
}
