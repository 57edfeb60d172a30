import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { silentLog } from '../../src/log.js';
import type { SearchForStudies } from '../../src/reporting/every-study.js';
import { sweepPacs } from '../../src/reporting/sweep-pacs.js';

type Query = Parameters<SearchForStudies>[0];

interface SweepPorts {
  readonly searchForStudies: SearchForStudies;
  withoutResult(uids: readonly string[]): Promise<readonly string[]>;
  enqueueStudy(uid: string): Promise<void>;
}

function sweep(from: Date, ports: SweepPorts): Promise<number> {
  return sweepPacs(from, ports.searchForStudies, ports, (uid) => ports.enqueueStudy(uid), silentLog);
}

/** A PACS that answers QIDO-RS by pages out of its studies, each with its modality; with a modality in the query it loses count, as DICOMweb 1.7 does. */
function sweepPorts(studies: Readonly<Record<string, readonly string[]>>, { known = [] as readonly string[] } = {}) {
  const requests: { readonly query: Query; readonly offset: number; readonly limit: number }[] = [];
  const queued: string[] = [];
  const ports: SweepPorts = {
    async searchForStudies(query, { limit, offset }) {
      requests.push({ query, offset, limit });
      assert.equal(query['ModalitiesInStudy'], undefined);
      const all = Object.entries(studies).flatMap(([modality, uids]) =>
        uids.map((StudyInstanceUID) => ({ StudyInstanceUID, ModalitiesInStudy: [modality, 'SR'] })),
      );
      return all.slice(offset, offset + limit);
    },
    withoutResult: async (uids) => uids.filter((uid) => !known.includes(uid) && !queued.includes(uid)),
    enqueueStudy: async (uid) => void queued.push(uid),
  };
  return { ports, requests, queued };
}

const uids = (count: number, from = 0): readonly string[] => Array.from({ length: count }, (_, index) => `2.25.${from + index}`);
const since = new Date(2026, 2, 5, 23, 59);

describe('the sweep', () => {
  test('searches for X-rays and CT of the given days by Study Date', async () => {
    const { ports, requests } = sweepPorts({});
    assert.equal(await sweep(since, ports), 0);
    assert.deepEqual(
      requests.map((one) => one.query),
      [{ StudyDate: '20260305-' }],
    );
  });

  test('reads every page to the end', async () => {
    const { ports, requests, queued } = sweepPorts({ CR: uids(250), US: uids(120, 500), CT: uids(3, 1_000) });
    assert.equal(await sweep(since, ports), 253);
    assert.deepEqual(queued, [...uids(250), ...uids(3, 1_000)]);
    assert.deepEqual(
      requests.map((one) => one.offset),
      [0, 100, 200, 300, 373],
    );
  });

  test('a last page that is full needs one more request and gives no study twice', async () => {
    const { ports, requests, queued } = sweepPorts({ DX: uids(200) });
    assert.equal(await sweep(since, ports), 200);
    assert.equal(new Set(queued).size, 200);
    assert.deepEqual(
      requests.map((one) => one.offset),
      [0, 100, 200],
    );
  });

  test('a study with a result is not queued; a study of two modalities is queued once', async () => {
    const { ports, queued } = sweepPorts({ CR: uids(5), DX: uids(5), CT: [] }, { known: ['2.25.1', '2.25.3'] });
    assert.equal(await sweep(since, ports), 3);
    assert.deepEqual(queued, ['2.25.0', '2.25.2', '2.25.4']);
  });

  test('a study without a UID is skipped', async () => {
    const { ports, queued } = sweepPorts({ CR: ['2.25.1'] });
    const search = ports.searchForStudies;
    await sweep(since, { ...ports, searchForStudies: async (query, page) => [{}, ...(await search(query, page))] });
    assert.deepEqual(queued, ['2.25.1']);
  });

  test('a search that fails is reported to the caller', async () => {
    const { ports } = sweepPorts({});
    await assert.rejects(sweep(since, { ...ports, searchForStudies: () => Promise.reject(new Error('no answer')) }), /no answer/);
  });
});
