import { isLanguage, preferredLanguage, type Language } from './strings.js';

export type Theme = 'dark' | 'light';

export interface Settings {
  language: Language;
  theme: Theme;
  /** The threshold that the user set; null: the model's own. */
  threshold: number | null;
  /** Of the finding among the user's patients: what the predictive values stand on. */
  prevalence: number;
  heatmap: boolean;
  opacity: number;
}

const KEY = 'pleura.settings';
const events = new EventTarget();

// Dark unless the user says otherwise, as reading rooms are.
const settings: Settings = {
  language: preferredLanguage(),
  theme: 'dark',
  threshold: null,
  prevalence: 0.5,
  heatmap: true,
  opacity: 0.45,
  ...stored(),
};

/** Only how the page looks is kept, and only once the user chose it. */
function stored(): Partial<Settings> {
  try {
    const { language, theme } = JSON.parse(localStorage.getItem(KEY) ?? '{}') as Record<string, unknown>;
    return {
      ...(typeof language === 'string' && isLanguage(language) && { language }),
      ...((theme === 'dark' || theme === 'light') && { theme }),
    };
  } catch {
    return {}; // no storage here, or not ours: the page works without
  }
}

export function get<K extends keyof Settings>(name: K): Settings[K] {
  return settings[name];
}

export function set<K extends keyof Settings>(name: K, value: Settings[K]): void {
  if (settings[name] === value) return;
  settings[name] = value;
  if (name === 'language' || name === 'theme') {
    try {
      localStorage.setItem(KEY, JSON.stringify({ ...stored(), [name]: value }));
    } catch {
      // as above
    }
  }
  events.dispatchEvent(new Event(name));
}

export function onChange(name: keyof Settings, body: () => void): void {
  events.addEventListener(name, body);
}
