import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { silentLog, type Log } from '../../src/log.js';
import { watchOnce, type ChangeLog, type PacsChange, type WatchTools } from '../../src/tasks/watch-pacs.js';

const change = (seq: number, type: string, level: PacsChange['level'], id: string): PacsChange => ({ seq, type, level, id });

/** A change log as Orthanc has it: numbers with gaps, pages of at most `page` lines. */
function changeLog(all: readonly PacsChange[], { page = 1_000, last = all.at(-1)?.seq ?? 0, studyOf = (id: string): string | undefined => `study of ${id}` } = {}): ChangeLog {
  return {
    async changes(since, limit) {
      const found = all.filter((one) => one.seq > since);
      const changes = found.slice(0, Math.min(limit, page));
      return { changes, last: changes.at(-1)?.seq ?? since, done: changes.length === found.length };
    },
    lastChange: async () => last,
    studiesOf: async (resources) => [...new Set(resources.map(({ id }) => studyOf(id)).filter((id) => id !== undefined))],
  };
}

/** Everything that watching does to the outside, in its order. */
function tools(log: ChangeLog, { cursor, analyseArchive = true, refuse = () => false, logTo = silentLog }: { readonly cursor?: number; readonly analyseArchive?: boolean; readonly refuse?: (id: string) => boolean; readonly logTo?: Log } = {}) {
  const did: string[] = [];
  const state = { cursor };
  const given: WatchTools = {
    changeLog: log,
    cursor: {
      read: async () => state.cursor,
      async move(lastSeq, reset) {
        did.push(`${reset ? 'reset' : 'move'} ${lastSeq}`);
        state.cursor = lastSeq;
      },
    },
    async enqueueStudy(id, stable) {
      // Slow, so that a cursor moved without waiting for it would be seen in front.
      await new Promise((resolve) => setTimeout(resolve, 2));
      if (refuse(id)) throw new Error('the queue is not there');
      did.push(`queue ${id}${stable ? ' stable' : ''}`);
    },
    analyseArchive,
    log: logTo,
  };
  return { given, did, state };
}

