import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  between,
  gaussian,
  keyedRandom,
  mulberry32,
  seededFractions,
  seededWords,
  shuffled,
  textSeeded,
} from '../../src/lib/seeded-random.js';

/* The expected numbers are those of releases 0.1.0 and 0.2.0: golden files and checkpoints of training runs depend on them. */

test('each named generator gives the sequence of earlier releases', () => {
  const keyed = keyedRandom('order', 42, 3);
  assert.deepEqual([keyed.next(), keyed.next(), keyed.uniform(-1, 1)], [0.8805658293422312, 0.7733010652009398, -0.5133968163281679]);
  assert.deepEqual([...seededWords('features.conv0.weight', 4)], [527507878, 2835013182, 3114648680, 2302263467]);
  assert.deepEqual([...seededFractions('é', 2)], [0.5557760463561863, 0.4971207862254232]);
  const integer = mulberry32(42);
  assert.deepEqual([integer(), integer(), integer()], [0.6011037519201636, 0.44829055899754167, 0.8524657934904099]);
  assert.equal(mulberry32(-1)(), 0.8964226141106337);
  const text = textSeeded('anatomy 7');
  assert.deepEqual(
    [text(), text(), gaussian(text), between(text, 2, 5)],
    [0.6291581944096833, 0.9599318574182689, -0.5807870840062267, 2.6415939768776298],
  );
});

test('shuffling gives the order of earlier releases and leaves its argument as it is', () => {
  const values = [1, 2, 3, 4, 5, 6, 7, 8];
  assert.deepEqual(shuffled(values, keyedRandom('x', 1).next), [6, 5, 8, 3, 4, 1, 7, 2]);
  assert.deepEqual(shuffled(values, mulberry32(1)), [3, 2, 7, 8, 5, 4, 1, 6]);
  assert.deepEqual(values, [1, 2, 3, 4, 5, 6, 7, 8]);
});
