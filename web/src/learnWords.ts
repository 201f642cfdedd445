import en from './strings/learn-en.json';
import { addWords, keyed, type Language } from './strings.js';

const others: Record<Exclude<Language, 'en'>, () => Promise<{ default: string }>> = {
  es: () => import('./strings/learn-es.json?words'),
  fr: () => import('./strings/learn-fr.json?words'),
  sw: () => import('./strings/learn-sw.json?words'),
};

export const addLearnWords = () => addWords(async (wanted) => (wanted === 'en' ? en : keyed(en, (await others[wanted]()).default)));
