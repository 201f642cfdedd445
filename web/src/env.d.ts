// Put in by vite.config.mjs.
declare const __MODEL_BYTES__: number;
/** What is compiled into the modules: name with version, licence, and what the licence asks to be said. */
declare const __LICENCES__: [what: string, licence: string, notice: string][];

declare module '*.css';

declare module '*.json?words' {
  const words: string[];
  export default words;
}
