// Stands for the file that Emscripten makes; build.mjs puts that one beside the compiled package.
export { default } from './glue.js';
