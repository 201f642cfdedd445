import { bytesOf, floatsOf } from './arrays.js';
import { CODES, PleuraError, type CoreCode } from './errors.js';
import { open } from './fetch.js';
import { checkExport, checkLearning } from './pleura-labelled.js';
import type { Pointer } from './glue.js';
import type { LabelledFilm, Learning, LearningReport, LearnOptions } from './learning.js';

/** The exports of learn.c. */
export interface LearnGlue {
  readonly HEAPU8: Uint8Array<ArrayBuffer>;
  _pleura_learn_alloc(size: number): Pointer;
  _pleura_learn_free(block: Pointer): void;
  _pleura_learn_error_new(): Pointer;
  _pleura_learn_error_name(error: Pointer): Pointer;
  _pleura_learn_error_message(error: Pointer): Pointer;
  _pleura_learn_enums(): Pointer;
  _pleura_learn_length(): number;
  _pleura_learn_begin(
    base: Pointer,
    size: number,
    task: number,
    labels: Pointer,
    finding: Pointer,
    sensitivity: number,
    prevalence: number,
    folds: number,
    draws: number,
    c: number,
    temperatureOnly: number,
    fromZero: number,
    error: Pointer,
  ): Pointer;
  _pleura_learn_add(
    learning: Pointer,
    embedding: Pointer,
    count: number,
    labels: Pointer,
    patient: Pointer,
    error: Pointer,
  ): number;
  _pleura_learn_reference(learning: Pointer, bytes: Pointer, size: number, error: Pointer): number;
  _pleura_learn_compute(learning: Pointer, error: Pointer): number;
  _pleura_learn_report(learning: Pointer, error: Pointer): Pointer;
  _pleura_learn_take(learning: Pointer, accept: number, error: Pointer): Pointer;
  _pleura_learn_onnx(profile: Pointer, profileSize: number, onnx: Pointer, size: number, error: Pointer): Pointer;
  _pleura_learn_end(learning: Pointer): void;
}

/**
 * The module that learns: fetched when somebody learns, and thrown away with its memory afterwards. It
 * needs no model, but the model's end as a profile.
 */
export class Learner {
  readonly #glue: LearnGlue;
  readonly #error: Pointer;
  #blocks: Pointer[] = [];
  #broken = false;

  private constructor(glue: LearnGlue) {
    this.#glue = glue;
    this.#error = glue._pleura_learn_error_new();
  }

  static async start(base?: URL | string): Promise<Learner> {
    const url = base === undefined ? new URL('./pleura-learn.wasm', import.meta.url) : new URL('pleura-learn.wasm', base);
    const [bytes, { default: create }] = await Promise.all([
      open(url).then((response) => response.arrayBuffer()),
      import('./pleura-learn.mjs'),
    ]);
    try {
      const module = await WebAssembly.compile(bytes);
      const glue = await new Promise<LearnGlue>((done, fail) => {
        create({
          instantiateWasm: (imports, ready) => {
            WebAssembly.instantiate(module, imports).then((instance) => ready(instance, module), fail);
            return {};
          },
        }).then(done, fail);
      });
      return new Learner(glue);
    } catch (cause) {
      throw new PleuraError('wasm', `${url.href} is not a WebAssembly module that runs here.`, { cause });
    }
  }

  /** The enumerations of learn.h, for the test that holds ours to them. */
  get enums(): string {
    return this.#text(this.#glue._pleura_learn_enums());
  }

