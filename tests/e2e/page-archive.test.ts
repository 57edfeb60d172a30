import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { accessibilityFaults, logInAsFirst, noBrowser, screenshot } from '../support/browser.js';
import { chestStudy } from '../support/chest-study.js';
import { eventually } from '../support/eventually.js';
import { usePageService } from '../support/page-service.js';
import { sendByCStore } from '../support/send.js';

const skip = noBrowser();
const patience = { timeout: 60_000 };

describe('the page: analysis of the archive', { ...(skip ? { skip } : {}) }, () => {
  const pages = usePageService();
  const studies = ['20150301', '20150415'].map((StudyDate) => chestStudy(`page archive ${StudyDate}`, [{ attributes: { StudyDate } }]));
  before(async () => {
    await logInAsFirst(pages.desk, pages.service.url, pages.dataDir);
    await sendByCStore(
      studies.flatMap((one) => one.files),
      pages.pacs.orthanc,
    );
    // The service of the page reports what arrives; here the archive is what was reported before.
    for (const { studyInstanceUID } of studies)
      await eventually('a result', async () => assert.ok(await pages.service.store.results.currentResult(studyInstanceUID)), {
        timeoutMs: 60_000,
      });
  });

  test('an administrator starts, pauses, resumes and cancels; progress, limits and mistakes are shown', async () => {
    const { page } = pages.desk;
    await page.goto(`${pages.service.url}/operations`);
    await page.waitForSelector('text=No analysis of the archive.', patience);
    // An hour of the day that is not now: it waits.
    const hour = (new Date().getHours() + 4) % 24;
    await page.getByLabel('First Study Date').fill('2015-03-01');
    await page.getByLabel('Last Study Date').fill('2015-02-01');
    await page.getByRole('button', { name: 'Start', exact: true }).click();
    await page.waitForSelector('[role=alert] >> text=/expected until as a day not before since/', patience);
    await page.getByLabel('Last Study Date').fill('2015-05-31');
    await page.getByLabel('Hours, e.g. 20-06').fill(`${hour}-${(hour + 1) % 24}`);
    await page.getByRole('button', { name: 'Start', exact: true }).click();
    const shown = page.locator('[data-testid=backfill]').first();
    await shown.locator('text=Waiting for its hours').waitFor(patience);
    assert.deepEqual(await accessibilityFaults(page), []);
    await shown.getByRole('button', { name: 'Pause' }).click();
    await shown.locator('text=Paused').waitFor(patience);
    await shown.getByRole('button', { name: 'Resume' }).click();
    await shown.locator('text=Waiting for its hours').waitFor(patience);
    await shown.getByRole('button', { name: 'Cancel' }).click();
    await shown.getByRole('button', { name: 'Cancel for good' }).click();
    await shown.locator('text=Cancelled').waitFor(patience);

    await page.getByLabel('First Study Date').fill('2015-03-01');
    await page.getByLabel('Last Study Date').fill('2015-05-31');
    await page.getByLabel('Hours, e.g. 20-06').fill('');
    await page.getByRole('button', { name: 'Start', exact: true }).click();
    await shown.locator('text=Completed').waitFor(patience);
    await shown.locator('text=2 of 2 studies').waitFor(patience);
    await shown.locator('text=/2 unchanged/').waitFor(patience);
    await screenshot(page, 'archive');

    // Studies that have no result are counted by the limit: one now, the next one in a minute.
    for (const { studyInstanceUID } of studies) await pages.service.store.studies.forget(studyInstanceUID);
    await page.getByLabel('First Study Date').fill('2015-03-01');
    await page.getByLabel('Last Study Date').fill('2015-05-31');
    await page.getByRole('spinbutton', { name: 'Studies per hour' }).fill('60');
    await page.getByRole('button', { name: 'Start', exact: true }).click();
    await shown.getByText(/1 of 2 studies.*Time left: \d+ \w+/).waitFor(patience);
    await shown.getByRole('progressbar', { name: '1 of 2 studies' }).waitFor(patience);
    await shown.getByRole('button', { name: 'Cancel' }).click();
    await shown.getByRole('button', { name: 'Cancel for good' }).click();
    await shown.locator('text=Cancelled').waitFor(patience);
  });
});
