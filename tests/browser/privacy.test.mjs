// Nothing leaves: told by the server, by the browser and by the page itself.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { test } from 'node:test';
import { fixtures, hostile } from '../node/support.mjs';
import { copied, drop, finished, openPage, ready, savedCsv, savedLines, suite } from './support.mjs';

const films = fixtures();
const { shared, onPage, written } = suite();

onPage('no network request between the first drop and the export', {}, async (opened) => {
  const { page, served, requested } = opened;
  assert.equal(await copied(page), 'ready');
  await page.waitForLoadState('networkidle');
  const [servedAtLoad, requestedAtLoad] = [served.length, requested.length];
  await page.click('#example');
  await finished(page, 6);
  await drop(page, [...films, ...written(hostile())]);
  await finished(page, 6 + films.length + hostile().length);
  await page.click('#pin');
  await page.click('#next');
  await savedLines(page);
  await savedCsv(page);
  for (const view of ['model', 'trust', 'films']) await page.click(`[data-view=${view}]`);
  await page.click('#clear');
  await page.waitForTimeout(400);
  assert.deepEqual(served.slice(servedAtLoad), []);
  assert.deepEqual(requested.slice(requestedAtLoad), []);
  assert.equal(await page.textContent('#requests'), '0');
  // Everything came from the one origin, and the policy was in force for each answer.
  assert.ok(requested.every((address) => address.startsWith(opened.url)));
});

test('a planted beacon is stopped by the policy', async () => {
  const heard = [];
  const elsewhere = createServer((request, response) => {
    heard.push(request.url);
    response.writeHead(200, { 'Access-Control-Allow-Origin': '*' }).end();
  });
  await new Promise((done) => elsewhere.listen(0, '127.0.0.1', done));
  const target = `http://127.0.0.1:${elsewhere.address().port}/`;
  const { page, close } = await openPage(shared.browser);
  try {
    await ready(page);
    const fetched = (address) => fetch(address, { mode: 'no-cors' }).then(() => 'sent', () => 'refused');
    assert.equal(await page.evaluate(fetched, `${target}fetch`), 'refused');
    for (const worker of page.workers()) assert.equal(await worker.evaluate(fetched, `${target}worker`), 'refused');
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
  } finally {
    await close();
    elsewhere.close();
  }
});

test('a request to the own origin is counted, by the page and by a worker', async () => {
  const { page, url, close } = await openPage(shared.browser);
  try {
    await ready(page);
    const whole = (address) => fetch(address).then((answer) => answer.blob()).then(({ size }) => size);
    const counted = (wanted) => page.waitForFunction((count) => document.querySelector('#requests').textContent === count, wanted);
    await counted('0');
    await page.evaluate(whole, `${url}model.onnx`);
    await counted('1');
    const worker = page.workers().find((one) => /\/worker-/.test(one.url()));
    await worker.evaluate(whole, `${url}model.onnx`);
    await page.click('#example');
    await finished(page, 6);
    await counted('2');
  } finally {
    await close();
  }
});
