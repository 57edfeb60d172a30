import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { silentLog, type Log } from '../../src/log.js';
import { compareWithLog, marksOf, type ChangeLog, type ChangeMark, type Cursor, type PacsChange } from '../../src/reporting/change-log.js';
import type { StoryPorts } from '../../src/reporting/ports.js';
import { followChanges } from '../../src/reporting/report-story.js';

const change = (seq: number, type: string, level: PacsChange['level'], id: string, date = '20260301T080000'): PacsChange => ({
  seq,
  type,
  level,
  id,
  date,
});

/** A change log as Orthanc has it: numbers with gaps, pages of at most `page` lines; `last` is the highest number ever given. */
function changeLog(
  all: readonly PacsChange[],
  { page = 1_000, last = all.at(-1)?.seq ?? 0, studyOf = (id: string): string | undefined => `study of ${id}` } = {},
): ChangeLog {
  return {
    async changes(since, limit) {
      const found = all.filter((one) => one.seq > since);
      const changes = found.slice(0, Math.min(limit, page));
      return { changes, last: changes.at(-1)?.seq ?? Math.max(last, all.at(-1)?.seq ?? 0), done: changes.length === found.length };
    },
    lastChange: async () => Math.max(last, all.at(-1)?.seq ?? 0),
    studiesOf: async (resources) => [...new Set(resources.map(({ id }) => studyOf(id)).filter((id) => id !== undefined))],
  };
}

interface Given {
  readonly changeLog: ChangeLog;
  readonly cursor: Cursor;
  enqueueStudy(pacsStudyId: string, isStable: boolean): Promise<void>;
  readonly analyseArchive: boolean;
  readonly log: Log;
}

/** Follows the change log to its end. @returns the number of studies queued for intake */
async function followOnce({ changeLog, cursor, enqueueStudy, analyseArchive, log }: Given): Promise<number> {
  let queued = 0;
  const queue = {
    async intake({ pacsStudyId }: { readonly pacsStudyId: string }, { startAfterMs }: { readonly startAfterMs: number }) {
      await enqueueStudy(pacsStudyId, startAfterMs === 0);
      queued++;
    },
  };
  const index = { studyChanges: { after: async () => [] }, knownStudies: { page: async () => [] } };
  const ports = { changeLog, cursor, queue, index, schedule: { analyseArchive, stabilityCheckMs: 1_000 }, log };
  await followChanges(ports as unknown as StoryPorts, new AbortController().signal);
  return queued;
}

const series = (seriesInstanceUID: string, modality: string) => ({ seriesInstanceUID, mainAttributes: { Modality: modality } });
const knownStudy = (uid: string) => ({
  ...{ studyInstanceUID: uid, orthancId: `id of ${uid}` },
  ...{ documentSeries: ['report'], assessmentSeries: ['assessment'] },
});

