// Stands for the file that Emscripten makes; build.mjs puts that one beside the compiled package.
import type { Instantiate } from './glue.js';
import type { LearnGlue } from './pleura-learner.js';

declare const create: (options: { instantiateWasm: Instantiate }) => Promise<LearnGlue>;
export default create;
