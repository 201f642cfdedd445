import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import { defineConfig } from 'vite';
import { components } from '../toolchain/sbom.mjs';

const path = (relative) => fileURLToPath(new URL(relative, import.meta.url));
const MODEL = path(process.env.PLEURA_MODEL ?? '../models/child-pneumonia/model.onnx');
// The reference of the package and of the C library, where `./serve.sh --docs` has it put into the page's folder.
const DOCS = process.env.PLEURA_DOCS && path('../build/api');
const FILMS = path('../tests/fixtures/films/');

const MODELS = dirname(MODEL);
const REFERENCE = `${MODELS}/reference.bin`;

// The bundled films, from the tests' fixtures: two of each of the data set's labels. The page offers
// them, and tests itself with them.
const EACH = 2;

function examples() {
  const [head, ...lines] = readFileSync(`${FILMS}index.csv`, 'utf8').trim().split('\n');
  const names = head.split(',');
  const seen = {};
  return lines
    .map((line) => line.split(','))
    .map((cells) => ({ file: cells[names.indexOf('file')], label: cells[names.indexOf('label')] }))
    .filter(({ label }) => (seen[label] = (seen[label] ?? 0) + 1) <= EACH);
}

/** The answers that the self-test expects: the fixed-SIMD module's, in Node, with this very model. */
async function golden(films) {
  const { load } = await import('pleura');
  const pleura = await load({ model: readFileSync(MODEL), tier: 'simd' });
  const population = pleura.info.properties['pleura.population'] ?? '';
  const listed = [];
  for (const { file, label } of films) {
    const film = readFileSync(FILMS + file);
    const { probabilities } = await pleura.classify(film);
    listed.push({ file, label, probabilities, data: film.toString('base64') });
  }
  pleura.dispose();
  return { population, listed };
}

/** The first of each label, which the page offers by itself. */
const offered = (films) => films.filter(({ label }, place) => films.findIndex((other) => other.label === label) === place);

/** What was written down when the model was trained, where it lies beside the model. */
function about() {
  const read = (name) => (existsSync(`${MODELS}/${name}`) ? readFileSync(`${MODELS}/${name}`, 'utf8') : null);
  const [metrics, history, validation] = [read('metrics.json'), read('history.json'), read('validation.csv')];
  if (!metrics || !validation) return null;
  const { decision, report, intervals_95 } = JSON.parse(metrics);
  const { best_epoch, epochs } = JSON.parse(history ?? '{"epochs":[]}');
  const [head, ...lines] = validation.trim().split('\n').map((line) => line.split(','));
  const labels = head.filter((name) => name.startsWith('p_')).map((name) => name.slice(2));
  const rows = lines.map((cells) => Object.fromEntries(head.map((name, place) => [name, cells[place]]))).filter(({ part }) => part === 'report');
  return {
    sha256: createHash('sha256').update(readFileSync(MODEL)).digest('hex'),
    films: {
      labels: rows.map(({ label }) => labels.indexOf(label)),
      probabilities: rows.map((row) => labels.map((name) => Number(Number(row[`p_${name}`]).toFixed(5)))),
    },
    prevalence: decision.prevalence,
    intervals: intervals_95,
    figures: report,
    history: { best: best_epoch, epochs: epochs.map(({ epoch, train, validation: held }) => ({ epoch, train, validation: held })) },
  };
}

/** Of all that the page is made of. */
const licences = () => [
  ['Pleura', 'Apache-2.0', ''],
  ...components().map(({ name, version, licence, notice = '' }) => [`${name} ${version}`, licence, notice]),
  ['Example films', 'CC BY 4.0', 'Kermany, Zhang, Goldbaum, Mendeley Data 2018, doi 10.17632/rscbjbr9sj'],
];

/** Every file of a folder and below, as paths within it. */
const within = (folder) =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => relative(folder, join(parentPath, name)).split(sep).join('/'));