describe('watching the change log', () => {
  test('a new installation reads from now on: the archive is not queued, what comes next is', async () => {
    const all = [change(1, 'NewStudy', 'study', 'A'), change(2, 'StableStudy', 'study', 'A')];
    const { given, did, state } = tools(changeLog(all), { analyseArchive: false });
    assert.equal(await watchOnce(given), 0);
    assert.deepEqual(did, ['move 2']);
    assert.equal(state.cursor, 2);
    all.push(change(5, 'NewStudy', 'study', 'B'));
    assert.equal(await watchOnce(tools(changeLog(all), { analyseArchive: false, cursor: 2 }).given), 1);
  });

  test('a reset is read from the beginning, archive wanted or not', async () => {
    const { given, did } = tools(changeLog([change(1, 'NewStudy', 'study', 'A')]), { analyseArchive: false, cursor: 9 });
    assert.equal(await watchOnce(given), 1);
    assert.deepEqual(did, ['reset 0', 'queue A', 'move 1']);
  });

  test('a new installation that wants the archive reads from the beginning', async () => {
    const { given, did } = tools(changeLog([change(1, 'NewStudy', 'study', 'A'), change(2, 'StableStudy', 'study', 'A')]));
    assert.equal(await watchOnce(given), 1);
    assert.deepEqual(did, ['queue A stable', 'move 2']);
  });

  test('nothing new: nothing is queued and the cursor stays', async () => {
    const { given, did } = tools(changeLog([change(1, 'NewStudy', 'study', 'A')]), { cursor: 1 });
    assert.equal(await watchOnce(given), 0);
    assert.deepEqual(did, []);
  });

  test('numbers with gaps: everything after the cursor is read once, the cursor ends at the last number', async () => {
    const { given, did } = tools(changeLog([change(3, 'NewStudy', 'study', 'old'), change(70, 'NewStudy', 'study', 'A'), change(900, 'NewStudy', 'study', 'B')]), { cursor: 20 });
    assert.equal(await watchOnce(given), 2);
    assert.deepEqual(did, ['queue A', 'queue B', 'move 900']);
  });

  test('the cursor moves page by page, each time after the studies of the page are queued', async () => {
    const all = ['A', 'B', 'C', 'D', 'E'].map((id, index) => change(10 * (index + 1), 'NewStudy', 'study', id));
    const { given, did } = tools(changeLog(all, { page: 2 }));
    assert.equal(await watchOnce(given), 5);
    assert.deepEqual(did, ['queue A', 'queue B', 'move 20', 'queue C', 'queue D', 'move 40', 'queue E', 'move 50']);
  });

  test('a queue that fails leaves the cursor where it was; the next look queues the page again', async () => {
    const all = ['A', 'B', 'C'].map((id, index) => change(index + 1, 'NewStudy', 'study', id));
    let broken = true;
    const { given, did, state } = tools(changeLog(all), { cursor: 0, refuse: (id) => broken && id === 'B' });
    await assert.rejects(watchOnce(given), /the queue is not there/);
    assert.equal(state.cursor, 0);
    assert.deepEqual(did, ['queue A']);
    broken = false;
    assert.equal(await watchOnce(given), 3);
    assert.deepEqual(did, ['queue A', 'queue A', 'queue B', 'queue C', 'move 3']);
  });

  test('a failure on the second page keeps what the first has reached', async () => {
    const all = ['A', 'B', 'C', 'D'].map((id, index) => change(index + 1, 'NewStudy', 'study', id));
    const { given, state } = tools(changeLog(all, { page: 2 }), { cursor: 0, refuse: (id) => id === 'D' });
    await assert.rejects(watchOnce(given));
    assert.equal(state.cursor, 2);
  });

  test('a log that ends below the cursor is another database: said, and read from the beginning', async () => {
    const warnings: string[] = [];
    const { given, did, state } = tools(changeLog([change(1, 'NewStudy', 'study', 'A'), change(4, 'StableStudy', 'study', 'A')]), { cursor: 5_000, logTo: { ...silentLog, warn: (message) => void warnings.push(message) } });
    assert.equal(await watchOnce(given), 1);
    assert.deepEqual(did, ['reset 0', 'queue A stable', 'move 4']);
    assert.equal(state.cursor, 4);
    assert.match(warnings.join(), /reset/);
  });

  test('an emptied database is a reset too', async () => {
    const { given, did } = tools(changeLog([]), { cursor: 12 });
    assert.equal(await watchOnce(given), 0);
    assert.deepEqual(did, ['reset 0']);
  });

  test('a cleared log that goes on counting is no reset', async () => {
    const { given, did } = tools(changeLog([], { last: 12 }), { cursor: 12 });
    assert.equal(await watchOnce(given), 0);
    assert.deepEqual(did, []);
  });

  test('series and instances count for their study, once; StableStudy makes it stable', async () => {
    const all = [
      change(1, 'NewInstance', 'instance', 'i1'), change(2, 'NewInstance', 'instance', 'i2'), change(3, 'NewSeries', 'series', 's1'),
      change(4, 'NewStudy', 'study', 'A'), change(5, 'StableSeries', 'series', 's1'), change(6, 'StableStudy', 'study', 'A'), change(7, 'NewInstance', 'instance', 'i9'),
    ];
    const { given, did } = tools(changeLog(all, { studyOf: (id) => (id === 'i9' ? 'B' : 'A') }));
    assert.equal(await watchOnce(given), 2);
    assert.deepEqual(did, ['queue A stable', 'queue B', 'move 7']);
  });

  test('an instance whose study is gone is left out, and the cursor goes on', async () => {
    const { given, did } = tools(changeLog([change(1, 'NewInstance', 'instance', 'gone')], { studyOf: () => undefined }));
    assert.equal(await watchOnce(given), 0);
    assert.deepEqual(did, ['move 1']);
  });

  test('what is no arrival queues nothing, but is behind us', async () => {
    const all = [change(1, 'Deleted', 'study', 'A'), change(2, 'UpdatedMetadata', 'study', 'A'), change(3, 'StablePatient', 'patient', 'P'), change(4, 'NewPatient', 'patient', 'P')];
    const { given, did } = tools(changeLog(all));
    assert.equal(await watchOnce(given), 0);
    assert.deepEqual(did, ['move 4']);
  });
});
