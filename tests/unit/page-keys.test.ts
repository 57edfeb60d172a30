import assert from 'node:assert/strict';
import { test } from 'node:test';
import { imageActionOf, imageCharacters, imageKeys, type ImageActions } from '../../src/web/image/keys.js';
import { keyBindings, type KeyBinding, type KeyScope } from '../../src/web/keys.js';
import { isDone } from '../../src/web/repeated-key.js';

test('on each view a key does one thing, the keys of the image included', () => {
  for (const scope of ['worklist', 'study', 'viewer'] as const) {
    const own = keyBindings
      .filter(({ scopes }) => (scopes as readonly KeyScope[]).includes(scope))
      .flatMap(({ keys }) => [...keys] as string[]);
    const all = [...own, ...(scope === 'study' ? imageCharacters : [])];
    assert.ok(all.length > 5, scope);
    assert.deepEqual(
      all.filter((key, index) => all.indexOf(key) !== index),
      [],
      scope,
    );
  }
});

test('every key in the list of the image does something, and every key that does something is in the list', () => {
  const named: Readonly<Record<string, string>> = {
    '−': '-',
    '←': 'ArrowLeft',
    '→': 'ArrowRight',
    '↑': 'ArrowUp',
    '↓': 'ArrowDown',
    PgUp: 'PageUp',
    PgDn: 'PageDown',
  };
  for (const { key, bindings } of imageKeys) {
    const listed = key
      .replace(/^Shift \+ /, '')
      .split(' ')
      .map((one) => named[one] ?? one);
    // '+' without Shift on an English keyboard.
    assert.deepEqual(
      bindings.flatMap(({ keys }) => keys).filter((one) => one !== '='),
      listed,
      key,
    );
  }
});

test('a key of the image that is held down repeats zoom, pan, slices and opacity, and nothing else', () => {
  const calls: string[] = [];
  const record = (name: string) => () => void calls.push(name);
  const actions = Object.fromEntries(
    [
      'invert',
      'reset',
      'fullScreen',
      'toggleHeatMap',
      'toggleRegions',
      'changeOpacity',
      'togglePrior',
      'nextWindow',
      'toggleMode',
      'nextImage',
      'zoom',
      'pan',
      'scroll',
    ].map((name) => [name, record(name)]),
  ) as unknown as ImageActions;
  const held = (key: string, shiftKey = false): void => {
    const action = imageActionOf({ key, shiftKey, repeat: true }, true);
    if (typeof action === 'function') action(actions);
  };
  for (const key of [...imageCharacters, 'ArrowUp', 'PageDown']) held(key);
  held('ArrowUp', true);
  assert.deepEqual([...new Set(calls)].sort(), ['changeOpacity', 'pan', 'scroll', 'zoom']);
  assert.equal(imageActionOf({ key: 'ArrowUp', shiftKey: false, repeat: false }, false), undefined, 'arrows belong to the page');
  assert.equal(imageActionOf({ key: 'i', shiftKey: false, repeat: true }, false), 'ignored');
  assert.equal(typeof imageActionOf({ key: 'i', shiftKey: false, repeat: false }, false), 'function');
});

test('the strip beside OHIF takes no letter that OHIF uses, unless the strip has the focus', () => {
  const ofOhif = new Set(['a', 'b', 'c', 'e', 'h', 'i', 'l', 'n', 'r', 'v', 'z']);
  const taken = keyBindings
    .filter((one: KeyBinding) => one.scopes.includes('viewer') && one.focused === undefined)
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
