import assert from 'node:assert/strict';
import { test } from 'node:test';
import { imageKeys } from '../../src/web/image/keys.js';
import { keyBindings, type KeyScope } from '../../src/web/keys.js';
import { isDone } from '../../src/web/repeated-key.js';

test('on each view a key does one thing, the keys of the image included', () => {
  for (const scope of ['worklist', 'study', 'viewer'] as const) {
    const own = keyBindings
      .filter(({ scopes }) => (scopes as readonly KeyScope[]).includes(scope))
      .flatMap(({ keys }) => [...keys] as string[]);
    const ofImage = scope === 'study' ? imageKeys.flatMap(({ key }) => key.split(/ \+ | /)) : [];
    const all = [...own, ...ofImage.filter((key) => key.length === 1)];
    assert.ok(all.length > 5, scope);
    assert.deepEqual(
      all.filter((key, index) => all.indexOf(key) !== index && !['←', '→', '↑', '↓'].includes(key)),
      [],
      scope,
    );
  }
});

test('the strip beside OHIF takes no letter that OHIF uses', () => {
  const ofOhif = new Set(['a', 'b', 'c', 'e', 'h', 'i', 'l', 'n', 'r', 'v', 'z']);
  const taken = keyBindings
    .filter(({ scopes }) => (scopes as readonly KeyScope[]).includes('viewer'))
    .flatMap(({ keys }) => [...keys] as string[]);
  assert.deepEqual(
    taken.filter((key) => ofOhif.has(key)),
    [],
  );
});

test('a key that is held down moves on and on, and decides once', () => {
  const repeated = keyBindings.filter(({ action }) => isDone(action, { repeat: true })).map(({ action }) => action);
  assert.deepEqual(repeated, ['down', 'up', 'nextFinding', 'previousFinding']);
  assert.ok(keyBindings.every(({ action }) => isDone(action, { repeat: false })));
});