/** Puts the model, what is known of it and the examples beside the page, under stable names. */
function content() {
  const films = examples();
  let files;
  let asked;
  const answers = () => (asked ??= golden(films));
  const gather = async () =>
    (files ??= [
      { name: 'model.onnx', source: readFileSync(MODEL) },
      ...(existsSync(REFERENCE) ? [{ name: 'reference.bin', source: readFileSync(REFERENCE) }] : []),
      { name: 'model.about.json', source: JSON.stringify({ ...about(), licences: licences(), docs: Boolean(DOCS) }) },
      ...['licences.txt', 'sbom.cdx.json'].map((name) => ({ name, source: readFileSync(path(`../wasm/dist/${name}`)) })),
      { name: 'examples.json', source: JSON.stringify((await answers()).listed) },
      ...(DOCS ? within(DOCS).map((name) => ({ name: `docs/${name}`, source: readFileSync(join(DOCS, name)) })) : []),
    ]);
  return {
    name: 'pleura-content',
    config: () => ({
      define: {
        __MODEL_BYTES__: readFileSync(MODEL).byteLength,
      },
    }),
    configureServer(server) {
      server.middlewares.use(async (request, response, next) => {
        const file = (await gather()).find(({ name }) => request.url === `/${name}`);
        if (file) response.end(file.source);
        else next();
      });
    },
    // What comes with the model is in the page from the start, or its room is: nothing moves when it is loaded.
    async transformIndexHtml(html) {
      const english = JSON.parse(readFileSync(path('src/strings/en.json'), 'utf8'));
      const rooms = offered(films).map(({ label }) => `<button type="button" disabled><canvas width="1" height="1" aria-hidden="true"></canvas><span data-t="example.${label}">${english[`example.${label}`]}</span></button>`);
      return html
        .replace('<!-- population -->', (await answers()).population.replaceAll('&', '&amp;').replaceAll('<', '&lt;'))
        .replace(/<!-- examples: room for them -->\s*(<div class="examples"[^>]*>)/, (_, tag) => tag + rooms.join(''));
    },
    async generateBundle() {
      for (const { name, source } of await gather()) this.emitFile({ type: 'asset', fileName: name, source });
    },
  };
}

/** Fills index.html's data-t elements with English, so that the first thing painted has words. */
function words() {
  const english = JSON.parse(readFileSync(path('src/strings/en.json'), 'utf8'));
  const escape = (text) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
  const word = (key) => {
    if (!(key in english)) throw new Error(`index.html asks for "${key}", which en.json lacks.`);
    return escape(english[key]);
  };
  return {
    name: 'pleura-words',
    transformIndexHtml: (html) =>
      html
        .replace(/(<[^>]* data-t="([^"]+)"[^>]*>)(?=<)/g, (_, tag, key) => tag + word(key))
        .replace(/ data-t-(aria-label|placeholder|title)="([^"]+)"/g, (whole, name, key) => `${whole} ${name}="${word(key)}"`),
  };
}

/**
 * A language but English is its words alone, a line each, in the order of the alphabet of the keys. English is what
 * index.html does not say already, with what keys begin with once above theirs. 4 KB less for the four of them.
 */
function languages() {
  const read = (file) => JSON.parse(readFileSync(file, 'utf8'));
  const module = (text) => ({ code: `export default ${JSON.stringify(text)}`, moduleType: 'js' });
  return {
    name: 'pleura-languages',
    enforce: 'pre',
    async load(id) {
      const [, file, kind, part] = /^(.*\/strings\/(?:(\w+)-)?\w+\.json)\?(words|rest)$/.exec(id) ?? [];
      if (!file) return null;
      this.addWatchFile(file);
      const words = read(file);
      if (Object.values(words).some((word) => word.includes('\n'))) this.error(`${file} has words of two lines`);
      if (part === 'rest') {
        const said = new Set(readFileSync(path('index.html'), 'utf8').match(/(?<= data-t[-a-z]*=")[^"]+/g));
        for (const { label } of offered(examples())) said.add(`example.${label}`); // content() puts them there
        const stems = {};
        for (const key of Object.keys(words).filter((key) => !said.has(key))) {
          const [stem, name] = key.split('.');
          (stems[stem] ??= []).push(`${name} ${words[key]}`);
        }
        return module(Object.entries(stems).map((part) => part.flat().join('\n')).join('\n\n'));
      }
      const first = kind ? `${kind}-en.json` : 'en.json';
      const english = read(path(`src/strings/${first}`));
      const keys = Object.keys(english).sort();
      const odd = [...keys.filter((key) => !(key in words)), ...Object.keys(words).filter((key) => !(key in english))];
      if (odd.length > 0) this.error(`${file} and ${first} differ in ${odd.join(', ')}`);
      return module(keys.map((key) => words[key]).join('\n'));
    },
  };
}

