import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import type { Example } from '../../src/dataset/example.js';
import { groupsOf } from '../../src/dataset/groups.js';
import { hammingDistance, hashWords, nearDuplicateBits, perceptualHash } from '../../src/dataset/perceptual-hash.js';
import { keyedRandom } from '../../src/lib/seeded-random.js';
import { checkSplitClasses, patientsOnBothSides, splitExamples, type Part, type Split } from '../../src/dataset/split.js';
import { drawTestLock, isLocked, openTestLock } from '../../src/dataset/test-lock.js';
import { isFault } from '../support/fault.js';

const folder = mkdtempSync(join(tmpdir(), 'split-'));
after(() => rmSync(folder, { recursive: true, force: true }));

/** Patients of one to four images, two sources, three classes of unequal size; a hash far from every other. */
function examples(patients = 200, from = 0): Example[] {
  const draws = keyedRandom('examples', from);
  return Array.from({ length: patients }, (_, offset) => {
    const patient = offset + from;
    const source = patient % 3 === 0 ? 'north' : 'south';
    const label = draws.next() < 0.7 ? 'common' : draws.next() < 0.7 ? 'seldom' : 'rare';
    return Array.from(
      { length: 1 + Math.floor(draws.next() * 4) },
      (_unused, image): Example => ({
        key: `image-${patient}-${image}`,
        patient: `${source}/${patient}`,
        source,
        view: 'PA',
        labels: [label],
        perceptualHash: Array.from({ length: 64 }, () => Math.floor(draws.next() * 16).toString(16)).join(''),
      }),
    );
  }).flat();
}

const shareOf = (split: Split, part: Part): number => split.parts.filter((one) => one === part).length / split.parts.length;
const partByKey = (all: readonly Example[], split: Split): ReadonlyMap<string, Part> =>
  new Map(all.map(({ key }, index) => [key, split.parts[index]!]));
const created = '2026-01-02';

describe('perceptual hash', () => {
  const pictures = JSON.parse(readFileSync(new URL('../../../tests/fixtures/training/hashes.json', import.meta.url), 'utf8')) as {
    height: number;
    width: number;
    pixels: number[];
    hash: string;
    imagehash: string;
  }[];
  for (const { height, width, pixels, hash, imagehash } of pictures) {
    test(`as scipy has it, ${width} × ${height}`, () => {
      const found = perceptualHash({ width, height, values: Float32Array.from(pixels, (value) => value / 255), pixelAspect: 1 });
      const bits = hammingDistance(hashWords(found), hashWords(hash));
      // frequencies that lie on the median itself may fall on either side
      assert.ok(bits <= 2, `${bits} bits of 256 differ`);
      assert.ok(
        hammingDistance(hashWords(found), hashWords(imagehash)) < nearDuplicateBits,
        'imagehash itself, which resizes by another filter, is a near-duplicate',
      );
    });
  }
});

