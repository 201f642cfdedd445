import { Codecs } from './codecs.js';
import { bytesOf } from './arrays.js';
import { folderUrl, open } from './fetch.js';
import { CODES, PleuraError, type CoreCode } from './errors.js';
import type { CallCodec, CreateGlue, Glue, Pointer } from './glue.js';
import { ERROR_BYTES, MAX_BYTES, outOfMemory, tooLarge, wrongInput } from './limits.js';
import type { Build } from './tier.js';
import type { DicomFiles, Film, ModelInfo, Report, Result } from './types.js';

const glues: Record<Build, () => Promise<{ default: CreateGlue }>> = {
  simd: () => import('./pleura-simd.mjs'),
  relaxed: () => import('./pleura-relaxed.mjs'),
  // As a file that is only copied: its threads start it again by its own URL, and bundlers would have
  // to be taught how. Nothing but this build needs it.
  threads: () => import(/* @vite-ignore */ new URL('./pleura-threads.mjs', import.meta.url).href),
};

// Written out for each build: bundlers recognise this form, and copy the file.
const binaries: Record<Build, () => URL> = {
  simd: () => new URL('./pleura-simd.wasm', import.meta.url),
  relaxed: () => new URL('./pleura-relaxed.wasm', import.meta.url),
  threads: () => new URL('./pleura-threads.wasm', import.meta.url),
};

const compiled = new Map<string, Promise<WebAssembly.Module>>();

/** Fetches and compiles the module: once for any number of cores, and for models that come later. */
export function compile(build: Build, base?: URL | string): Promise<WebAssembly.Module> {
  const url = base === undefined ? binaries[build]() : new URL(`pleura-${build}.wasm`, folderUrl(base));
  let module = compiled.get(url.href);
  if (!module) {
    module = compileFrom(url);
    compiled.set(url.href, module);
    module.catch(() => compiled.delete(url.href)); // another time it may be had
  }
  return module;
}

async function compileFrom(url: URL): Promise<WebAssembly.Module> {
  const response = await open(url);
  try {
    // Compiles while it arrives, and lets the browser keep the machine code for the next visit.
    if (response.headers.get('Content-Type') === 'application/wasm') {
      return await WebAssembly.compileStreaming(response);
    }
    return await WebAssembly.compile(await response.arrayBuffer());
  } catch (cause) {
    throw new PleuraError('wasm', `${url.href} is not a WebAssembly module that runs here.`, { cause });
  }
}

/** Fetches the glue, so that createCore() needs nothing but a module. */
export async function prepare(build: Build): Promise<void> {
  await glues[build]();
}

/** Starts the module; its memory is its own, so that dispose() ends with it. */
export async function createCore(
  build: Build,
  source: WebAssembly.Module | Promise<WebAssembly.Module> = compile(build),
  threads = 1,
): Promise<Core> {
  const [module, { default: create }] = await Promise.all([source, glues[build]()]);
  return startCore(create, module, threads);
}

export async function startCore(create: CreateGlue, module: WebAssembly.Module, threads = 1): Promise<Core> {
  const bridge = new Bridge();
  try {
    const glue = await new Promise<Glue>((done, fail) => {
      create({
        codec: bridge.decode,
        extraThreads: threads - 1,
        instantiateWasm: (imports, ready) => {
          WebAssembly.instantiate(module, imports).then((instance) => ready(instance, module), fail);
          return {};
        },
      }).then(done, fail);
    });
    bridge.glue = glue;
    return new Core(glue, bridge);
  } catch (cause) {
    if (cause instanceof PleuraError) throw cause;
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new PleuraError('wasm', `The WebAssembly module did not start: ${why}.`, { cause });
  }
}

/**
 * The only code that touches the module's memory. One core holds one model. Every block that a call
 * allocates is freed before it returns; views are taken afresh after every call, since memory may
 * have grown and left the old ones empty.
 */
export class Core {
  #glue: Glue | null;
  #error: Pointer;
  #session: Pointer = 0;
  #broken: PleuraError | null = null;
  readonly #bridge: Bridge;

