import { limitHere } from './machine-speed.js';

/**
 * Tries until it no longer throws, or until the deadline: then throws what the last try threw, with `what` in front. The deadline holds on a quiet
 * machine; on a busy one it is later in proportion (limitHere).
 *
 * @param attempt throws (an assertion, as a rule) while the thing awaited is not there
 */
export async function eventually<T>(
  what: string,
  attempt: () => T | Promise<T>,
  options: { timeoutMs?: number; intervalMs?: number } = {},
): Promise<T> {
  const { timeoutMs = 15_000, intervalMs = 50 } = options;
  const begun = Date.now();
  for (;;) {
    try {
      return await attempt();
    } catch (thrown) {
      const waitedMs = Date.now() - begun;
      if (waitedMs >= timeoutMs && waitedMs >= limitHere(timeoutMs)) {
        const reason = thrown instanceof Error ? thrown.message : String(thrown);
        throw new Error(`not within ${waitedMs} ms: ${what}\n${reason}`, { cause: thrown });
      }
    }
    await new Promise((resolve) => setTimeout(resolve, intervalMs));
  }
}
