import { CODES, PleuraError, type CoreCode } from './errors.js';
import { folderUrl, open } from './fetch.js';
import type { CallCodec, Instantiate, Pointer } from './glue.js';
import { ERROR_BYTES, outOfMemory } from './limits.js';

/** The exports of codecs.c. */
export interface CodecsGlue {
  readonly HEAPU8: Uint8Array<ArrayBuffer>;
  _pleura_codecs_alloc(size: number): Pointer;
  _pleura_codecs_free(block: Pointer): void;
  _pleura_codecs_error_new(): Pointer;
  _pleura_codecs_error_message(error: Pointer): Pointer;
  readonly _pleura_codecs_decode: CallCodec;
}

export type CreateCodecs = (options: { instantiateWasm: Instantiate }) => Promise<CodecsGlue>;

export interface Frame {
  kind: number;
  bytes: Uint8Array;
  width: number;
  height: number;
  components: number;
  rgbWanted: boolean;
}

/** The samples, or the code and sentence that C gave. */
export type Decoded = { samples: Uint8Array } | { code: CoreCode; message: string };

/**
 * The decoders of compressed DICOM frames: a module and a memory of their own, so that a page that
 * meets no such file fetches nothing, and so that hostile data cannot reach the classifier.
 */
export class Codecs {
  readonly #glue: CodecsGlue;
  readonly #error: Pointer;
  #broken = false;

  private constructor(glue: CodecsGlue) {
    this.#glue = glue;
    this.#error = glue._pleura_codecs_error_new();
    if (this.#error === 0) throw outOfMemory(ERROR_BYTES, 'the error itself');
  }

  static async load(base?: URL | string): Promise<Codecs> {
    const url = base === undefined ? new URL('./pleura-codecs.wasm', import.meta.url) : new URL('pleura-codecs.wasm', folderUrl(base));
    const [bytes, { default: create }] = await Promise.all([
      open(url).then((response) => response.arrayBuffer()),
      import('./pleura-codecs.mjs'),
    ]);
    try {
      return await Codecs.start(create, await WebAssembly.compile(bytes));
    } catch (cause) {
      if (cause instanceof PleuraError) throw cause;
      throw new PleuraError('wasm', `${url.href} is not a WebAssembly module that runs here.`, { cause });
    }
  }

  static async start(create: CreateCodecs, module: WebAssembly.Module): Promise<Codecs> {
    const glue = await new Promise<CodecsGlue>((done, fail) => {
      create({
        instantiateWasm: (imports, ready) => {
          WebAssembly.instantiate(module, imports).then((instance) => ready(instance, module), fail);
          return {};
        },
      }).then(done, fail);
    });
    return new Codecs(glue);
  }

  /** False after a decoder stopped in mid-work: its memory is not to be trusted any more. */
  get usable(): boolean {
    return !this.#broken;
  }

  decode(frame: Frame): Decoded {
    try {
      return this.#decode(frame);
    } catch (error) {
      if (error instanceof PleuraError) return { code: 'memory', message: error.message };
      this.#broken = true;
      const why = error instanceof Error ? error.message : String(error);
      return { code: 'corrupt', message: `DICOM: the decoder stopped on this data (${why}).` };
    }
  }

  #decode({ kind, bytes, width, height, components, rgbWanted }: Frame): Decoded {
    const glue = this.#glue;
    const size = width * height * components * 2;
    const blocks: Pointer[] = [];
    const alloc = (count: number): Pointer => {
      const block = glue._pleura_codecs_alloc(count);
      if (block === 0) throw outOfMemory(count, 'the film');
      blocks.push(block);
      return block;
    };
    try {
      const data = alloc(bytes.byteLength);
      const cells = alloc(size);
      glue.HEAPU8.set(bytes, data);
      const number = glue._pleura_codecs_decode(
        kind, data, bytes.byteLength, width, height, components, rgbWanted ? 1 : 0, cells, this.#error,
      );
      if (number === 0) return { samples: glue.HEAPU8.slice(cells, cells + size) };
      const heap = glue.HEAPU8;
      const message = glue._pleura_codecs_error_message(this.#error);
      return {
        code: (Object.keys(CODES) as CoreCode[]).find((code) => CODES[code] === number) ?? 'internal',
        message: new TextDecoder().decode(heap.subarray(message, heap.indexOf(0, message))),
      };
    } finally {
      for (const block of blocks) glue._pleura_codecs_free(block);
    }
  }
}
