// Put in by vite.config.mjs.
declare const __MODEL_BYTES__: number;

declare module '*.css';

/** A line a word, in the order of the alphabet of the keys. */
declare module '*.json?words' {
  const words: string;
  export default words;
}

/** What keys begin with, and below it a line for each: the rest of the key, and its words. */
declare module '*.json?rest' {
  const stems: string;
  export default stems;
}
