// Stands for the file that Emscripten makes; build.mjs puts that one beside the compiled package.
import type { CreateCodecs } from './codecs.js';

declare const create: CreateCodecs;
export default create;
