// The page as it is shipped, in headless Chromium.
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { blank, fixtures, hostile } from '../node/support.mjs';
import { drop, finished, launch, openPage, ready, ROOT, rows, saved } from './support.mjs';

const films = fixtures();
const axe = readFileSync(fileURLToPath(import.meta.resolve('axe-core/axe.min.js')), 'utf8');
let browser;
let folder;

before(async () => {
  browser = await launch();
  folder = mkdtempSync(join(tmpdir(), 'pleura-'));
});

after(async () => {
  await browser?.close();
  if (folder) rmSync(folder, { recursive: true });
});

/** Runs a test on a fresh page that must not complain, neither in its console nor by exceptions. */
function onPage(name, options, body) {
  test(name, async (t) => {
    const opened = await openPage(browser, options);
    try {
      await ready(opened.page);
      await body(opened, t);
      assert.deepEqual(opened.complaints, [], 'the page complained');
    } finally {
      await opened.close();
    }
  });
}

/** What axe finds wrong with the page as it stands: contrast, names, roles, order of headings. */
async function barriers(page) {
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => globalThis.axe.run());
  return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(', ')}`);
}

function written(files) {
  return files.map(({ name, bytes }) => {
    const path = join(folder, name);
    writeFileSync(path, bytes);
    return path;
  });
}

onPage('says what it is, for whom, and that nothing is uploaded', {}, async ({ page }) => {
  const notice = await page.textContent('.notice');
  assert.match(notice, /research tool, not a medical device/i);
  assert.match(notice, /nothing is uploaded/i);
  assert.match(await page.textContent('#population'), /children.*1 to 5 years.*Guangzhou/is);
  assert.match(await page.textContent('#tier'), /relaxed SIMD/);
  assert.match(await page.textContent('#model'), /child-pneumonia/);
  assert.equal(await page.textContent('#requests'), '0');
});

onPage('an example gives an answer with probabilities and time', {}, async ({ page }) => {
  await page.click('#example');
  await finished(page, 1);
  const [row] = await rows(page);
  assert.ok(['finding', 'no_finding', 'cannot_say'].includes(row.state));
  for (const text of ['Pneumonia', 'Normal', 'Bacterial pneumonia', 'Viral pneumonia', 'Threshold']) {
    assert.ok(row.text.includes(text), `${text} is missing from: ${row.text}`);
  }
  assert.match(row.text, /\d ms: decoding .* ms, preparing .* ms, network .* ms/);
  assert.match(await page.textContent('#status'), /\.jpg: .+/);
  // Every example has a picture and a button of its own.
  await page.locator('.examples button').last().click();
  await finished(page, 2);
});

onPage('files that are no films give one row each, and nothing else breaks', {}, async ({ page }) => {
  const bad = hostile();
  await drop(page, [films[0], ...written(bad), films[1]]);
  await finished(page, bad.length + 2);
  const shown = await rows(page);
  assert.deepEqual(shown.map(({ name }) => name), [films[0], ...bad.map(({ name }) => name), films[1]].map((path) => basename(path)));
  bad.forEach(({ name, code }, place) => {
    const row = shown[place + 1];
    assert.equal(row.state, 'error', name);
    assert.equal(row.code, code, name);
  });
  assert.ok(shown[0].state !== 'error' && shown.at(-1).state !== 'error');
  assert.match(await page.textContent('#summary'), new RegExp(`${bad.length} not classified`));
  // Still alive: the next film is classified.
  await drop(page, [films[2]]);
  await finished(page, bad.length + 3);
  assert.notEqual((await rows(page))[0].state, 'error');
});

onPage('what cannot be judged says why', {}, async ({ page }) => {
  await drop(page, written([{ name: 'blank.png', bytes: blank(400, 400) }]));
  await finished(page, 1);
  const [row] = await rows(page);
  assert.equal(row.state, 'cannot_say');
  assert.equal(row.title, 'Cannot say');
  assert.equal(row.code, 'blank');
  assert.equal(await page.locator('.row .bar').count(), 0, 'there are no probabilities to misread');
});

onPage('a folder is searched, hidden files are passed over', {}, async ({ page }) => {
  const inner = join(folder, 'films', 'inner');
  mkdirSync(inner, { recursive: true });
  writeFileSync(join(folder, 'films', '.DS_Store'), 'x');
  writeFileSync(join(folder, 'films', 'a.jpg'), readFileSync(films[0]));
  writeFileSync(join(inner, 'b.jpg'), readFileSync(films[1]));
  await drop(page, [join(folder, 'films')]);
  await finished(page, 2);
  assert.deepEqual((await rows(page)).map(({ name }) => name).sort(), ['a.jpg', 'b.jpg']);
  mkdirSync(join(folder, 'nothing'));
  await drop(page, [join(folder, 'nothing')]);
  await page.waitForFunction(() => document.querySelector('#message').textContent !== '');
  assert.equal((await rows(page)).length, 2);
});

onPage('a film can be pasted; text cannot, nor dropped', {}, async ({ page }) => {
  await drop(page, [], [{ mimeType: 'text/plain', data: 'no film' }]);
  await page.waitForFunction(() => /no file/.test(document.querySelector('#message').textContent));
  const paste = (base64) =>
    page.evaluate((encoded) => {
      const clipboardData = new DataTransfer();
      if (encoded) {
        const bytes = Uint8Array.from(atob(encoded), (letter) => letter.charCodeAt(0));
        clipboardData.items.add(new File([bytes], 'image.png', { type: 'image/png' }));
      } else {
        clipboardData.setData('text/plain', 'no film');
      }
      document.body.dispatchEvent(new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true }));
    }, base64);
  await paste(null);
  assert.match(await page.textContent('#message'), /no image/i);
  await paste(readFileSync(films[0]).toString('base64'));
  await finished(page, 1);
  assert.equal(await page.textContent('#message'), '');
  assert.notEqual((await rows(page))[0].state, 'error');
});

onPage('no network request after load, by the server, the browser and the page itself', {}, async (opened) => {
  const { page, served, requested } = opened;
  await page.waitForLoadState('networkidle');
  const [servedAtLoad, requestedAtLoad] = [served.length, requested.length];
  await page.click('#example');
  await finished(page, 1);
  await drop(page, [...films, ...written(hostile())]);
  await finished(page, 1 + films.length + hostile().length);
  await saved(page);
  await Promise.all([page.waitForEvent('download'), page.click('#save-csv')]);
  await page.click('#clear');
  assert.deepEqual(served.slice(servedAtLoad), []);
  assert.deepEqual(requested.slice(requestedAtLoad), []);
  assert.equal(await page.textContent('#requests'), '0');
  // Everything came from the one origin, and the policy was in force for each answer.
  assert.ok(requested.every((address) => address.startsWith(opened.url)));
});

test('a planted beacon is stopped by the policy, and a request to the own origin is counted', async () => {
  const heard = [];
  const elsewhere = createServer((request, response) => {
    heard.push(request.url);
    response.writeHead(200, { 'Access-Control-Allow-Origin': '*' }).end();
  });
  await new Promise((done) => elsewhere.listen(0, '127.0.0.1', done));
  const target = `http://127.0.0.1:${elsewhere.address().port}/`;
  const { page, url, close } = await openPage(browser);
  try {
    await ready(page);
    const fetched = (address) => fetch(address, { mode: 'no-cors' }).then(() => 'sent', () => 'refused');
    assert.equal(await page.evaluate(fetched, `${target}fetch`), 'refused');
    const [worker] = page.workers();
    assert.equal(await worker.evaluate(fetched, `${target}worker`), 'refused');
    await page.evaluate((address) => {
      navigator.sendBeacon(`${address}beacon`, 'film');
      new Image().src = `${address}image`;
      const script = document.createElement('script');
      script.src = `${address}script`;
      document.head.append(script);
      const frame = document.createElement('iframe');
      frame.src = `${address}frame`;
      document.body.append(frame);
    }, target);
    await page.waitForTimeout(500);
    assert.deepEqual(heard, []);

    // The counter is no decoration: it may count refused attempts, and must count the others.
    const counted = Number(await page.textContent('#requests'));
    const whole = (address) => fetch(address).then((answer) => answer.blob()).then(({ size }) => size);
    await page.evaluate(whole, `${url}model.onnx`);
    await page.waitForFunction((wanted) => Number(document.querySelector('#requests').textContent) === wanted, counted + 1);
    await worker.evaluate(whole, `${url}model.onnx`);
    await page.click('#example');
    await finished(page, 1);
    assert.equal(Number(await page.textContent('#requests')), counted + 2);
  } finally {
    await close();
    elsewhere.close();
  }
});

