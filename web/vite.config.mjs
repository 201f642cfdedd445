import { readFileSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import { defineConfig } from 'vite';

const path = (relative) => fileURLToPath(new URL(relative, import.meta.url));
const MODEL = path(process.env.PLEURA_MODEL ?? '../models/child-pneumonia/model.onnx');
const FILMS = path('../tests/fixtures/films/');

// The films that the page offers, from the tests' fixtures: the first of each of the data set's labels.
const WANTED = [
  { kind: /^bacteri/i, label: 'Labelled bacterial pneumonia' },
  { kind: /^normal/i, label: 'Labelled normal' },
  { kind: /^vir/i, label: 'Labelled viral pneumonia' },
];

function examples() {
  const films = readdirSync(FILMS).filter((name) => /\.(jpe?g|png)$/i.test(name)).sort();
  return WANTED.flatMap(({ kind, label }) => {
    const file = films.find((name) => kind.test(name));
    return file ? [{ file, label }] : [];
  });
}

/** Puts the model and the examples beside the page under stable names, and tells the page of them. */
function content() {
  const films = examples();
  const files = [
    { name: 'model.onnx', from: MODEL },
    ...films.map(({ file }) => ({ name: `examples/${file}`, from: FILMS + file })),
  ];
  return {
    name: 'pleura-content',
    config: () => ({
      define: {
        __MODEL_BYTES__: readFileSync(MODEL).byteLength,
        __EXAMPLES__: JSON.stringify(films),
      },
    }),
    configureServer(server) {
      server.middlewares.use((request, response, next) => {
        const file = files.find(({ name }) => request.url === `/${name}`);
        if (file) response.end(readFileSync(file.from));
        else next();
      });
    },
    generateBundle() {
      for (const { name, from } of files) {
        this.emitFile({ type: 'asset', fileName: name, source: readFileSync(from) });
      }
    },
  };
}

/** Writes .br and .gz beside what gains from it; server.mjs and most hosts then serve those. */
function compress() {
  return {
    name: 'pleura-compress',
    apply: 'build',
    enforce: 'post',
    generateBundle: {
      order: 'post',
      handler(_, bundle) {
        for (const file of Object.values(bundle)) {
          const source = Buffer.from(file.type === 'chunk' ? file.code : file.source);
          const packed = [
            ['br', brotliCompressSync(source, { params: { [constants.BROTLI_PARAM_SIZE_HINT]: source.length } })],
            ['gz', gzipSync(source, { level: 9 })],
          ];
          for (const [suffix, bytes] of packed) {
            if (bytes.length > source.length * 0.95) continue;
            this.emitFile({ type: 'asset', fileName: `${file.fileName}.${suffix}`, source: bytes });
          }
        }
      },
    },
  };
}

export default defineConfig({
  root: path('.'),
  base: './', // any folder of any host
  plugins: [content(), compress()],
  build: {
    target: 'es2022',
    outDir: 'dist',
    emptyOutDir: true,
    assetsInlineLimit: 0, // the policy allows no data: scripts, and wasm is cached by its URL
    modulePreload: { polyfill: false },
  },
  worker: { format: 'es' },
});