  learn(base: string, films: readonly LabelledFilm[], options: LearnOptions): Learning {
    checkLearning(films, options);
    return this.#guarded(() => {
      const glue = this.#glue;
      const learning = this.#begin(base, options);
      try {
        if (options.reference) {
          const bytes = bytesOf(options.reference)!;
          this.#check(glue._pleura_learn_reference(learning, this.#put(bytes), bytes.byteLength, this.#error));
        }
        for (const film of films) this.#add(learning, film);
        this.#check(glue._pleura_learn_compute(learning, this.#error));
        const line = this.#taken(glue._pleura_learn_report(learning, this.#error));
        const report = JSON.parse(line) as LearningReport;
        const wanted = report.verdict === 'better' || options.acceptNoBetter;
        const profile = wanted ? this.#taken(glue._pleura_learn_take(learning, 1, this.#error)) : null;
        return { report, profile };
      } catch (cause) {
        this.#broken = cause instanceof WebAssembly.RuntimeError;
        throw cause;
      } finally {
        // After a trap nothing in there can be trusted, not even to be freed.
        if (!this.#broken) glue._pleura_learn_end(learning);
      }
    });
  }

  onnx(profile: string, file: ArrayBuffer | Uint8Array): Uint8Array<ArrayBuffer> {
    const [, model] = checkExport(profile, file);
    return this.#guarded(() => {
      const glue = this.#glue;
      const json = new TextEncoder().encode(profile);
      const made = glue._pleura_learn_onnx(
        this.#put(json), json.byteLength, this.#put(model), model.byteLength, this.#error,
      );
      if (made === 0) throw this.#fault();
      return glue.HEAPU8.slice(made, made + glue._pleura_learn_length());
    });
  }

  #begin(base: string, options: LearnOptions): Pointer {
    const { task, labels, finding, targetSensitivity, prevalence, folds, draws, c } = options;
    if (task !== 'calibrate' && task !== 'adapt') {
      throw new PleuraError('argument', `The task is "calibrate" or "adapt", not ${String(task)}.`);
    }
    const json = new TextEncoder().encode(base);
    const learning = this.#glue._pleura_learn_begin(
      this.#put(json),
      json.byteLength,
      task === 'adapt' ? 1 : 0,
      labels === undefined ? 0 : this.#string(labels.join(',')),
      finding === undefined ? 0 : this.#string(finding),
      targetSensitivity ?? 0,
      prevalence ?? 0,
      folds ?? 0,
      draws ?? 0,
      c ?? 0,
      options.temperatureOnly ? 1 : 0,
      options.fromZero ? 1 : 0,
      this.#error,
    );
    if (learning === 0) throw this.#fault();
    return learning;
  }

  #add(learning: Pointer, { embedding, labels, patient }: LabelledFilm): void {
    const kept = this.#blocks.length;
    const floats = embedding && floatsOf(embedding);
    const count = floats?.length ?? 0;
    const data = floats ? this.#put(new Uint8Array(floats.buffer, floats.byteOffset, floats.byteLength)) : 0;
    this.#check(
      this.#glue._pleura_learn_add(
        learning, data, count, this.#string(labels), this.#string(patient ?? ''), this.#error,
      ),
    );
    for (const block of this.#blocks.splice(kept)) this.#glue._pleura_learn_free(block);
  }

  #check(code: number): void {
    if (code !== 0) throw this.#fault();
  }

  #fault(): PleuraError {
    const code = this.#text(this.#glue._pleura_learn_error_name(this.#error));
    const message = this.#text(this.#glue._pleura_learn_error_message(this.#error));
    return new PleuraError(code in CODES ? (code as CoreCode) : 'internal', message);
  }

  #taken(pointer: Pointer): string {
    if (pointer === 0) throw this.#fault();
    return this.#text(pointer);
  }

  #put(bytes: Uint8Array): Pointer {
    const block = this.#glue._pleura_learn_alloc(bytes.byteLength);
    if (block === 0) throw new PleuraError('memory', `There is no memory left for ${bytes.byteLength} bytes.`);
    this.#blocks.push(block);
    this.#glue.HEAPU8.set(bytes, block);
    return block;
  }

  #string(text: string): Pointer {
    return this.#put(new TextEncoder().encode(`${text.replaceAll('\0', '\uFFFD')}\0`));
  }

  #text(pointer: Pointer): string {
    const heap = this.#glue.HEAPU8;
    return new TextDecoder().decode(heap.subarray(pointer, heap.indexOf(0, pointer)));
  }

  #guarded<T>(work: () => T): T {
    try {
      return work();
    } catch (cause) {
      if (!(cause instanceof WebAssembly.RuntimeError)) throw cause;
      this.#broken = true;
      throw new PleuraError('internal', `The WebAssembly module stopped: ${cause.message}.`, { cause });
    } finally {
      for (const block of this.#blocks.splice(0)) if (!this.#broken) this.#glue._pleura_learn_free(block);
    }
  }
}
