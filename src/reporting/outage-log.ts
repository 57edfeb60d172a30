import { Fault } from '../errors.js';
import type { Log } from '../log.js';

/**
 * Runs periodic work on the PACS and logs a fault once when it begins, and once when the work succeeds again; not at every run.
 *
 * @param onRecovery called after the first run that succeeds again
 */
export function outageLog(
  log: Log,
  onRecovery: (name: string) => void = () => undefined,
): (name: string, work: () => Promise<void>) => Promise<void> {
  const failing = new Map<string, string>();
  return async (name, work) => {
    try {
      await work();
      if (!failing.delete(name)) return;
      log.info('the PACS can be read again', { name });
      onRecovery(name);
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      if (failing.get(name) === error.code) return;
      failing.set(name, error.code);
      log.warn('the PACS cannot be read; trying again', { name, code: error.code, detail: error.detail });
    }
  };
}
