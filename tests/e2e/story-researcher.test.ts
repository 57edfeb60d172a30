import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';
import sharp from 'sharp';
import { noTransforms } from '../../src/dataset/augmentation.js';
import { parseCells } from '../../src/dataset/csv-cells.js';
import { defaultPromotionRules } from '../../src/evaluation/promotion/promotion-rules.js';
import { compareImages, comparedImagesFile } from '../../src/retraining/compared-images.js';
import { retrainingFolders } from '../../src/retraining/retraining-folders.js';
import type { RetrainingPlan } from '../../src/retraining/retraining-plan.js';
import { rememberRun } from '../../src/retraining/run-history.js';
import { fastaiRecipe } from '../../src/training/recipe.js';
import { logInAsFirst, noBrowser, screenshot } from '../support/browser.js';
import { chestAi } from '../support/chest-ai-command.js';
import { temporaryDirectory } from '../support/orthanc.js';
import { pageStudies, usePageService } from '../support/page-service.js';
import { phantomStudy } from '../support/phantom-study.js';
import { sendByCStore } from '../support/send.js';
import { timedTask } from '../support/timed-task.js';

const skip = noBrowser();
const patience = { timeout: 240_000 };

describe('a researcher, from files to a figure', { ...(skip ? { skip } : {}) }, () => {
  // Who may adjudicate sees the studies on which others disagree.
  const pages = usePageService({ assessments: { verifiers: ['admin'] } });
  const { clear, opacity, hand } = pageStudies();
  const studies = Array.from({ length: 12 }, (_, number) => phantomStudy(number));
  const folder = join(temporaryDirectory('researcher'), 'cohort');
  const done: string[] = [];
  const step = async (what: string, work: () => Promise<void>): Promise<void> => {
    await work();
    done.push(what);
  };
  before(async () => {
    for (const name of ['a', 'b']) mkdirSync(join(folder, name), { recursive: true });
    writeFileSync(join(folder, 'a/chest.dcm'), opacity.files[0]!);
    writeFileSync(join(folder, 'b/chest.dcm'), clear.files[0]!);
    writeFileSync(join(folder, 'b/hand.dcm'), hand.files[0]!);
    await sendByCStore(
      studies.map(({ file }) => file),
      pages.pacs.orthanc,
    );
  });

  /** A retraining run as it stands on disk when the training process has evaluated both versions. */
  async function finishedRetraining(): Promise<void> {
    const place = { dataDir: pages.dataDir };
    const { run } = retrainingFolders(place);
    await mkdir(run, { recursive: true });
    const plan: RetrainingPlan = {
      id: 'retraining-2026-03-01T02-00-00-000Z',
      startedAt: '2026-03-01T02:00:00.000Z',
      by: 'schedule',
      champion: pages.service.model.version,
      best: [],
      classes: ['pneumonia'],
      objective: 'several',
      images: studies.map(({ studyInstanceUID, diseased }, number) => ({
        sopInstanceUID: `1.2.${number}`,
        seriesInstanceUID: `1.3.${number}`,
        studyInstanceUID,
        patient: `p${number}`,
        source: 'phantom',
        view: 'PA',
        labels: diseased ? ['pneumonia'] : [],
        unknown: [],
        part: 'test',
      })),
      recipe: { ...fastaiRecipe, augmentation: noTransforms, batch: 4 },
      rules: defaultPromotionRules,
      lock: 'f'.repeat(64),
      warnings: [],
    };
    const set = (score: (diseased: boolean, number: number) => number) => ({
      objective: 'several' as const,
      classes: ['pneumonia'],
      thresholds: [0.5],
      images: studies.map(({ studyInstanceUID, diseased }, number) => ({
        id: studyInstanceUID,
        patient: `p${number}`,
        source: '',
        view: '',
        yTrue: [diseased ? (1 as const) : (0 as const)],
        yScore: [score(diseased, number)],
      })),
    });
    const compared = compareImages(
      set((diseased, number) => (number === 7 ? 0.01 : diseased ? 0.9 : 0.1)),
      set((diseased) => (diseased ? 0.8 : 0.2)),
      (id) => id,
    );
    await writeFile(join(run, 'plan.json'), JSON.stringify(plan));
    await writeFile(
      join(run, 'log.jsonl'),
      `${JSON.stringify({ kind: 'step', stage: 0, epoch: 0, batch: 0, loss: 1, smoothedLoss: 0.7, gradientNorm: 1, learningRate: 0.01, momentum: 0.9 })}\n`,
    );
    await writeFile(join(run, comparedImagesFile), JSON.stringify(compared));
    await rememberRun(place, new Date('2026-03-01T02:10:00Z'), null);
    // The run has ended: its folder is removed as endRun does.
    await rm(run, { recursive: true });
  }

  test('issue 18: story of a researcher in sixteen steps', async () => {
    const { page } = pages.desk;
    const save = async (name: string | RegExp): Promise<string> => {
      const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name }).first().click()]);
      return readFileSync((await download.path())!, 'utf8');
    };
    const train = (...more: readonly string[]) =>
      chestAi(
        [
          'train',
          '--dataset',
          join(pages.dataDir, 'set'),
          ...['--size', '48', '--augment', 'none', '--validation', '0.3', '--calibration', '0'],
          ...more,
        ],
        { DATA_DIR: pages.dataDir },
        240_000,
      );
    await step('log in', () => logInAsFirst(pages.desk, pages.service.url, pages.dataDir));
    await step('open Analyze files', async () => {
      await page.getByRole('banner').getByRole('link', { name: 'Analyze files' }).click();
      await page.waitForSelector('.drop', patience);
    });
    await step('choose a folder', async () => {
      await page.locator('[data-testid=choose-folder]').setInputFiles(folder);
      await page.locator('text=3 of 3 files done, 0 failed').waitFor(patience);
    });
    await step('sort by probability', async () => {
      await page.getByRole('button', { name: /^Pneumonia/ }).click();
      assert.equal(await page.locator('[data-testid=summary-row]').first().getAttribute('data-path'), 'cohort/a/chest.dcm');
    });
    await step('look at one file', async () => {
      await page.locator('[data-path="cohort/a/chest.dcm"] button.open').click();
      await page.locator('[data-testid=details] [data-testid=finding-pneumonia]').waitFor(patience);
    });
    await step('download the CSV', async () => {
      const rows = parseCells(await save('Download CSV'), 'findings.csv');
      assert.equal(rows.length, 4);
    });
    await step('clear the list', async () => {
      await page.getByRole('button', { name: 'Clear all' }).click();
      await page.locator('[data-testid=summary]').waitFor({ state: 'detached' });
    });
    await step('see the labels', async () => {
      await pages.service.store.labels.setOrthancLabels(
        studies.map(({ studyInstanceUID, diseased }) => ({
          studyInstanceUID,
          finding: 'pneumonia',
          decision: diseased ? 'present' : 'absent',
        })),
      );
      await page.getByRole('banner').getByRole('link', { name: 'Research' }).click();
      await page.locator('text=12 statements on 12 studies.').waitFor(patience);
    });
    let exported = '';
    const trainTask = await timedTask(page, 'train on an exported set and compare two runs, with two commands');
    await step('export a de-identified set as PNG', async () => {
      await page.locator('label:has-text("PNG")').click();
      await page.getByRole('button', { name: 'Export', exact: true }).click();
      await page.locator('text=Exported into this folder (images: 12, patients: 12)').waitFor(patience);
      exported = (await page.locator('[data-testid=exported] .mono').textContent()) ?? '';
      assert.ok(exported.startsWith(pages.dataDir));
    });
    await step('look at the labels of the set', async () => {
      const text = readFileSync(join(exported, 'labels.csv'), 'utf8');
      assert.equal(text.trim().split('\r\n').length, 13);
      assert.doesNotMatch(text, /PHANTOM|RETRAINING/);
      await rename(exported, join(pages.dataDir, 'set'));
    });
    await step('train on it and watch the curve', async () => {
      const training = train('--epochs', '40', '--batch-size', '2', '--name', 'first');
      await page.locator('[data-run^=train-]:has-text("In progress")').waitFor(patience);
      await page
        .locator('[data-testid=plot-loss][aria-label*="Training 0."], [data-testid=plot-loss][aria-label*="Training 1."]')
        .waitFor(patience);
      const run = await training;
      assert.equal(run.code, 0, run.stderr);
      // Without loading the page anew.
      await page.locator('[data-run^=train-]:has-text("Ended")').waitFor(patience);
    });
    await step('train again with another batch size', async () => {
      const run = await train('--epochs', '5', '--batch-size', '4', '--name', 'second');
      assert.equal(run.code, 0, run.stderr);
      await page.locator('[data-run]:has-text("second")').waitFor(patience);
    });
    await step('compare the two runs', async () => {
      await page.locator('[data-run]:has-text("first") input').check();
      await page.locator('[data-run]:has-text("second") input').check();
      const settings = page.locator('[data-testid=run-settings]');
      await settings.locator('text=/Settings that differ/').waitFor(patience);
      assert.match((await settings.textContent()) ?? '', /batch/);
      assert.equal(await page.locator('[data-testid=run-figures] th').count(), 3, 'a column for each version beside the findings');
      await screenshot(page, 'story-researcher-compare', { fullPage: true });
    });
    const effort = trainTask();
    assert.ok(effort.clicks > 2 && effort.clicks <= 8 && effort.keys === 0, JSON.stringify(effort));
    await step('download the figure as SVG', async () => {
      assert.equal((await sharp(Buffer.from(await save('SVG: Loss'))).metadata()).format, 'svg');
    });
    await step('look at a retraining run', async () => {
      await finishedRetraining();
      await page.reload();
      await page.locator('[data-run^=retraining-] input').check(patience);
      const losses = page.locator('[data-testid=runs-topLosses]').first();
      await losses.waitFor(patience);
      assert.match((await losses.locator('p').first().textContent()) ?? '', new RegExp(`loss 4\\.61.*${studies[7]!.studyInstanceUID}`));
    });
    await step('open the study of the greatest loss', async () => {
      await page.locator('[data-testid=runs-topLosses] a').first().click();
      await page.waitForURL(`**/study/${studies[7]!.studyInstanceUID}`, patience);
      await page.waitForSelector('h1', patience);
    });
    assert.ok(done.length >= 15, done.join(', '));
    assert.deepEqual(pages.desk.mistakes, []);
  });
});
