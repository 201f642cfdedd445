// Stands for the file that Emscripten makes; build.mjs puts that one beside the compiled package.
import type { CodecsGlue } from './codecs.js';
import type { Instantiate } from './glue.js';

declare const create: (options: { instantiateWasm: Instantiate }) => Promise<CodecsGlue>;
export default create;