onPage('works without a mouse', {}, async ({ page }) => {
  const focused = () =>
    page.evaluate(() => {
      const element = document.activeElement;
      const { outlineStyle, outlineWidth } = getComputedStyle(element);
      return { id: element.id, text: element.textContent.trim(), ring: outlineStyle !== 'none' && outlineWidth !== '0px' };
    });
  const tabTo = async (id) => {
    const passed = [];
    for (let presses = 0; presses < 40; presses++) {
      await page.keyboard.press('Tab');
      const at = await focused();
      passed.push(at.id || at.text);
      assert.ok(at.ring, `the focus cannot be seen on ${at.id || at.text}`);
      if (at.id === id) return passed;
    }
    return assert.fail(`#${id} is not reached by Tab: ${passed.join(', ')}`);
  };

  // Listened for well before: the browser has to be told first, and a key is faster.
  const chosen = page.waitForEvent('filechooser');
  await tabTo('choose');
  await page.keyboard.press('Enter');
  const chooser = await chosen;
  assert.ok(chooser.isMultiple());
  await chooser.setFiles(films.slice(0, 2));
  await finished(page, 2);

  await tabTo('example');
  await page.keyboard.press('Space');
  await finished(page, 3);

  await tabTo('save-csv');
  const [download] = await Promise.all([page.waitForEvent('download'), page.keyboard.press('Enter')]);
  const csv = readFileSync(await download.path(), 'utf8').trim().split('\n');
  assert.equal(csv.length, 4);
  assert.match(csv[0], /^file,outcome,finding,p_normal,/);

  await tabTo('clear');
  await page.keyboard.press('Enter');
  assert.equal((await rows(page)).length, 0);
  assert.equal((await focused()).id, 'choose', 'the focus is kept when its button goes');
});

