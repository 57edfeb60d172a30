/** A request this long after the last key or click is one that the page makes by itself. */
const activeForMs = 60_000;

let lastActionAt = Date.now();

for (const kind of ['pointerdown', 'keydown', 'wheel', 'touchstart'] as const) {
  addEventListener(kind, () => void (lastActionAt = Date.now()), { capture: true, passive: true });
}

/**
 * Says of a request whether a person is behind it. The session does not live longer for one that the page makes by itself, so that a
 * page that is left open logs out (access.sessionIdleMinutes).
 */
export function activityHeaders(): Readonly<Record<string, string>> {
  return Date.now() - lastActionAt > activeForMs ? { 'X-Chest-Ai-Background': '1' } : {};
}
