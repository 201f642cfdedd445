// DICOM through the package: the compressed films of the C tests, decoded by the second module.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { load } from 'pleura';
import { file, fixtures, HEIGHT, WIDTH } from './compressed.mjs';

const root = new URL('../../', import.meta.url);
const model = readFileSync(new URL('models/child-pneumonia/model.onnx', root));
const exact = ['jpeg_lossless', 'jpeg_lossless_sv1', 'jpeg_ls', 'jpeg_2000'];

for (const [name, fixture] of fixtures) {
  test(`a film in ${name} is decoded as natively`, async () => {
    const pleura = await load({ model });
    const film = await pleura.decode(file(fixture));
    assert.equal(film.width, WIDTH);
    assert.equal(film.height, HEIGHT);
    const most = exact.includes(name) ? 0 : 45 * 16;
    for (let i = 0; i < WIDTH * HEIGHT; i++) {
      const value = ((i % WIDTH) * 160 + Math.floor(i / WIDTH) * 13) % 4096;
      const grey = Math.floor((value / 4095) * 65535 + 0.5);
      assert.ok(Math.abs(film.samples[i] - grey) <= most, `${name}: grey ${i} is ${film.samples[i]}, not ${grey}`);
    }
    pleura.dispose();
  });
}

test('damaged frames are refused with the code and sentence of C, and the next film is judged', async () => {
  const pleura = await load({ model });
  for (const [name, { syntax, bytes }] of fixtures) {
    const { result } = await pleura.report(file({ syntax, bytes: bytes.subarray(0, bytes.length / 2) }), { name });
    assert.ok(['corrupt', 'truncated'].includes(result.error?.code), `${name}: ${JSON.stringify(result)}`);
    assert.match(result.error.message, /^DICOM: the JPEG(-LS| 2000)? data cannot be decoded \(.+\)\.$/);
  }
  const { result } = await pleura.report(file(fixtures.get('jpeg_ls')), { name: 'good' });
  assert.deepEqual(result.reasons.map(({ code }) => code), ['too_small']);
  pleura.dispose();
});
