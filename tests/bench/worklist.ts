import { loadavg } from 'node:os';
import type { Store } from '../../src/store/store.js';
import { fillIndex, firstResultAt as start } from '../support/many-studies.js';
import { openEmptyStore, storeBackends } from '../support/store.js';
import { spread } from './median.js';

const studies = 100_000;
const pages = 40;
/** Which studies are read, in SQL, and how many of the oldest have exceeded the limit. */
const readingStates = [
  ['99 of 100 read, half of the others over the limit', 'urgency::int % 100 <> 7', studies / 2],
  ['none read, half over the limit', 'false', studies / 2],
  ['none read, one in a hundred over the limit', 'false', studies / 100],
  ['none read, all but one in a thousand over the limit', 'false', studies - studies / 1_000],
] as const;

export const title = 'The worklist';

/**
 * The worklist with 100,000 studies, on both databases and in both orders: how long a page takes at the top, far down, filtered, and how
 * long the counts take. In the order of reading with nearly all studies read, none read, and none read and nearly all over the limit.
 */
export async function bench(): Promise<void> {
  for (const backend of storeBackends()) {
    if (backend.missing) {
      console.log(`${backend.name}: ${backend.missing}`);
      continue;
    }
    // As upkeep (embedded, every five minutes) and autovacuum (a server) leave it, and before they came by.
    for (const analysed of [true, false]) {
      const store = await openEmptyStore(backend);
      try {
        await fillIndex(store, studies);
        if (analysed) await store.sql.query({ text: 'VACUUM (ANALYZE) chest_ai.result, chest_ai.reading, chest_ai.assessment' });
        console.log(
          `a page of 50 of ${studies.toLocaleString('en')} studies, ${backend.name} database, ${analysed ? 'with' : 'without'} statistics; load average ${loadavg()[0]!.toFixed(1)}:`,
        );
        await measure(store, {});
        await measureSorted(store);
        for (const [name, read, overdue] of readingStates) {
          await store.sql.query({ text: `UPDATE chest_ai.reading SET read_at = CASE WHEN ${read} THEN now() END` });
          if (analysed) await store.sql.query({ text: 'VACUUM (ANALYZE) chest_ai.reading' });
          console.log(` in the order of reading, ${name}:`);
          await measure(store, { order: 'urgency', overdueSince: new Date(start + overdue * 1_000) });
        }
      } finally {
        await store.close();
      }
    }
    await backend.stop();
  }
}

type Order = Pick<NonNullable<Parameters<Store['worklist']['page']>[0]>, 'order' | 'overdueSince'>;

async function measure(store: Store, order: Order): Promise<void> {
  let after: string | undefined;
  const leafing: number[] = [];
  for (let page = 0; page < pages; page++) {
    const { took, next } = await timed(store, { ...order, limit: 50, ...(after ? { after } : {}) });
    leafing.push(took);
    after = next;
  }
  console.log(`  leafing from the top   ${spread(leafing)}`);
  const middleTime = start + (studies / 2) * 1000;
  const mark = order.order === 'urgency' ? [1, order.overdueSince!.getTime(), 500, middleTime, '1.2'] : [5, middleTime, 'x'];
  const middle = Buffer.from(JSON.stringify(mark)).toString('base64url');
  const filters = {
    'from the middle': { after: middle },
    'failed only': { outcome: 'failed' as const },
    'something present': { present: 'any' },
    'a common finding': { present: 'pneumonia' },
    'a rare finding': { present: 'rare' },
    'a rare one, old': { present: 'old' },
    'a finding of nobody': { present: 'none' },
    'rare, from the middle': { present: 'rare', after: middle },
    'by UID': { studyPrefix: '1.2.99' },
  };
  for (const [name, filter] of Object.entries(filters)) {
    const waits: number[] = [];
    for (let repeat = 0; repeat < pages; repeat++) waits.push((await timed(store, { ...order, limit: 50, ...filter })).took);
    console.log(`  ${name.padEnd(22)} ${spread(waits)}`);
  }
  const counting: number[] = [];
  for (let repeat = 0; repeat < pages; repeat++) {
    const started = performance.now();
    await store.results.countByOutcome();
    counting.push(performance.now() - started);
  }
  console.log(`  counts by outcome      ${spread(counting)}`);
}

/** Columns that sort, and filters of a reader who has assessed half of the studies. */
async function measureSorted(store: Store): Promise<void> {
  const reader = { name: 'ann', isBlind: true };
  const cases: Readonly<Record<string, Parameters<Store['worklist']['page']>[0]>> = {
    'newest result first': { order: 'time' },
    'oldest result first': { order: 'time', direction: 'ascending' },
    'an hour, by time': { order: 'time', since: new Date(start + 36e6), until: new Date(start + 396e5) },
    'an hour, by urgency': {
      order: 'urgency',
      overdueSince: new Date(start),
      since: new Date(start + 36e6),
      until: new Date(start + 396e5),
    },
    'a rare modality': { order: 'urgency', overdueSince: new Date(start), modality: 'RF' },
    'to read': { order: 'urgency', overdueSince: new Date(start), reading: 'to-read', reader },
    'second reading': { order: 'urgency', overdueSince: new Date(start), reading: 'second', reader },
    'second reading, none': { order: 'urgency', overdueSince: new Date(start), reading: 'second', reader: { name: 'all', isBlind: true } },
    disagreed: { order: 'urgency', overdueSince: new Date(start), reading: 'disagreed', reader },
  };
  for (const [name, filter] of Object.entries(cases)) {
    const waits: number[] = [];
    for (let repeat = 0; repeat < pages; repeat++) waits.push((await timed(store, { limit: 50, ...filter })).took);
    console.log(`  ${name.padEnd(22)} ${spread(waits)}`);
  }
}

async function timed(
  store: Store,
  filter: Parameters<Store['worklist']['page']>[0],
): Promise<{ readonly took: number; readonly next: string | undefined }> {
  const started = performance.now();
  const { next } = await store.worklist.page(filter);
  return { took: performance.now() - started, next };
}
