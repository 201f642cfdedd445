// What a first visit asks for, and when.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { launch, openPage, ready } from './support.mjs';

const large = (address) => /\.(onnx|wasm)$/.test(address);

async function opening(before, body) {
  const browser = await launch();
  try {
    const opened = await openPage(browser, { before });
    try {
      await body(opened);
    } finally {
      await opened.close();
    }
  } finally {
    await browser.close();
  }
}

test('module and model do not come before the first paint', async () => {
  let release;
  const held = new Promise((done) => (release = done));
  const asked = [];
  let begun;
  const begins = new Promise((done) => (begun = done));
  const before = async (page) => {
    page.on('request', (request) => asked.push(request.url()));
    page.on('requestfinished', (request) => /\/beginning-/.test(request.url()) && begun());
    // Nothing is painted without the styles.
    await page.route('**/*.css', (route) => held.then(() => route.continue()));
    const visit = page.goto.bind(page);
    page.goto = (address) => visit(address, { waitUntil: 'commit' });
  };
  await opening(before, async ({ page, complaints }) => {
    await begins;
    await page.waitForTimeout(500);
    assert.deepEqual(asked.filter(large), []);
    release();
    await ready(page);
    assert.equal(asked.filter(large).length, 2, asked.join('\n'));
    assert.deepEqual(complaints, []);
  });
});

test('in a window that is never painted the classifier is loaded all the same', async () => {
  const before = (page) => page.addInitScript(() => (globalThis.requestAnimationFrame = () => 0));
  await opening(before, async ({ page, complaints }) => {
    await page.waitForFunction(() => document.documentElement.dataset.started, null, { polling: 100 }); // by frames otherwise
    assert.deepEqual(complaints, []);
  });
});