  constructor(glue: Glue, bridge: Bridge) {
    this.#glue = glue;
    this.#bridge = bridge;
    // Kept for good: when memory runs out, the error must not need any.
    this.#error = glue._pleura_wasm_error_new();
    if (this.#error === 0) throw outOfMemory(ERROR_BYTES, 'the error itself');
  }

  get version(): string {
    return this.#call((glue) => text(glue, glue._pleura_wasm_version()));
  }

  /** The last film needs decoders that are not here: fetch them with loadCodecs(), and ask again. */
  get wantsCodecs(): boolean {
    return this.#bridge.wanted;
  }

  async loadCodecs(base?: URL | string): Promise<void> {
    this.#bridge.codecs = await Codecs.load(base);
  }

  /** Bytes of memory that the module has taken so far. */
  get memory(): number {
    return this.#call((glue) => glue.HEAPU8.byteLength);
  }

  /** In place of the model before, which goes first: memory never shrinks, so that both would stay. */
  loadModel(onnx: Uint8Array, threads = 1, sha256?: string): void {
    this.#call((glue, scope) => {
      glue._pleura_wasm_unload(this.#session);
      this.#session = 0;
      const digest = sha256 === undefined ? 0 : scope.text(sha256);
      this.#session = glue._pleura_wasm_load(scope.bytes(onnx, 'the model'), onnx.byteLength, threads, digest, this.#error);
      if (this.#session === 0) throw this.#fault();
    });
  }

  /** The network's input, in floats. */
  get inputCount(): number {
    return this.#call((glue) => glue._pleura_wasm_input_count(this.#model()));
  }

  info(): ModelInfo {
    return this.#call((glue) => JSON.parse(text(glue, glue._pleura_wasm_info(this.#model()))) as ModelInfo);
  }

  csvHeader(): string {
    return this.#call((glue) => {
      const header = glue._pleura_wasm_csv_header(this.#model(), this.#error);
      if (header === 0) throw this.#fault();
      return text(glue, header);
    });
  }

