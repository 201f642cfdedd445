// Put in by vite.config.mjs.
declare const __MODEL_BYTES__: number;
declare const __EXAMPLES__: readonly { file: string; label: string }[];

declare module '*.css';
