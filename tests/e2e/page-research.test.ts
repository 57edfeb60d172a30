import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';
import sharp from 'sharp';
import { describeRun } from '../../src/retraining/run-history.js';
import type { LogEntry } from '../../src/training/training-log.js';
import { accessibilityFaults, logInAsFirst, noBrowser, openPage, screenshot } from '../support/browser.js';
import { eventually } from '../support/eventually.js';
import { pageStudies, usePageService } from '../support/page-service.js';
import { sendByCStore } from '../support/send.js';

const skip = noBrowser();
const patience = { timeout: 120_000 };

/** Entries as a training process writes them. */
function steps(from: number, to: number): readonly LogEntry[] {
  return Array.from({ length: to - from }, (_, index) => ({
    kind: 'step',
    stage: 0,
    epoch: Math.floor((from + index) / 10),
    batch: (from + index) % 10,
    loss: 1,
    smoothedLoss: 2 / (2 + from + index),
    gradientNorm: 1,
    learningRate: 0.01,
    momentum: 0.9,
  }));
}
const epoch = (number: number): LogEntry => ({
  kind: 'epoch',
  stage: 0,
  epoch: number,
  trainLoss: 0.5,
  validationLoss: 0.6 / (number + 1),
  validationAccuracy: 0.6 + 0.1 * number,
  seconds: 3,
  imagesPerSecond: 3,
});
const lines = (entries: readonly LogEntry[]): string => entries.map((entry) => `${JSON.stringify(entry)}\n`).join('');

