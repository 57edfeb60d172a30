import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { StudyInstanceUID } from '../../src/dicom/uid.js';
import { Fault } from '../../src/errors.js';
import { checkGuardSource } from '../../src/commands/models-guard.js';
import type { SearchForStudies } from '../../src/reporting/every-study.js';
import { fitGuard } from '../../src/retraining/fit-guard.js';
import { newestStudies } from '../../src/retraining/newest-studies.js';

const now = new Date(2026, 10, 29);

/** A PACS with a study every day, unsorted, every fifth one a CT; it remembers what it was asked. */
function pacsOf(days: number): { readonly search: SearchForStudies; readonly queries: string[] } {
  const dateOf = (day: number): string => {
    const date = new Date(2026, 10, 29 - day);
    return `${date.getFullYear()}${String(date.getMonth() + 1).padStart(2, '0')}${String(date.getDate()).padStart(2, '0')}`;
  };
  const all = Array.from({ length: days }, (_, day) => ({
    StudyInstanceUID: `1.2.${day}`,
    StudyDate: dateOf(day),
    ModalitiesInStudy: [day % 5 === 4 ? 'CT' : 'DX'],
  })).sort((one, other) => (one.StudyInstanceUID < other.StudyInstanceUID ? 1 : -1));
  const queries: string[] = [];
  return {
    queries,
    search: async ({ StudyDate = '' }, { offset, limit }) => {
      if (offset === 0) queries.push(StudyDate);
      const from = StudyDate.replace('-', '');
      return all.filter((one) => one.StudyDate >= from).slice(offset, offset + limit);
    },
  };
}

test('the newest studies of a kind, newest first, from the narrowest window of time that has enough', async () => {
  const pacs = pacsOf(400);
  const studies = await newestStudies(pacs.search, 'xray', 20, now);
  assert.equal(pacs.queries.length, 2, 'a week has too few, a month enough');
  assert.deepEqual(studies.slice(0, 6), ['1.2.0', '1.2.1', '1.2.2', '1.2.3', '1.2.5', '1.2.6']);
  assert.ok(studies.length >= 20 && studies.length < 40);
  assert.deepEqual((await newestStudies(pacs.search, 'ct', 3, now)).slice(0, 2), ['1.2.4', '1.2.9']);
  const whole = pacsOf(30);
  assert.equal((await newestStudies(whole.search, 'xray', 500, now)).length, 24, 'all, if there are no more');
  assert.deepEqual(whole.queries.at(-1), '');
});

test('too few images: one sentence with the number that is needed and where the others went', () => {
  const embeddings = Array.from({ length: 37 }, (_, index) => ({ group: `${index}`, embedding: Float32Array.of(index) }));
  assert.throws(
    () => fitGuard({ embeddings, seen: 60, otherStudies: 12, unreadable: 3 }, 8),
    (error) =>
      error instanceof Fault &&
      error.code === 'dataset-invalid' &&
      /expected at least 100 images for the feature guard, found 37 in 60 studies or files \(12 without an image for this network, 3 unreadable, 8 images not frontal\): give more studies/.test(
        error.detail,
      ),
  );
  for (const [source, message] of [
    [{}, /found neither/],
    [{ studies: '500', folder: 'x' }, /found both/],
    [{ studies: '20' }, /expected the number of studies as a whole number from 100, found 20/],
  ] as const)
    assert.throws(() => checkGuardSource(source), message);
  checkGuardSource({ studies: '500' });
  checkGuardSource({ folder: 'x' });
});

test('a UID of another form is passed on as it is', async () => {
  const search: SearchForStudies = async (_query, { offset }) =>
    offset === 0 ? [{ StudyInstanceUID: '1.02.3', StudyDate: '20261128' }] : [];
  assert.deepEqual(await newestStudies(search, 'xray', 1, now), ['1.02.3' as StudyInstanceUID]);
});
