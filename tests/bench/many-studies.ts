import { loadavg } from 'node:os';
import { silentLog } from '../../src/log.js';
import { openStore, type Store } from '../../src/store/store.js';
import { fillIndex } from '../support/many-studies.js';
import { storeBackends } from '../support/store.js';
import { figure } from './history/figures.js';
import { median, spread } from './median.js';

const studies = 1_000_000;
const repeats = 30;

export const title = 'A million studies';

/** The worklist with 1,000,000 studies on both databases: the first page after a start, a page, filters. */
export async function bench(): Promise<void> {
  const worst: number[] = [];
  for (const backend of storeBackends()) {
    if (backend.missing) {
      console.log(`${backend.name}: ${backend.missing}`);
      continue;
    }
    const location = await backend.location();
    const filled = await openStore(location, silentLog);
    const began = performance.now();
    await fillIndex(filled, studies);
    await filled.sql.query({ text: 'VACUUM (ANALYZE) chest_ai.result, chest_ai.reading, chest_ai.assessment' });
    await filled.close();
    console.log(
      `${backend.name} database, ${studies.toLocaleString('en')} studies (filled in ${((performance.now() - began) / 1000).toFixed(0)} s), load average ${loadavg()[0]!.toFixed(1)}:`,
    );
    const opening = performance.now();
    const store = await openStore(location, silentLog);
    console.log(`  opening it             ${(performance.now() - opening).toFixed(0)} ms`);
    try {
      worst.push(...(await measure(store)));
    } finally {
      await store.close();
    }
    await backend.stop();
  }
  figure('worklist', Math.max(...worst));
}

/** @returns the first, and the medians of the others, in milliseconds */
async function measure(store: Store): Promise<readonly number[]> {
  const timed = async (filter: Parameters<Store['worklist']['page']>[0]): Promise<number> => {
    const started = performance.now();
    await store.worklist.page(filter);
    return performance.now() - started;
  };
  const byUrgency = { limit: 50, order: 'urgency', overdueSince: new Date(Date.UTC(2026, 0, 8)) } as const;
  const first = await timed(byUrgency);
  console.log(`  the first page         ${first.toFixed(1)} ms`);
  const cases: Readonly<Record<string, Parameters<Store['worklist']['page']>[0]>> = {
    'by urgency': byUrgency,
    'newest first': { limit: 50, order: 'time' },
    'failed only': { ...byUrgency, outcome: 'failed' },
    'something present': { ...byUrgency, present: 'any' },
    'a rare finding': { ...byUrgency, present: 'rare' },
    'a finding of nobody': { ...byUrgency, present: 'none' },
    'by UID': { ...byUrgency, studyPrefix: '1.2.99' },
  };
  const medians = [first];
  for (const [name, filter] of Object.entries(cases)) {
    const waits: number[] = [];
    for (let repeat = 0; repeat < repeats; repeat++) waits.push(await timed(filter));
    console.log(`  ${name.padEnd(22)} ${spread(waits)}`);
    medians.push(median(waits));
  }
  return medians;
}
