// The page against the command line: the same files, the same probabilities. Dropped on the page as
// a user drops them, read from what it saves.
import assert from 'node:assert/strict';
import { basename } from 'node:path';
import { after, before, test } from 'node:test';
import { difference, films, native, originals, Worst } from '../node/support.mjs';
import { drop, finished, launch, openPage, ready, saved } from './support.mjs';

let browser;
before(async () => {
  browser = await launch();
});
after(() => browser?.close());

const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];

async function compare(t, paths) {
  const expected = native(paths);
  const { page, close } = await openPage(browser);
  try {
    await ready(page);
    await drop(page, paths);
    await finished(page, paths.length);
    const answers = await saved(page);
    assert.equal(answers.size, paths.length);
    const worst = new Worst();
    for (const path of paths) {
      const name = basename(path);
      const [here, there] = [answers.get(name), expected.get(name)];
      assert.equal(here.model.sha256, there.model.sha256, 'the page was built with another model: npm run build');
      assert.equal(here.outcome, there.outcome, `${name}: the outcomes differ`);
      assert.deepEqual(here.reasons.map(({ code }) => code), there.reasons.map(({ code }) => code), name);
      assert.equal(here.probabilities === null, there.probabilities === null, name);
      if (here.probabilities) worst.add(difference(here.probabilities, there.probabilities), name);
    }
    const judged = [...answers.values()].filter(({ probabilities }) => probabilities);
    t.diagnostic(`Chromium and native: largest difference ${worst}`);
    const steps = ['decode', 'preprocess', 'network'];
    const figures = steps.map((step) => `${step} ${median(judged.map(({ ms_steps }) => ms_steps[step])).toFixed(1)}`);
    t.diagnostic(`Chromium, median ms: ${median(judged.map(({ ms }) => ms)).toFixed(1)} (${figures.join(', ')})`);
  } finally {
    await close();
  }
}

const chosen = films();
test(`${chosen.length} films`, (t) => compare(t, chosen));

const large = originals();
test(`${large.length} full-size films`, { skip: large.length === 0 && 'the data is not at hand' }, (t) => compare(t, large));
