/** A request this long after the last key or click is one that the page makes by itself. */
const activeForMs = 60_000;

let lastActionAt = Date.now();

for (const kind of ['pointerdown', 'keydown', 'wheel', 'touchstart'] as const) {
  addEventListener(kind, () => void (lastActionAt = Date.now()), { capture: true, passive: true });
}

/**
 * Marks requests that the page sends without a user action. They do not prolong the session, so that an unattended page logs out
 * (access.sessionIdleMinutes).
 */
export function activityHeaders(): Readonly<Record<string, string>> {
  return Date.now() - lastActionAt > activeForMs ? { 'X-Chest-Ai-Background': '1' } : {};
}