/** Everything that following the change log does, in its order. */
function portsOf(
  log: ChangeLog,
  {
    cursor,
    marks = [],
    analyseArchive = true,
    refuse = () => false,
    logTo = silentLog,
  }: {
    readonly cursor?: number;
    readonly marks?: readonly ChangeMark[];
    readonly analyseArchive?: boolean;
    readonly refuse?: (id: string) => boolean;
    readonly logTo?: Log;
  } = {},
) {
  const did: string[] = [];
  const state: { cursor: number | undefined; marks: readonly ChangeMark[] } = { cursor, marks };
  const given: Given = {
    changeLog: log,
    cursor: {
      read: async () => (state.cursor === undefined ? undefined : { lastSeq: state.cursor, marks: state.marks }),
      async move({ lastSeq, marks: kept }, reset) {
        did.push(`${reset ? 'reset' : 'move'} ${lastSeq}`);
        state.cursor = lastSeq;
        state.marks = kept;
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

describe('following the change log', () => {
  test('an older copy is restored: studies that were deleted since and are there again go through intake, and assessments are read', async () => {
    const changes = ['1.1', '1.2', '1.3', '1.2'].map((studyInstanceUID, index) => ({
      number: index + 1,
      studyInstanceUID,
      changedAt: new Date(),
    }));
    const { given, did } = portsOf(changeLog([change(1, 'NewStudy', 'study', 'A')]), { cursor: 9 });
    const ports = {
      changeLog: given.changeLog,
      cursor: given.cursor,
      queue: { intake: ({ pacsStudyId }: { readonly pacsStudyId: string }) => given.enqueueStudy(pacsStudyId, false) },
      index: {
        studyChanges: { after: async (number: number) => changes.filter((one) => one.number > number) },
        // The index has 1.1; the PACS has 1.1 and 1.2.
        studies: { find: async (uid: string) => (uid === '1.1' ? {} : undefined) },
        knownStudies: {
          page: async () => ['1.1', '1.4'].map(knownStudy),
        },
      },
      studies: {
        findStudies: async (uid: string) => (uid === '1.3' ? [] : [`id of ${uid}`]),
        // In 1.1 is an SR that the index does not have; in 1.4 an image and what the index has.
        seriesOfStudies: async () =>
          new Map([
            ['id of 1.1', [series('report', 'SR'), series('unknown', 'SR')]],
            ['id of 1.4', [series('report', 'SR'), series('assessment', 'SR'), series('image', 'CR')]],
          ]),
      },
      events: { onOtherDocuments: async (uid: string) => void did.push(`read assessments of ${uid}`) },
      schedule: { analyseArchive: false, stabilityCheckMs: 1_000 },
      log: silentLog,
    };
    await followChanges(ports as unknown as StoryPorts, new AbortController().signal);
    assert.deepEqual(did, ['queue id of 1.2', 'read assessments of 1.1', 'reset 0', 'queue A', 'move 1']);
  });

  test('a new installation reads from now on: the archive is not queued, what comes next is', async () => {
    const all = [change(1, 'NewStudy', 'study', 'A'), change(2, 'StableStudy', 'study', 'A')];
    const { given, did, state } = portsOf(changeLog(all), { analyseArchive: false });
    assert.equal(await followOnce(given), 0);
    assert.deepEqual(did, ['move 2']);
    assert.equal(state.cursor, 2);
    all.push(change(5, 'NewStudy', 'study', 'B'));
    assert.equal(await followOnce(portsOf(changeLog(all), { analyseArchive: false, cursor: 2 }).given), 1);
  });

  test('a reset is read from the beginning, archive wanted or not', async () => {
    const { given, did } = portsOf(changeLog([change(1, 'NewStudy', 'study', 'A')]), { analyseArchive: false, cursor: 9 });
    assert.equal(await followOnce(given), 1);
    assert.deepEqual(did, ['reset 0', 'queue A', 'move 1']);
  });

  test('a new installation that wants the archive reads from the beginning', async () => {
    const { given, did } = portsOf(changeLog([change(1, 'NewStudy', 'study', 'A'), change(2, 'StableStudy', 'study', 'A')]));
    assert.equal(await followOnce(given), 1);
    assert.deepEqual(did, ['queue A stable', 'move 2']);
  });

  test('nothing new: nothing is queued and the cursor stays', async () => {
    const { given, did } = portsOf(changeLog([change(1, 'NewStudy', 'study', 'A')]), { cursor: 1 });
    assert.equal(await followOnce(given), 0);
    assert.deepEqual(did, []);
  });

  test('numbers with gaps: everything after the cursor is read once, the cursor ends at the last number', async () => {
    const { given, did } = portsOf(
      changeLog([change(3, 'NewStudy', 'study', 'old'), change(70, 'NewStudy', 'study', 'A'), change(900, 'NewStudy', 'study', 'B')]),
      { cursor: 20 },
    );
    assert.equal(await followOnce(given), 2);
    assert.deepEqual(did, ['queue A', 'queue B', 'move 900']);
  });

  test('the cursor moves page by page, each time after the studies of the page are queued', async () => {
    const all = ['A', 'B', 'C', 'D', 'E'].map((id, index) => change(10 * (index + 1), 'NewStudy', 'study', id));
    const { given, did } = portsOf(changeLog(all, { page: 2 }));
    assert.equal(await followOnce(given), 5);
    assert.deepEqual(did, ['queue A', 'queue B', 'move 20', 'queue C', 'queue D', 'move 40', 'queue E', 'move 50']);
  });

  test('a queue that fails leaves the cursor where it was; the next read queues the page again', async () => {
    const all = ['A', 'B', 'C'].map((id, index) => change(index + 1, 'NewStudy', 'study', id));
    let broken = true;
    const { given, did, state } = portsOf(changeLog(all), { cursor: 0, refuse: (id) => broken && id === 'B' });
    await assert.rejects(followOnce(given), /the queue is not there/);
    assert.equal(state.cursor, 0);
    assert.deepEqual(did, ['queue A']);
    broken = false;
    assert.equal(await followOnce(given), 3);
    assert.deepEqual(did, ['queue A', 'queue A', 'queue B', 'queue C', 'move 3']);
  });

  test('a failure on the second page does not undo the first', async () => {
    const all = ['A', 'B', 'C', 'D'].map((id, index) => change(index + 1, 'NewStudy', 'study', id));
    const { given, state } = portsOf(changeLog(all, { page: 2 }), { cursor: 0, refuse: (id) => id === 'D' });
    await assert.rejects(followOnce(given));
    assert.equal(state.cursor, 2);
  });

  test('a log that ends below the cursor is another database: a warning is logged, and it is read from the beginning', async () => {
    const warnings: string[] = [];
    const { given, did, state } = portsOf(changeLog([change(1, 'NewStudy', 'study', 'A'), change(4, 'StableStudy', 'study', 'A')]), {
      cursor: 5_000,
      logTo: { ...silentLog, warn: (message) => void warnings.push(message) },
    });
    assert.equal(await followOnce(given), 1);
    assert.deepEqual(did, ['reset 0', 'queue A stable', 'move 4']);
    assert.equal(state.cursor, 4);
    assert.match(warnings.join(), /another database/);
  });

  test('an emptied database is a reset too', async () => {
    const { given, did } = portsOf(changeLog([]), { cursor: 12 });
    assert.equal(await followOnce(given), 0);
    assert.deepEqual(did, ['reset 0']);
  });

  test('a cleared log that goes on counting is no reset', async () => {
    const { given, did } = portsOf(changeLog([], { last: 12 }), { cursor: 12 });
    assert.equal(await followOnce(given), 0);
    assert.deepEqual(did, []);
  });

  test('series and instances count for their study, once; StableStudy makes it stable', async () => {
    const all = [
      change(1, 'NewInstance', 'instance', 'i1'),
      change(2, 'NewInstance', 'instance', 'i2'),
      change(3, 'NewSeries', 'series', 's1'),
      change(4, 'NewStudy', 'study', 'A'),
      change(5, 'StableSeries', 'series', 's1'),
      change(6, 'StableStudy', 'study', 'A'),
      change(7, 'NewInstance', 'instance', 'i9'),
    ];
    const { given, did } = portsOf(changeLog(all, { studyOf: (id) => (id === 'i9' ? 'B' : 'A') }));
    assert.equal(await followOnce(given), 2);
    assert.deepEqual(did, ['queue A stable', 'queue B', 'move 7']);
  });

  test('an instance whose study was deleted is left out, and the cursor moves on', async () => {
    const { given, did } = portsOf(changeLog([change(1, 'NewInstance', 'instance', 'gone')], { studyOf: () => undefined }));
    assert.equal(await followOnce(given), 0);
    assert.deepEqual(did, ['move 1']);
  });

  test('changes that are no arrivals queue nothing, and the cursor moves behind them', async () => {
    const all = [
      change(1, 'Deleted', 'study', 'A'),
      change(2, 'UpdatedMetadata', 'study', 'A'),
      change(3, 'StablePatient', 'patient', 'P'),
      change(4, 'NewPatient', 'patient', 'P'),
    ];
    const { given, did } = portsOf(changeLog(all));
    assert.equal(await followOnce(given), 0);
    assert.deepEqual(did, ['move 4']);
  });
});

describe('recognising the database of the change log', () => {
  const lines = Array.from({ length: 60 }, (_, index) =>
    change(index + 1, index % 2 ? 'StableStudy' : 'NewStudy', 'study', `S${Math.floor(index / 2)}`),
  );
  const position = { lastSeq: 60, marks: marksOf([], lines) };

  test('C2, U1: the newest study is deleted and its lines with it: the same database, nothing is read again', async () => {
    const all = lines.filter((one) => one.id !== 'S29' && one.id !== 'S28');
    const { given, did } = portsOf(changeLog(all, { last: 60 }), { cursor: 60, marks: position.marks, analyseArchive: false });
    assert.equal(await followOnce(given), 0);
    assert.deepEqual(did, []);
  });

  test('C2: everything is deleted: the same database', async () => {
    assert.deepEqual(await compareWithLog(position, changeLog([], { last: 60 })), { database: 'same' });
  });

  test('D19: another database that has grown past the cursor is read from its beginning', async () => {
    const all = Array.from({ length: 90 }, (_, index) => change(index + 1, 'NewStudy', 'study', `T${index}`));
    const { given, did } = portsOf(changeLog(all), { cursor: 60, marks: position.marks, analyseArchive: false });
    assert.equal(await followOnce(given), 90);
    assert.equal(did[0], 'reset 0');
  });

  test('M3: rebuilt from the same images, the same resources have other dates', async () => {
    const all = [...lines, ...lines].map((one, index) => ({ ...one, seq: index + 1, date: '20260401T080000' }));
    assert.deepEqual(await compareWithLog(position, changeLog(all)), { database: 'other', agreedSeq: 0, marks: [] });
  });

  test('D19: a restored copy that has grown past the cursor is read from the last line that both have', async () => {
    const all = [
      ...lines.slice(0, 50),
      ...Array.from({ length: 30 }, (_, index) => change(51 + index, 'NewStudy', 'study', `N${index}`, '20260302T090000')),
    ];
    const { given, did, state } = portsOf(changeLog(all), { cursor: 60, marks: position.marks, analyseArchive: false });
    await followOnce(given);
    const from = Number(/^reset (\d+)$/.exec(did[0]!)?.[1]);
    assert.ok(from > 0 && from <= 50, `read again from ${from}`);
    for (let index = 0; index < 30; index++) assert.ok(did.includes(`queue N${index}`));
    assert.equal(state.cursor, 80);
    assert.ok(
      state.marks.every((mark) => all.some((one) => one.seq === mark.seq && one.id === mark.id)),
      'only lines of the new log are remembered',
    );
  });

  test('D19: a restored copy that is still shorter than the cursor is noticed by its numbers', async () => {
    const comparison = await compareWithLog(position, changeLog(lines.slice(0, 40)));
    assert.equal(comparison.database, 'other');
    assert.ok(comparison.database === 'other' && comparison.agreedSeq > 0 && comparison.agreedSeq <= 40);
  });

  test('C2: deleted newest studies with a cleared log are no other database', async () => {
    assert.deepEqual(await compareWithLog({ lastSeq: 60, marks: [] }, changeLog([], { last: 75 })), { database: 'same' });
  });

  test('D19: an older copy is never read from before the first contact: the archive is left alone', async () => {
    const archive = lines;
    const started = portsOf(changeLog(archive), { analyseArchive: false });
    await followOnce(started.given);
    const later = Array.from({ length: 300 }, (_, index) => change(61 + index, 'NewInstance', 'instance', `i${index}`));
    const grown = portsOf(changeLog([...archive, ...later]), { cursor: 60, marks: started.state.marks, analyseArchive: false });
    await followOnce(grown.given);
    for (const kept of [0, 7, 40, 200]) {
      const copy = [
        ...archive,
        ...later.slice(0, kept),
        ...Array.from({ length: 400 }, (_, index) => change(61 + kept + index, 'NewStudy', 'study', `N${index}`, '20260302T090000')),
      ];
      const { given, did } = portsOf(changeLog(copy), { cursor: 360, marks: grown.state.marks, analyseArchive: false });
      await followOnce(given);
      assert.deepEqual(
        did.filter((one) => /^queue S/.test(one)),
        [],
        `copy with ${kept} lines since the first contact`,
      );
      for (let index = 0; index < 400; index++) assert.ok(did.includes(`queue N${index}`), `N${index} of the copy with ${kept} lines`);
    }
  });

  test('the marks reach back at growing distances and never beyond their number', () => {
    const many = Array.from({ length: 100_000 }, (_, index) => change(index + 1, 'NewInstance', 'instance', `i${index}`));
    const marks = marksOf([], many);
    assert.ok(marks.length <= 24 && marks.length >= 16, `${marks.length}`);
    assert.deepEqual(
      marks.slice(-4).map(({ seq }) => seq),
      [99_997, 99_998, 99_999, 100_000],
    );
    assert.ok(marks[0]!.seq < 50_000, 'one lies far back');
  });
});
