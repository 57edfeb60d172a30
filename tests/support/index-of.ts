import assert from 'node:assert/strict';
import type { StudyInstanceUID } from '../../src/dicom/uid.js';
import type { RunningService } from '../../src/service/start-service.js';
import type { ResultRow } from '../../src/store/results.js';
import { eventually } from './eventually.js';

/** What the index of a service says of a study, and waiting until it does. */
export interface IndexOfService {
  current(study: string): Promise<ResultRow | undefined>;
  eventuallyCurrent(what: string, study: StudyInstanceUID, check: (row: ResultRow) => void): Promise<ResultRow>;
  eventuallyForgotten(study: StudyInstanceUID): Promise<void>;
  /** Marks a study as read, as a reader's click does. */
  markRead(study: string): Promise<void>;
  readingOf(study: string): Promise<{ readonly reader: string | null; readonly waits: boolean } | undefined>;
}

/** @param service read at each call: the test may start it later */
export function indexOf(service: () => Pick<RunningService, 'store'>, timeoutMs: number): IndexOfService {
  const current = (study: string): Promise<ResultRow | undefined> => service().store.results.currentResult(study);
  return {
    current,
    eventuallyCurrent: (what, study, check) =>
      eventually(
        what,
        async () => {
          const row = await current(study);
          assert.ok(row, `a current result of ${study}`);
          check(row);
          return row;
        },
        { timeoutMs, intervalMs: 200 },
      ),
    eventuallyForgotten: (study) =>
      eventually(
        `${study} has left the index`,
        async () => {
          const { results, labels, studies, readings } = service().store;
          assert.equal(await current(study), undefined);
          assert.deepEqual(await results.ofStudy(study), []);
          assert.deepEqual(await labels.ofStudy(study), []);
          assert.equal(await studies.find(study), undefined);
          assert.equal(await readings.find(study), undefined);
        },
        { timeoutMs, intervalMs: 200 },
      ),
    markRead: async (study) => void (await service().store.readings.markRead(study, 'ann', new Date())),
    async readingOf(study) {
      const row = await service().store.readings.find(study);
      return row && { reader: row.reader, waits: row.waits && row.readAt === null };
    },
  };
}
