// Learning from many labelled films, whose embeddings were kept: on the page, where nothing else runs.
import { load } from './pleura/index.js';

/** From 0 to 1, the same everywhere. */
function random(seed) {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

/** Between two films of different labels, nearer to the first: many are easy, and some are not. */
function blend([own, other], draw) {
  const share = 0.6 * draw();
  return own.map((value, i) => (1 - share) * value + share * other[i] * (0.8 + 0.4 * draw()));
}

let pleura;
let films;

globalThis.prepare = async (model, sources, count) => {
  pleura = await load({ model });
  const known = [];
  for (const [path, labels] of sources) {
    const { embedding } = await pleura.embed(await (await fetch(path)).blob());
    known.push({ embedding, labels });
  }
  const draw = random(1);
  films = Array.from({ length: count }, (_, i) => {
    const own = known[i % known.length];
    const others = known.filter(({ labels }) => labels !== own.labels);
    const other = others[Math.floor(draw() * others.length)];
    return { embedding: blend([own.embedding, other.embedding], draw), labels: own.labels, patient: `p${i % Math.ceil(0.7 * count)}` };
  });
  return { features: pleura.info.features };
};

/** Milliseconds, the module's start among them. */
globalThis.learn = async (task) => {
  const start = performance.now();
  const { report } = await pleura.learn(films, { task });
  return { ms: performance.now() - start, films: report.films, penalties: report.penalties?.length ?? 0, auc: report.figures.auc.after[0] };
};
