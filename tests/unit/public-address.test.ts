import assert from 'node:assert/strict';
import { test } from 'node:test';
import { basePathOf, publicAddress } from '../../src/lib/public-address.js';

test('addresses of the service below its base path', () => {
  assert.deepEqual(
    [undefined, 'https://ai.example', 'https://ai.example/', 'https://a.example/ai', 'https://a.example/x/ai/'].map(basePathOf),
    ['', '', '', '/ai', '/x/ai'],
  );
  assert.equal(publicAddress('https://ai.example', '/study/1.2'), 'https://ai.example/study/1.2');
  assert.equal(publicAddress('https://a.example/ai/', '/study/1.2'), 'https://a.example/ai/study/1.2');
});