onPage('many films can be cancelled', {}, async ({ page }) => {
  const copies = written(
    Array.from({ length: 120 }, (_, i) => ({ name: `film-${i}.jpg`, bytes: readFileSync(films[i % films.length]) })),
  );
  await page.evaluate(() => {
    new MutationObserver((_, observer) => {
      if (document.querySelector('#working').hidden) return;
      observer.disconnect();
      document.querySelector('#cancel').click();
    }).observe(document.querySelector('#working'), { attributes: true });
  });
  await drop(page, copies);
  await finished(page, copies.length);
  const states = (await rows(page)).map(({ state }) => state);
  assert.ok(states.includes('cancelled'));
  assert.ok(!states.includes('error'));
  assert.ok(await page.locator('#working').isHidden());
  await page.click('#example');
  await finished(page, copies.length + 1);
});

for (const [width, height] of [[360, 740], [768, 1024], [1280, 900]]) {
  for (const colorScheme of ['dark', 'light']) {
    onPage(`fits ${width} px, ${colorScheme}`, { viewport: { width, height }, colorScheme, reducedMotion: 'reduce' }, async ({ page }) => {
      const overflow = () => page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      assert.equal(await overflow(), 0);
      const long = `${'a-long-name-without-a-place-to-break-'.repeat(4)}.jpg`;
      await drop(page, [films[0], films[4], ...written([{ name: long, bytes: Buffer.from('text') }]), films[8]]);
      await finished(page, 4);
      await page.locator('footer summary').click();
      assert.equal(await overflow(), 0);
      assert.deepEqual(await barriers(page), []);
      await page.locator('footer summary').click();
      // What a finger must hit is as large as one.
      const small = await page.locator('button:visible').evaluateAll((buttons) =>
        buttons.filter((button) => button.getBoundingClientRect().height < 44).map(({ id }) => id),
      );
      assert.deepEqual(small, []);
      const shots = join(ROOT, 'build/screenshots');
      mkdirSync(shots, { recursive: true });
      await page.evaluate(() => scrollTo(0, 0));
      // Rows off the screen are drawn only when they come near it.
      await page.locator('.row').evaluateAll((list) => list.forEach(({ style }) => (style.contentVisibility = 'visible')));
      await page.screenshot({ path: join(shots, `page-${width}-${colorScheme}.png`), fullPage: true });
    });
  }
}

