import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { evaluationReportSchema } from '../../src/evaluation/report/evaluation-report.js';
import type { ModelVersion } from '../../src/registry/model-version.js';
import { accessibilityFaults, screenshot, type WatchedPage } from './browser.js';
import { eventually } from './eventually.js';

const patience = { timeout: 60_000 };

/**
 * Watches a retraining run on the Models view until it has ended: one that the service continues after an interruption, or one that is
 * started with the button. @returns the texts that the view showed, in order
 */
export async function retrainAndWatch({ page }: WatchedPage, url: string): Promise<readonly string[]> {
  await page.goto(`${url}/models`);
  await page.waitForSelector('[data-testid=retraining-state]', patience);
  if (await page.locator('[data-testid=retrain]').count()) await requestRetraining(page);
  const texts: string[] = [];
  // The page is not loaded again: it shows each change by itself.
  await eventually(
    'the run has ended',
    async () => {
      const text = (await page.locator('section[aria-labelledby=retraining]').textContent()) ?? '';
      if (text !== texts.at(-1)) {
        texts.push(text);
        if (/Epoch \d+ of/.test(text)) await screenshot(page, 'models-retraining');
      }
      assert.match(text, /Idle.*Last run: .*Promoted/);
    },
    { timeoutMs: 8 * 60_000, intervalMs: 250 },
  );
  await screenshot(page, 'models-after-retraining');
  return texts;
}

/** Starts retraining without new labels: the view shows why nothing was trained. */
export async function retrainInVain({ page }: WatchedPage, url: string): Promise<void> {
  await page.goto(`${url}/models`);
  await requestRetraining(page);
  await eventually(
    'the view shows the reason',
    async () => assert.match((await page.locator('section[aria-labelledby=retraining]').textContent()) ?? '', /0 new labels/),
    { timeoutMs: 60_000 },
  );
}

async function requestRetraining(page: Page): Promise<void> {
  await page.click('[data-testid=retrain]', patience);
  await page.click('main form button[type=submit]');
  await page.waitForSelector('text=Retraining is queued.', patience);
}

/** The page of a trained version holds what its metrics.json says: curves, matrix, groups, and every criterion of the gate. */
export async function assertShowsItsFigures(
  { page }: WatchedPage,
  url: string,
  { version, directory }: Pick<ModelVersion, 'version' | 'directory'>,
  criteria: readonly { readonly words: string }[],
): Promise<void> {
  const report = evaluationReportSchema.parse(
    (JSON.parse(readFileSync(join(directory, 'metrics.json'), 'utf8')) as { readonly xray: unknown }).xray,
  );
  const figures = report.perClass['pneumonia']!;
  await page.goto(`${url}/models/${version}`);
  await page.waitForSelector(`[role=img][aria-label="ROC curve: AUROC ${figures.auroc.value!.toFixed(3)}"] canvas`, patience);
  for (const name of ['ROC curve', 'Reliability']) assert.ok((await inkOf(page, name)) > 100, `${name} is drawn`);
  const cells = await page.locator('section:has(h2:text-is("Confusion matrix")) td.number').allTextContents();
  assert.deepEqual(cells.map(Number), figures.confusion.flat());
  for (const [title, groups] of [
    ['By source', report.bySource],
    ['By view', report.byView],
  ] as const) {
    const rows = await page.locator(`section[aria-label="${title}"] tbody tr`).allTextContents();
    assert.deepEqual(rows.length, groups.length, title);
    for (const { name, perClass } of groups)
      assert.ok(
        rows.some((row) => row.startsWith(name) && row.includes(perClass['pneumonia']?.auroc.value?.toFixed(3) ?? '–')),
        `${title}: ${name}`,
      );
  }
  const gate = (await page.locator('section[aria-label^="Decision of the promotion gate"]').allTextContents()).join('\n');
  for (const { words } of criteria) assert.ok(gate.includes(words), words);
  assert.deepEqual(await accessibilityFaults(page), []);
  await screenshot(page, 'model-retrained', { fullPage: true });
}

/** Pixels of a plot in the colour of its curve, which no other line of it has. */
function inkOf(page: Page, name: string): Promise<number> {
  return page.locator(`[role=img][aria-label^="${name}"] canvas`).evaluate((canvas) => {
    const { width, height } = canvas as HTMLCanvasElement;
    const { data } = (canvas as HTMLCanvasElement).getContext('2d')!.getImageData(0, 0, width, height);
    let ink = 0;
    // Teal: much more green than red, and seen.
    for (let at = 0; at < data.length; at += 4) if (data[at + 1]! - data[at]! > 60 && data[at + 3]! > 128) ink++;
    return ink;
  });
}

/** Deploys the former model and the newer one again, and runs the former in shadow mode for a while, each with its button. */
export async function pressEveryAction(
  { page }: WatchedPage,
  url: string,
  { former, newer }: { readonly former: string; readonly newer: string },
): Promise<void> {
  await page.goto(`${url}/models`);
  const press = async (action: string, done: string): Promise<void> => {
    await page.click(`[data-testid=${action}]`, patience);
    await page.click('main form button[type=submit]');
    await page.waitForSelector(`text=${done}`, patience);
  };
  const roleOf = (version: string): Promise<string | null> => page.locator(`section[aria-label="${version}"]`).textContent();
  await press('rollback', `${former} is deployed.`);
  await eventually('the newer one is not deployed', async () => assert.match((await roleOf(newer)) ?? '', /passed the gate in comparison/));
  await press(`promote-${newer}`, `${newer} is deployed.`);
  await press(`challenge-${former}`, `${former} now runs in shadow mode.`);
  await eventually('it is the challenger', async () => assert.match((await roleOf(former)) ?? '', /Shadow mode|Challenger|challenger/));
  await press('unchallenge', 'The shadow mode has ended.');
}
