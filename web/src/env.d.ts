// Put in by vite.config.mjs.
declare const __MODEL_BYTES__: number;

declare module '*.css';

declare module '*.json?words' {
  const words: string[];
  export default words;
}

declare module '*.json?rest' {
  const words: Record<string, string>;
  export default words;
}
