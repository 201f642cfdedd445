/** A pointer into the module's memory. */
export type Pointer = number;

/** The exports of exports.c as Emscripten's glue shows them, and the one view that we use. */
export interface Glue {
  /** Replaced by the glue whenever memory grows: never keep it across a call. */
  readonly HEAPU8: Uint8Array<ArrayBuffer>;
  /** Of the build with threads. */
  readonly PThread?: { terminateAllThreads(): void };
  _pleura_wasm_alloc(size: number): Pointer;
  _pleura_wasm_free(block: Pointer): void;
  _pleura_wasm_error_new(): Pointer;
  _pleura_wasm_error_clear(error: Pointer): void;
  _pleura_wasm_error_code(error: Pointer): number;
  _pleura_wasm_error_name(error: Pointer): Pointer;
  _pleura_wasm_error_message(error: Pointer): Pointer;
  _pleura_wasm_describe(error: Pointer, code: number, message: Pointer): void;
  _pleura_wasm_version(): Pointer;
  _pleura_wasm_load(onnx: Pointer, size: number, threads: number, sha256: Pointer, error: Pointer): Pointer;
  _pleura_wasm_unload(session: Pointer): void;
  _pleura_wasm_info(session: Pointer): Pointer;
  _pleura_wasm_input_count(session: Pointer): number;
  _pleura_wasm_output_count(session: Pointer): number;
  _pleura_wasm_classify(
    session: Pointer,
    bytes: Pointer,
    size: number,
    name: Pointer,
    threshold: number,
    heatmap: number,
    embedding: number,
    error: Pointer,
  ): Pointer;
  _pleura_wasm_embedding(session: Pointer): Pointer;
  _pleura_wasm_embedding_count(session: Pointer): number;
  _pleura_wasm_profile(session: Pointer, error: Pointer): Pointer;
  _pleura_wasm_apply(session: Pointer, json: Pointer, size: number, error: Pointer): number;
  _pleura_wasm_fault(session: Pointer, name: Pointer, code: number, message: Pointer, error: Pointer): Pointer;
  _pleura_wasm_csv(session: Pointer): Pointer;
  _pleura_wasm_csv_header(session: Pointer, error: Pointer): Pointer;
  _pleura_wasm_export(
    session: Pointer,
    bytes: Pointer,
    size: number,
    threshold: number,
    when: Pointer,
    identity: number,
    error: Pointer,
  ): Pointer;
  _pleura_wasm_export_bytes(made: Pointer, heatmap: number): Pointer;
  _pleura_wasm_export_size(made: Pointer, heatmap: number): number;
  _pleura_wasm_export_free(made: Pointer): void;
  _pleura_wasm_decode(bytes: Pointer, size: number, error: Pointer): Pointer;
  _pleura_wasm_image_width(image: Pointer): number;
  _pleura_wasm_image_height(image: Pointer): number;
  _pleura_wasm_image_samples(image: Pointer): Pointer;
  _pleura_wasm_image_free(image: Pointer): void;
  _pleura_wasm_preprocess(
    session: Pointer,
    bytes: Pointer,
    size: number,
    tensor: Pointer,
    count: number,
    error: Pointer,
  ): number;
  _pleura_wasm_run(
    session: Pointer,
    input: Pointer,
    inputCount: number,
    output: Pointer,
    outputCount: number,
    error: Pointer,
  ): number;
}

export type Instantiate = (
  imports: WebAssembly.Imports,
  done: (instance: WebAssembly.Instance, module: WebAssembly.Module) => void,
) => Record<string, never>;

/** A compressed DICOM frame, as codec_bridge.c gives it away and codecs.c takes it; the answer is a code of CODES, 0 for good. */
export type CallCodec = (
  kind: number,
  bytes: Pointer,
  size: number,
  width: number,
  height: number,
  components: number,
  rgbWanted: number,
  cells: Pointer,
  error: Pointer,
) => number;

export type CreateGlue = (options: {
  instantiateWasm: Instantiate;
  codec: CallCodec;
  extraThreads: number;
}) => Promise<Glue>;

declare const create: CreateGlue;
export default create;
