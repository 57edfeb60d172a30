import type { Page } from 'playwright-core';

interface TraceEvent {
  readonly name: string;
  readonly ph: string;
  readonly pid: number;
  readonly tid: number;
  /** For which the thread computed, in microseconds. */
  readonly tdur?: number;
  readonly args?: { readonly name?: string };
}

/** The times in ms for which the main threads of the page's processes computed, one for each task that began during `act`. */
export async function traceTasks(page: Page, act: () => Promise<void>): Promise<readonly number[]> {
  const session = await page.context().newCDPSession(page);
  const events: TraceEvent[] = [];
  session.on('Tracing.dataCollected', ({ value }) => events.push(...(value as unknown as TraceEvent[])));
  await session.send('Tracing.start', { transferMode: 'ReportEvents', traceConfig: { includedCategories: ['toplevel', '__metadata'] } });
  await act();
  const complete = new Promise((resolve) => session.once('Tracing.tracingComplete', resolve));
  await session.send('Tracing.end');
  await complete;
  await session.detach();
  const mainThreads = new Set(
    events.filter(({ name, args }) => name === 'thread_name' && args?.name === 'CrRendererMain').map(({ pid, tid }) => `${pid}/${tid}`),
  );
  const computing = events
    .filter(({ name, ph, pid, tid }) => ph === 'X' && name.endsWith('RunTask') && mainThreads.has(`${pid}/${tid}`))
    .map(({ tdur = 0 }) => tdur / 1_000);
  // Without times of the thread every task would seem to take none.
  if (!computing.some((ms) => ms > 0)) throw new Error('expected tasks with the time of their thread in the trace, found none');
  return computing;
}
