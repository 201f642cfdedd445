// The first visit: a fresh profile each time, from navigation to the first result, and the most memory
// that the page's process held by then; an empty page for comparison; and our own page with our model, until
// it is ready (`load`) and until it has answered the first example (`navigation`).
import { join } from 'node:path';
import { serve as servePage } from '../web/server.mjs';
import { canRun, ENGINES, label, launch, rendererMemory, settle, within } from './chromium.mjs';
import { median } from './measure.mjs';
import { findNet, ROOT } from './nets.mjs';
import { place, serve } from './site.mjs';

const NAMES = ['pleura relaxed', 'pleura simd', 'pleura threads', 'ort', 'litert', 'tfjs'];

async function visit(address, arrived) {
  const browser = await launch();
  try {
    const page = await browser.open('about:blank');
    await page.addInitScript(() => {
      const seen = new MutationObserver(() => {
        if (!document.documentElement?.dataset.ready) return;
        globalThis.readyAt ??= performance.now();
        seen.disconnect();
      });
      seen.observe(document, { subtree: true, childList: true, attributes: true });
    });
    await settle(browser.profile);
    await page.goto(address);
    const times = await within(60, page.evaluate(arrived), address);
    return { ...times, mib: rendererMemory(browser.profile, 'VmHWM') };
  } finally {
    await browser.close();
  }
}

export async function cold({ rounds, nets, engines, write, say }) {
  const { url, close } = await serve();
  const ours = await servePage({ root: join(ROOT, 'web/dist') });
  const visits = [
    { what: { place: 'chromium', engine: 'empty page', tier: null, threads: 1, net: null }, go: () => visit(`${url}empty.html`, () => ({ navigation: performance.now() })) },
    {
      what: { place: 'chromium', engine: 'page', tier: 'relaxed', threads: 1, net: 'child-pneumonia' },
      go: () => visit(ours.url, () => new Promise((done) => {
        const look = () => {
          if (globalThis.readyAt && !globalThis.asked) {
            globalThis.asked = true;
            document.querySelector('.examples button').click();
          }
          const answered = document.querySelector('#answer [class="scale"]');
          if (answered) done({ navigation: performance.now(), load: globalThis.readyAt });
          else setTimeout(look, 5);
        };
        look();
      })),
    },
  ];
  for (const net of nets.map(findNet)) {
    const files = place(net);
    for (const name of NAMES.filter((one) => canRun(one, net) && (!engines || engines.includes(one.split(' ')[0])))) {
      const options = encodeURIComponent(JSON.stringify({ ...ENGINES[name], net: files }));
      const arrived = () => globalThis.started.then(({ navigation, load, first }) => ({ navigation, load, first }));
      visits.push({ what: { ...label(name), net: net.name }, go: () => visit(`${url}#${options}`, arrived) });
    }
  }
  try {
    const seen = visits.map(() => ({ navigation: [], load: [], first: [], mib: [] }));
    for (let round = 0; round < rounds; round++) {
      for (const at of visits.keys()) {
        const times = await visits[at].go();
        for (const [key, value] of Object.entries(times)) seen[at][key].push(Number(value.toFixed(1)));
      }
      say(`cold start: round ${round + 1} of ${rounds}\n`);
    }
    visits.forEach(({ what }, at) => {
      write('cold', { ...what, ...seen[at] });
      say(`${what.engine} ${what.tier ?? ''} ${what.net ?? ''}: ${median(seen[at].navigation).toFixed(0)} ms, ${median(seen[at].mib).toFixed(0)} MiB\n`);
    });
  } finally {
    close();
    ours.server.close();
  }
}