describe('split', () => {
  test('no patient on two sides, shares kept, each stratum in each part', () => {
    const all = examples();
    const split = splitExamples(all, { seed: 1, shares: { validation: 0.2, calibration: 0.1 } });
    assert.equal(patientsOnBothSides(all, split.parts), 0);
    assert.ok(Math.abs(shareOf(split, 'validation') - 0.2) < 0.03 && Math.abs(shareOf(split, 'calibration') - 0.1) < 0.03);
    for (const part of ['train', 'validation', 'calibration'] as const) {
      const strata = new Set(all.filter((_, index) => split.parts[index] === part).map(({ source, labels }) => `${source} ${labels[0]}`));
      assert.equal(strata.size, 6, `${part} holds every class of every source`);
    }
    assert.deepEqual(split.warnings, []);
  });

  test('the same seed splits the same, in whatever order the images come; another seed otherwise', () => {
    const all = examples();
    const options = { seed: 5, shares: { validation: 0.2 } };
    const one = partByKey(all, splitExamples(all, options));
    const turned = all.toReversed();
    assert.deepEqual([...partByKey(turned, splitExamples(turned, options))].sort(), [...one].sort());
    assert.notDeepEqual([...partByKey(all, splitExamples(all, { ...options, seed: 6 }))], [...one]);
  });

  test('near-duplicates stay together, over patients', () => {
    const all = examples(60);
    const [first] = all;
    const near = `${first!.perceptualHash!.slice(0, -2)}00`;
    const twin: Example = { ...all.at(-1)!, key: 'twin', patient: 'north/another', perceptualHash: near };
    const groups = groupsOf([...all, twin]);
    assert.equal(groups.at(-1), groups[0]);
    for (let seed = 0; seed < 20; seed++) {
      const { parts } = splitExamples([...all, twin], { seed, shares: { validation: 0.4 } });
      assert.equal(parts.at(-1), parts[0]);
    }
    assert.equal(new Set(groupsOf(all)).size, 60, 'and nothing else is joined');
  });

  test('by file: possible, with a warning that the figures are too good', () => {
    const all = examples();
    const { parts, warnings } = splitExamples(all, { seed: 1, shares: { validation: 0.2 }, unit: 'file' });
    const both = patientsOnBothSides(all, parts);
    assert.ok(both > 20);
    assert.match(warnings.join(), new RegExp(`split by file: ${both} of 200 patients have images on both sides`));
  });

  test('leaving one source out: nothing of it, and nothing like it, is trained on', () => {
    const all = examples();
    const north = all.find(({ source }) => source === 'north')!;
    const twin: Example = { ...north, key: 'twin', patient: 'south/twin', source: 'south' };
    const split = splitExamples([...all, twin], { seed: 1, shares: { validation: 0.2 }, leaveOut: ['north'] });
    [...all, twin].forEach(({ source, key }, index) => {
      if (source === 'north') assert.equal(split.parts[index], 'left-out');
      else if (key === 'twin') assert.equal(split.parts[index], 'excluded');
      else assert.ok(['train', 'validation'].includes(split.parts[index]!));
    });
    assert.throws(() => splitExamples(all, { seed: 1, shares: { validation: 0.2 }, leaveOut: ['west'] }), isFault('dataset-invalid'));
  });

  test('what cannot be split is refused, saying why', () => {
    const one = examples(1);
    assert.throws(
      () => splitExamples(one, { seed: 1, shares: { validation: 0.2 } }),
      /expected images of at least two patients, found \d images of 1/,
    );
    const alone = examples(20).map((example) => ({ ...example, labels: ['common'] }));
    const { parts } = splitExamples(alone, { seed: 1, shares: { validation: 0.2 } });
    assert.throws(
      () => checkSplitClasses(alone, parts, ['common', 'rare'], 'one-of-many'),
      /expected images of at least two classes to train on, found \d+ images of common alone/,
    );
    assert.throws(() => checkSplitClasses(alone, parts, ['common'], 'several'), isFault('dataset-invalid'));
    assert.deepEqual(
      checkSplitClasses(
        examples(),
        splitExamples(examples(), { seed: 1, shares: { validation: 0.2 } }).parts,
        ['common', 'seldom', 'rare', 'unseen'],
        'one-of-many',
      ),
      ['no image of unseen to train on: the network cannot learn it'],
    );
  });
});

describe('the locked test set', () => {
  test('is drawn once; later images never move a patient in or out', async () => {
    const path = join(folder, 'lock.json');
    const first = examples(100);
    const lock = await openTestLock(path, first, { seed: 3, share: 0.2, created });
    const before = partByKey(first, splitExamples(first, { seed: 3, shares: { validation: 0.2 }, lock }));
    const tested = [...before].filter(([, part]) => part === 'test');
    assert.ok(Math.abs(tested.length / first.length - 0.2) < 0.05);
    assert.ok(!readFileSync(path, 'utf8').includes('north'), 'nobody is named');

    const more = [...examples(100), ...examples(300, 100)];
    const again = await openTestLock(path, more, { seed: 99, share: 0.5, created });
    assert.deepEqual(again, lock);
    const after = partByKey(more, splitExamples(more, { seed: 99, shares: { validation: 0.2 }, lock: again }));
    for (const [key] of before) assert.equal(after.get(key) === 'test', before.get(key) === 'test', key);
    assert.deepEqual(
      [...after]
        .filter(([, part]) => part === 'test')
        .map(([key]) => key)
        .sort(),
      tested.map(([key]) => key).sort(),
    );
  });

  test('a new patient with a picture of the test set is on no side', () => {
    const all = examples(100);
    const lock = drawTestLock(all, { seed: 3, share: 0.2, created });
    const locked = all.find(({ patient }) => isLocked(lock, patient))!;
    const late: Example = { ...locked, patient: 'elsewhere/1' };
    const { parts, warnings } = splitExamples([...all, late], { seed: 3, shares: { validation: 0.2 }, lock });
    assert.equal(parts.at(-1), 'excluded');
    assert.match(warnings.join(), /1 images are near-duplicates/);
  });

  test('a lock that was changed by hand is refused', async () => {
    const path = join(folder, 'changed.json');
    const all = examples(50);
    const lock = await openTestLock(path, all, { seed: 3, share: 0.2, created });
    writeFileSync(path, JSON.stringify({ ...lock, patients: lock.patients.slice(1) }));
    await assert.rejects(openTestLock(path, all, { seed: 3, share: 0.2, created }), /the test lock was changed/);
    writeFileSync(path, '{');
    await assert.rejects(openTestLock(path, all, { seed: 3, share: 0.2, created }), isFault('dataset-invalid'));
  });
});
