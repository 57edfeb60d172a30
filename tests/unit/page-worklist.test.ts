import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { tabStorage } from '../support/page-globals.js';
import type { WorklistRow } from '../../src/server/page-types.js';
import { ApiFault } from '../../src/web/api.js';
import { placeCursor, placedCursor, rowOf } from '../../src/web/reading/worklist-cursor.js';
import {
  forgetWorklist,
  leaveWorklist,
  leftWorklist,
  neighbour,
  nextToRead,
  wholeWorklist,
  type LoadPage,
} from '../../src/web/reading/worklist-query.js';

const rows = (...studies: readonly string[]): readonly WorklistRow[] =>
  studies.map((studyInstanceUID) => ({ studyInstanceUID }) as WorklistRow);
/** Pages as the server gives them out; each is named by its place. */
function pagesOf(...pages: readonly (readonly string[])[]): LoadPage & { readonly loaded: string[] } {
  const loaded: string[] = [];
  const load: LoadPage = async (_, after) => {
    loaded.push(after);
    const at = after === '' ? 0 : Number(after);
    return { rows: rows(...pages[at]!), ...(at + 1 < pages.length ? { next: String(at + 1) } : {}) };
  };
  return Object.assign(load, { loaded });
}
const none: ReadonlySet<string> = new Set();

beforeEach(() => {
  Object.assign(globalThis, { sessionStorage: tabStorage() });
  forgetWorklist();
});

test('a page that brings known studies only does not lead back to the top', async () => {
  leaveWorklist(wholeWorklist, rows('a', 'b', 'c'), '1');
  const load = pagesOf([], ['b', 'c'], ['c', 'd']);
  assert.equal(await neighbour('c', 1, load), 'd');
  assert.deepEqual(load.loaded, ['1', '2']);
  assert.deepEqual(leftWorklist().studies, ['a', 'b', 'c', 'd']);
  assert.equal(await neighbour('d', 1, load), undefined);
  assert.equal(await neighbour('d', -1, load), 'c');
});

test('the next study to read lies behind this one, on whichever page', async () => {
  leaveWorklist(wholeWorklist, rows('a', 'b', 'c', 'd', 'e'), undefined);
  const load = pagesOf(['a', 'b'], ['c'], ['e']);
  assert.equal(await nextToRead('c', none, load), 'e');
  assert.equal(await nextToRead('e', none, load), 'a', 'nothing behind it: from the top');
});

test('a study whose decisions wait is not the next one', async () => {
  leaveWorklist(wholeWorklist, rows('a', 'b', 'c'), undefined);
  assert.equal(await nextToRead('a', new Set(['b']), pagesOf(['a', 'b', 'c'])), 'c');
  assert.equal(await nextToRead('c', new Set(['a', 'b', 'c']), pagesOf(['a', 'b', 'c'])), undefined);
});

test('behind the last study that the tab remembers, the server says what follows', async () => {
  leaveWorklist(wholeWorklist, rows('a', 'b'), '1');
  const load = pagesOf(['a', 'b'], ['c', 'd']);
  assert.equal(await nextToRead('b', none, load), 'c');
});

test('an outage is no end of the list', async () => {
  const outage: LoadPage = async () => {
    throw new ApiFault(0, 'unreachable', '');
  };
  await assert.rejects(nextToRead('a', none, outage), ApiFault);
  await assert.rejects(neighbour('a', 1, outage), ApiFault);
});

test('after the logout nothing of the worklist is left in the tab', () => {
  leaveWorklist({ ...wholeWorklist, search: 'Doe' }, rows('a'), undefined);
  assert.equal(sessionStorage.length, 1);
  forgetWorklist();
  assert.equal(sessionStorage.length, 0);
  assert.deepEqual([leftWorklist().studies, leftWorklist().query.search], [[], '']);
});

test('the cursor stays on its study while rows come and go, and in the list when the study has gone', () => {
  const cursor = { study: 'b', index: 1 };
  assert.equal(rowOf(cursor, ['new', 'a', 'b']), 2);
  assert.equal(rowOf(cursor, ['a', 'c']), 1);
  assert.equal(rowOf({ study: 'z', index: 7 }, ['a', 'c']), 1);
  assert.equal(rowOf(cursor, []), -1);
  placeCursor('c', ['a', 'b', 'c']);
  assert.deepEqual(placedCursor(), { study: 'c', index: 2 });
  placeCursor('elsewhere', ['a', 'b', 'c']);
  assert.equal(rowOf(placedCursor(), ['a', 'b', 'c']), 2);
});
