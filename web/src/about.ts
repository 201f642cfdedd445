import type { ModelInfo } from 'pleura';

/** What was written down when the shipped model was trained (vite.config.mjs gathers it from models/). */
export interface About {
  sha256: string;
  /** The films that the figures stand on: the place of each one's label, and the finding's probability. */
  films: { labels: number[]; probabilities: number[][] };
  prevalence: number;
  intervals: Record<string, [number, number]>;
  figures: Record<string, number>;
  history: { best: number; epochs: Epoch[] };
}

/** What is compiled in: name with version, licence, and what the licence asks to be said. */
type Licence = [what: string, licence: string, notice: string];

export interface Epoch {
  epoch: number;
  train: Record<string, number>;
  validation: Record<string, number>;
}

let about: (Partial<About> & { licences: Licence[]; docs: boolean }) | null = null;

export async function loadAbout(): Promise<void> {
  try {
    const response = await fetch('model.about.json');
    if (response.ok) about = await response.json();
  } catch {
    about = null; // the page works without, and says that figures are missing
  }
}

export const licences = () => about?.licences ?? [];

/** Whether the reference for programs lies beside the page. */
export const hasDocs = () => about?.docs ?? false;

/** Only for the very file that it was written for, and for its own answers: a profile's are others. */
export const aboutModel = (info: ModelInfo): About | null => (about?.sha256 === info.sha256 && info.profile === null ? (about as About) : null);

/** As it calls itself; empty where it does not. */
export const modelName = ({ name, version }: ModelInfo): string => [name, version].filter(Boolean).join(' ');