/** The script that begins what a visit waits for (beginning.ts) is asked for first, and waits for no other. */
function beginning() {
  return {
    name: 'pleura-beginning',
    apply: 'build',
    transformIndexHtml: {
      order: 'post',
      handler(html, { bundle }) {
        const begin = Object.keys(bundle).find((name) => /beginning-[^/]*\.js$/.test(name));
        if (bundle[begin].imports.length > 0) throw new Error(`${begin} waits for ${bundle[begin].imports.join(', ')}`);
        const script = `<script type="module" async crossorigin src="./${begin}"></script>`;
        // Whoever reads the source has it with its indentation and comments.
        return html.replace('<link rel="manifest"', (tag) => `${script}\n${tag}`).replace(/<!--.*?-->/g, '').replace(/\n\s+/g, '\n').replace(/(<(?:meta|link|input)\b[^>]*?) \/>/g, '$1>');
      },
    },
  };
}

/**
 * How code that comes later brings its styles. Vite's own helper also asks for scripts ahead, which are one or two
 * here, and is half a kilobyte more.
 */
function laterStyles() {
  const code = `export const __vitePreload = async (load, files = [], from) => {
    await Promise.all(files.map((file) => new Promise((onload, onerror) => {
      document.head.append(Object.assign(document.createElement('link'), { rel: 'stylesheet', href: new URL(file, from), onload, onerror }));
    })));
    return load();
  };`;
  return { name: 'pleura-later-styles', apply: 'build', enforce: 'pre', load: (id) => (id === '\0vite/preload-helper.js' ? code : null) };
}

/** Tells the service worker every file of the page with its SHA-256, and which version they make. */
function offline() {
  const hash = (content) => createHash('sha256').update(content).digest('hex');
  return {
    name: 'pleura-offline',
    apply: 'build',
    enforce: 'post',
    generateBundle: {
      order: 'post',
      handler(_, bundle) {
        const worker = Object.values(bundle).find(({ fileName }) => fileName === 'sw.js');
        const found = Object.values(bundle)
          // The module with threads is the package's: this page never asks for it (docs/page.md). The reference of both
          // is read where there is a network.
          .filter((file) => file !== worker && !/pleura-threads|^docs\//.test(file.fileName))
          .map((file) => [file.fileName, hash(file.type === 'chunk' ? file.code : file.source)]);
        for (const name of readdirSync(path('public'))) found.push([name, hash(readFileSync(path(`public/${name}`)))]);
        const files = Object.fromEntries(found.sort(([a], [b]) => (a < b ? -1 : 1)));
        const id = hash(JSON.stringify(files) + worker.code);
        if (!worker.code.includes('__BUILD__')) this.error('sw.ts does not ask for its files');
        worker.code = worker.code.replace('__BUILD__', () => JSON.stringify({ id, files }));
      },
    },
  };
}

/** What `pack` makes of these bytes; kept in build/packed, since brotli's last level takes most of a build. */
function packed(source, name, pack) {
  const kept = path(`../build/packed/${createHash('sha256').update(source).digest('hex')}.${name}`);
  if (existsSync(kept)) return readFileSync(kept);
  const bytes = pack(source);
  mkdirSync(dirname(kept), { recursive: true });
  writeFileSync(`${kept}.new`, bytes);
  renameSync(`${kept}.new`, kept);
  return bytes;
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
          // Weights hardly shrink, and the last level takes ten times as long for a hundredth.
          const quality = file.fileName.endsWith('.onnx') ? 9 : 11;
          const params = { [constants.BROTLI_PARAM_QUALITY]: quality, [constants.BROTLI_PARAM_SIZE_HINT]: source.length };
          const found = [
            ['br', packed(source, `${quality}.br`, (bytes) => brotliCompressSync(bytes, { params }))],
            ['gz', packed(source, 'gz', (bytes) => gzipSync(bytes, { level: 9 }))],
          ];
          for (const [suffix, bytes] of found) {
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
  plugins: [words(), languages(), content(), beginning(), laterStyles(), offline(), compress()],
  build: {
    target: 'es2022',
    outDir: 'dist',
    emptyOutDir: true,
    assetsInlineLimit: 0, // the policy allows no data: scripts, and wasm is cached by its URL
    modulePreload: false, // what is waited for is begun by beginning.ts
    rollupOptions: {
      input: { index: path('index.html'), sw: path('src/sw.ts') },
      output: {
        // A service worker answers for the folder that it lies in, and must keep its name.
        entryFileNames: ({ name }) => (name === 'sw' ? 'sw.js' : 'assets/[name]-[hash].js'),
        // With all that it needs, in one file.
        codeSplitting: { groups: [{ name: 'beginning', test: /src\/beginning\.ts$/ }] },
      },
    },
  },
  worker: { format: 'es' },
});