describe('the page: research', { ...(skip ? { skip } : {}) }, () => {
  // Who may adjudicate sees the studies on which others disagree.
  const pages = usePageService({ assessments: { verifiers: ['admin'] } });
  const { clear, opacity } = pageStudies();
  const view = (): string => `${pages.service.url}/research`;
  before(async () => {
    await logInAsFirst(pages.desk, pages.service.url, pages.dataDir);
  });

  test('usability 15: nothing yet says what to do; the retraining section states labels, minimum and threads', async () => {
    const { page } = pages.desk;
    await page.goto(view());
    await page.locator('text=/No labels yet. Labels come from the assessments/').waitFor(patience);
    await page.locator('text=/No training run yet/').waitFor();
    await page.goto(`${pages.service.url}/models`);
    assert.match(
      (await page.locator('[data-testid=readiness]').textContent(patience)) ?? '',
      /0 of 50 new labels.*threads: \d+.*too few new labels/,
    );
  });

  test('issue 18: labels by finding, reader and site, open disagreements with their study; a data set is exported', async () => {
    const { page } = pages.desk;
    await sendByCStore([...clear.files, ...opacity.files], pages.pacs.orthanc);
    const { labels, assessments } = pages.service.store;
    await labels.setOrthancLabels([
      { studyInstanceUID: clear.studyInstanceUID, finding: 'pneumonia', decision: 'absent' },
      { studyInstanceUID: opacity.studyInstanceUID, finding: 'pneumonia', decision: 'present' },
    ]);
    await assessments.record({
      sopInstanceUID: '1.2.3.9',
      seriesInstanceUID: '1.2.3.8',
      studyInstanceUID: opacity.studyInstanceUID,
      kind: 'assessment',
      reader: 'anna',
      verified: false,
      adjudicates: false,
      origin: 'page',
      givenAt: new Date(),
      findings: [{ name: 'pneumonia', code: '1', scheme: 'SCT', meaning: 'Pneumonia', decision: 'absent' }],
      predecessors: [],
      withdrawn: [],
    });
    await page.goto(view());
    const table = page.locator('[data-testid=labels]');
    await table.locator('text=3 statements on 2 studies.').waitFor(patience);
    const disagreements = page.locator('[data-testid=disagreements]');
    assert.match((await disagreements.textContent()) ?? '', /Open disagreements: 1.*Pneumonia: 1 present, 1 absent/);
    assert.doesNotMatch((await disagreements.textContent()) ?? '', /anna/, 'a further reader is not influenced');
    assert.equal(await disagreements.locator('a').getAttribute('href'), `/study/${opacity.studyInstanceUID}`);

    await page.locator('text=Shift dates by a number of days').click();
    await page.getByRole('button', { name: 'Export', exact: true }).click();
    const exported = page.locator('[data-testid=exported]');
    await exported.locator('text=Exported into this folder (images: 1, patients: 1)').waitFor(patience);
    assert.deepEqual(await accessibilityFaults(page), []);
    await screenshot(page, 'research-labels', { fullPage: true });
    // Both studies are reported by now: before any run the estimate is made from their inference.
    await page.goto(`${pages.service.url}/models`);
    await eventually('an estimate', async () => {
      await page.reload();
      assert.match(
        (await page.locator('[data-testid=readiness]').textContent(patience)) ?? '',
        /\d of 50 new labels.*A run takes about \d+ minutes on .*Estimated from the time of inference here/,
      );
    });
  });

  test('usability 15: the curve of a run grows while it trains; two runs are compared; a figure is downloaded as SVG and JSON', async () => {
    const { page } = pages.desk;
    const folder = (name: string): string => join(pages.dataDir, 'training', name);
    const head = (name: string, startedAt: string, batch: string) => ({
      id: `train-${name}`,
      kind: 'command' as const,
      name,
      startedAt,
      classes: ['pneumonia'],
      settings: { batch, seed: '42' },
      images: { train: 10, validation: 4 },
    });
    await mkdir(folder('one'), { recursive: true });
    await writeFile(join(folder('one'), 'log.jsonl'), lines(steps(0, 5)));
    await describeRun(folder('one'), head('one', '2026-03-01T02:00:00.000Z', '4'));
    await page.goto(view());
    const loss = page.locator('[data-testid=plot-loss]');
    await loss.waitFor(patience);
    const last = async (): Promise<string> => (await loss.getAttribute('aria-label')) ?? '';
    assert.match(await last(), /Training 0\.333, Validation –/);
    // The training process goes on: the page follows without being loaded anew.
    await writeFile(join(folder('one'), 'log.jsonl'), lines([...steps(0, 20), epoch(0), epoch(1)]));
    await page.locator('[data-testid=plot-loss][aria-label*="Training 0.095, Validation 0.300"]').waitFor(patience);
    assert.ok((await loss.locator('canvas').count()) > 0);

    await mkdir(folder('two'), { recursive: true });
    await writeFile(join(folder('two'), 'log.jsonl'), lines([...steps(0, 20), epoch(0)]));
    await describeRun(folder('two'), { ...head('two', '2026-03-02T02:00:00.000Z', '8'), endedAt: '2026-03-02T03:00:00.000Z' });
    await page.reload();
    await page.locator('[data-run=train-one] input').check(patience);
    const settings = page.locator('[data-testid=run-settings]');
    await settings.locator('text=Settings that differ (1)').waitFor(patience);
    assert.match((await settings.textContent()) ?? '', /batch8?4?/);
    assert.doesNotMatch((await settings.textContent()) ?? '', /seed/);

    const save = async (name: string): Promise<string> => {
      const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name }).click()]);
      return readFileSync((await download.path())!, 'utf8');
    };
    const svg = await save('SVG: Loss');
    assert.equal((await sharp(Buffer.from(svg)).metadata()).width, 640);
    const json = JSON.parse(await save('JSON: Loss')) as { curves: { name: string; points: unknown[] }[] };
    assert.equal(json.curves.length, 4);
    assert.equal(json.curves[0]!.points.length, 20);
    assert.deepEqual(await accessibilityFaults(page), []);
    await screenshot(page, 'research-runs', { fullPage: true });
    assert.deepEqual(pages.desk.mistakes, []);
  });

  test('on a phone, light, in German', async () => {
    const phone = await openPage(pages.browser, { theme: 'light', width: 390, height: 844, language: 'de' });
    await phone.context.addCookies(await pages.desk.context.cookies());
    await phone.page.goto(view());
    await phone.page.locator('[data-testid=plot-loss]').waitFor(patience);
    await phone.page.locator('text=Offene Abweichungen').waitFor(patience);
    assert.deepEqual(await accessibilityFaults(phone.page), []);
    await screenshot(phone.page, 'research-phone-light-de', { fullPage: true });
    assert.deepEqual(phone.mistakes, []);
    await phone.context.close();
    await rm(join(pages.dataDir, 'training'), { recursive: true });
  });
});