  classify(file: Uint8Array, name: string, threshold: number, heatmap = false, embedding = false): Report {
    if (file.byteLength > MAX_BYTES) return this.fault(name, tooLarge(file.byteLength));
    return this.#call((glue, scope) => {
      let bytes: Pointer;
      try {
        bytes = scope.bytes(file, 'the file');
      } catch (error) {
        if (error instanceof PleuraError && error.code === 'memory') return this.fault(name, error);
        throw error;
      }
      const line = glue._pleura_wasm_classify(
        this.#model(),
        bytes,
        file.byteLength,
        scope.text(name),
        threshold,
        heatmap ? 1 : 0,
        embedding ? 1 : 0,
        this.#error,
      );
      return this.#report(glue, line);
    });
  }

  /** Of the film that was classified last with `embedding`; null where it has none. */
  embedding(): Float32Array<ArrayBuffer> | null {
    return this.#call((glue) => {
      const count = glue._pleura_wasm_embedding_count(this.#model());
      return count === 0 ? null : floats(glue, glue._pleura_wasm_embedding(this.#model()), count);
    });
  }

  /** The model's own end, as the text of a profile. */
  profile(): string {
    return this.#call((glue) => {
      const json = glue._pleura_wasm_profile(this.#model(), this.#error);
      if (json === 0) throw this.#fault();
      return text(glue, json);
    });
  }

  applyProfile(profile: string | null): void {
    this.#call((glue, scope) => {
      const json = new TextEncoder().encode(profile ?? '');
      // An empty text is no profile, and would take back the one that is applied.
      if (profile === '') throw new PleuraError('profile', 'Profile: it is no JSON object.');
      const code = glue._pleura_wasm_apply(this.#model(), scope.bytes(json, 'the profile'), json.byteLength, this.#error);
      if (code !== 0) throw this.#fault();
    });
  }

  /** The report of a file that never reached C. */
  fault(name: string, error: PleuraError): Report {
    const code = CODES[error.code as CoreCode] ?? CODES.internal;
    return this.#call((glue, scope) =>
      this.#report(
        glue,
        glue._pleura_wasm_fault(this.#model(), scope.text(name), code, scope.text(error.message), this.#error),
      ),
    );
  }

  dicom(file: Uint8Array, threshold: number, when: string, identity: boolean): DicomFiles {
    if (file.byteLength > MAX_BYTES) throw tooLarge(file.byteLength);
    return this.#call((glue, scope) => {
      const made = glue._pleura_wasm_export(
        this.#model(),
        scope.bytes(file, 'the file'),
        file.byteLength,
        threshold,
        scope.text(when),
        identity ? 1 : 0,
        this.#error,
      );
      if (made === 0) throw this.#fault();
      const [report, heatmap] = [0, 1].map((which) => {
        const [at, size] = [glue._pleura_wasm_export_bytes(made, which), glue._pleura_wasm_export_size(made, which)];
        return glue.HEAPU8.slice(at, at + size);
      }) as [Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>];
      glue._pleura_wasm_export_free(made);
      return { report, heatmap: heatmap.byteLength > 0 ? heatmap : null };
    });
  }

  decode(file: Uint8Array): Film {
    if (file.byteLength > MAX_BYTES) throw tooLarge(file.byteLength);
    return this.#call((glue, scope) => {
      const image = glue._pleura_wasm_decode(scope.bytes(file, 'the file'), file.byteLength, this.#error);
      if (image === 0) throw this.#fault();
      const [width, height] = [glue._pleura_wasm_image_width(image), glue._pleura_wasm_image_height(image)];
      const at = glue._pleura_wasm_image_samples(image);
      const samples = new Uint16Array(glue.HEAPU8.buffer, at, width * height).slice();
      glue._pleura_wasm_image_free(image);
      return { width, height, samples };
    });
  }

  preprocess(file: Uint8Array): Float32Array<ArrayBuffer> {
    if (file.byteLength > MAX_BYTES) throw tooLarge(file.byteLength);
    return this.#call((glue, scope) => {
      const count = glue._pleura_wasm_input_count(this.#model());
      const tensor = scope.alloc(count * 4, 'the network\'s input');
      const bytes = scope.bytes(file, 'the file');
      if (glue._pleura_wasm_preprocess(this.#model(), bytes, file.byteLength, tensor, count, this.#error) !== 0) {
        throw this.#fault();
      }
      return floats(glue, tensor, count);
    });
  }

  run(tensor: Float32Array): Float32Array<ArrayBuffer> {
    return this.#call((glue, scope) => {
      const count = glue._pleura_wasm_output_count(this.#model());
      const wanted = glue._pleura_wasm_input_count(this.#model());
      if (tensor.length !== wanted) throw wrongInput(tensor.length, wanted, count);
      const output = scope.alloc(count * 4, 'the outputs');
      const input = scope.bytes(new Uint8Array(tensor.buffer, tensor.byteOffset, tensor.byteLength), 'the inputs');
      if (glue._pleura_wasm_run(this.#model(), input, tensor.length, output, count, this.#error) !== 0) {
        throw this.#fault();
      }
      return floats(glue, output, count);
    });
  }

  /** The whole memory goes with the module, once nothing refers to it. */
  dispose(): void {
    if (this.#glue && !this.#broken) {
      this.#glue._pleura_wasm_unload(this.#session);
      this.#glue._pleura_wasm_free(this.#error);
    }
    this.#glue?.PThread?.terminateAllThreads();
    this.#session = 0;
    this.#glue = null;
  }

  #model(): Pointer {
    if (this.#session === 0) throw new PleuraError('argument', 'No model is loaded.');
    return this.#session;
  }

  #fault(): PleuraError {
    const glue = this.#glue!;
    const code = text(glue, glue._pleura_wasm_error_name(this.#error));
    const message = text(glue, glue._pleura_wasm_error_message(this.#error));
    return new PleuraError(code in CODES ? (code as CoreCode) : 'internal', message);
  }

  #report(glue: Glue, line: Pointer): Report {
    if (line === 0) throw this.#fault();
    const json = text(glue, line);
    const csv = text(glue, glue._pleura_wasm_csv(this.#model()));
    return { result: JSON.parse(json) as Result, json, csv };
  }

  /** Runs `body` with an error that is clear and a scope that frees what it allocates. */
  #call<T>(body: (glue: Glue, scope: Scope) => T): T {
    const glue = this.#glue;
    if (this.#broken) throw this.#broken;
    if (!glue) throw new PleuraError('disposed', 'This classifier was disposed of.');
    const scope = new Scope(glue);
    this.#bridge.wanted = false;
    glue._pleura_wasm_error_clear(this.#error);
    try {
      return body(glue, scope);
    } catch (cause) {
      if (cause instanceof PleuraError) throw cause;
      // A trap, or a stack that ran out in C, leaves the memory half-written: nothing that it says afterwards
      // can be trusted.
      throw (this.#broken = new PleuraError('internal', `The WebAssembly module stopped: ${(cause as Error).message}.`, { cause }));
    } finally {
      if (!this.#broken) scope.free();
    }
  }
}

/** Takes compressed frames from the core's memory to the decoders, and samples back. */
class Bridge {
  glue: Glue | null = null;
  codecs: Codecs | null = null;
  wanted = false;

  readonly decode: CallCodec = (kind, bytes, size, width, height, components, rgbWanted, cells, error) => {
    const glue = this.glue!;
    if (!this.codecs?.usable) {
      this.codecs = null;
      this.wanted = true;
      return this.#describe(error, 'unsupported_image', 'DICOM: the decoders for this film are not loaded.');
    }
    const data = glue.HEAPU8.subarray(bytes, bytes + size);
    const found = this.codecs.decode({ kind, bytes: data, width, height, components, rgbWanted: rgbWanted !== 0 });
    if ('code' in found) return this.#describe(error, found.code, found.message);
    glue.HEAPU8.set(found.samples, cells);
    return 0;
  };

  #describe(error: Pointer, code: CoreCode, message: string): number {
    const glue = this.glue!;
    const sentence = new TextEncoder().encode(`${message}\0`);
    const block = glue._pleura_wasm_alloc(sentence.byteLength);
    if (block === 0) return CODES.memory;
    glue.HEAPU8.set(sentence, block);
    glue._pleura_wasm_describe(error, CODES[code], block);
    glue._pleura_wasm_free(block);
    return CODES[code];
  }
}

function text(glue: Glue, pointer: Pointer): string {
  const heap = glue.HEAPU8;
  // A copy: what is shared between threads cannot be decoded in place.
  return new TextDecoder().decode(heap.slice(pointer, heap.indexOf(0, pointer)));
}

function floats(glue: Glue, pointer: Pointer, count: number): Float32Array<ArrayBuffer> {
  return new Float32Array(glue.HEAPU8.buffer, pointer, count).slice();
}

/** Blocks in the module's memory that live as long as one call. */
class Scope {
  readonly #glue: Glue;
  readonly #blocks: Pointer[] = [];

  constructor(glue: Glue) {
    this.#glue = glue;
  }

  alloc(size: number, what: string): Pointer {
    const block = this.#glue._pleura_wasm_alloc(size);
    if (block === 0) throw outOfMemory(size, what);
    this.#blocks.push(block);
    return block;
  }

  bytes(source: Uint8Array, what: string): Pointer {
    const view = bytesOf(source)!; // measured again: an await may lie between the caller and here
    const block = this.alloc(view.byteLength, what);
    this.#glue.HEAPU8.set(view, block);
    return block;
  }

  text(source: string): Pointer {
    // A NUL would end the text early for C.
    return this.bytes(new TextEncoder().encode(`${source.replaceAll('\0', '\uFFFD')}\0`), 'a text');
  }

  free(): void {
    for (const block of this.#blocks) this.#glue._pleura_wasm_free(block);
  }
}
