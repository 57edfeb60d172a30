import type { Page } from 'playwright-core';

export interface TaskEffort {
  readonly clicks: number;
  /** Pressed and typed ones. */
  readonly keys: number;
  readonly seconds: number;
}

/**
 * Counts what a person does on the page from now on.
 *
 * @param name of the task, printed with its figures
 * @returns a function that ends the task, prints its figures and returns them
 */
export async function timedTask(page: Page, name: string): Promise<() => TaskEffort> {
  let isEnded = false;
  let [clicks, keys] = [0, 0];
  const started = performance.now();
  await page.exposeFunction('countEffort', (kind: 'click' | 'key', count: number) => {
    if (isEnded) return;
    if (kind === 'click') clicks += count;
    else keys += count;
  });
  await page.addInitScript(countEvents);
  await page.evaluate(countEvents);
  return () => {
    isEnded = true;
    const seconds = (performance.now() - started) / 1000;
    console.log(`${name}: ${clicks} clicks, ${keys} keys, ${seconds.toFixed(0)} s`);
    return { clicks, keys, seconds };
  };
}

/** In the page. A field that the test fills at once counts as typed, a list that it sets as one click. */
function countEvents(): void {
  const { countEffort } = window as unknown as { countEffort(kind: 'click' | 'key', count: number): void };
  let isTyped = false;
  addEventListener('click', ({ detail }) => detail > 0 && countEffort('click', 1), { capture: true });
  addEventListener(
    'keydown',
    () => {
      isTyped = true;
      countEffort('key', 1);
    },
    { capture: true },
  );
  addEventListener(
    'input',
    ({ target }) => {
      if (target instanceof HTMLSelectElement) countEffort('click', 1);
      else if (
        !isTyped &&
        (target instanceof HTMLTextAreaElement || (target instanceof HTMLInputElement && /text|password|search|number/.test(target.type)))
      )
        countEffort('key', target.value.length);
      isTyped = false;
    },
    { capture: true },
  );
}
