import type { Jobs } from '../jobs/jobs.js';
import type { Store } from '../store/store.js';

const intervalMs = 60_000;
/** Trends show a week; a month allows comparing with the weeks before. */
const maxAgeMs = 35 * 86_400_000;

/** Records the figures of each hour, for the trends of Operations. Figures that are older than 35 days are removed. */
export function recordFigures(store: Pick<Store, 'hourlyFigures'>, jobs: Pick<Jobs, 'stats' | 'every'>): void {
  const recorder = jobs.every(intervalMs, 'hourly figures', async () => {
    const stats = await jobs.stats();
    const now = new Date();
    await store.hourlyFigures.record(
      now,
      stats.reduce((sum, { waiting, retrying }) => sum + waiting + retrying, 0),
    );
    await store.hourlyFigures.prune(new Date(now.getTime() - maxAgeMs));
  });
  void recorder.runNow();
}