onPage('the picture in the README', { viewport: { width: 1280, height: 1400 }, colorScheme: 'dark' }, async ({ page }) => {
  for (const [before, place] of [2, 1, 0].entries()) {
    await page.locator('.examples button').nth(place).click();
    await finished(page, before + 1);
  }
  await page.mouse.move(0, 0);
  await page.waitForFunction(() => [...document.querySelectorAll('.row canvas')].every(({ width }) => width !== 96));
  await page.evaluate(() => scrollTo(0, 0));
  const where = process.env.UPDATE_SCREENSHOTS === '1' ? 'docs/images' : 'build/screenshots';
  mkdirSync(join(ROOT, where), { recursive: true });
  await page.screenshot({ path: join(ROOT, where, 'page.png') });
});

test('progress shows while the model comes, and films that came first wait for it', async () => {
  let deliver;
  const held = new Promise((done) => (deliver = done));
  const { page, complaints, close } = await openPage(browser, {
    before: (fresh) => fresh.route('**/model.onnx', (route) => held.then(() => route.continue())),
  });
  try {
    assert.ok(await page.locator('#loading-bar').isVisible());
    assert.match(await page.textContent('#loading-text'), /Loading/);
    assert.ok(await page.locator('#example').isDisabled());
    await drop(page, films.slice(0, 2));
    assert.deepEqual((await rows(page)).map(({ state }) => state), ['waiting', 'waiting']);
    deliver();
    await finished(page, 2);
    assert.ok(await page.locator('#loading').isHidden());
    assert.ok((await rows(page)).every(({ state }) => state !== 'error'));
    assert.deepEqual(complaints, []);
  } finally {
    deliver();
    await close();
  }
});

onPage('works in any folder of a host', { root: join(ROOT, 'web'), path: 'dist/' }, async ({ page }) => {
  await page.click('#example');
  await finished(page, 1);
  assert.notEqual((await rows(page))[0].state, 'error');
});

test('a server that lacks the model leaves a sentence, not a blank page', async () => {
  const { page, close } = await openPage(browser, {
    before: (fresh) => fresh.route('**/model.onnx', (route) => route.fulfill({ status: 404, body: 'gone' })),
  });
  try {
    await page.waitForFunction(() => document.querySelector('#message').textContent !== '');
    assert.match(await page.textContent('#message'), /could not be loaded.*model\.onnx.*404.*\(file\)/s);
    assert.ok(await page.locator('#loading').isHidden());
  } finally {
    await close();
  }
});

test('a worker that dies rejects what is pending, and the page says so', async () => {
  const { page, close } = await openPage(browser);
  try {
    await ready(page);
    const [worker] = page.workers();
    // An exception outside of any call, as a fault of the browser or of ours would be.
    await worker.evaluate(() => {
      globalThis.onmessage = () => {
        throw new Error('planted');
      };
    });
    await drop(page, films.slice(0, 2));
    await finished(page, 2);
    assert.deepEqual((await rows(page)).map(({ state, code }) => [state, code]), [['error', 'worker'], ['error', 'worker']]);
    assert.match(await page.textContent('#message'), /Reload the page/);
  } finally {
    await close();
  }
});
