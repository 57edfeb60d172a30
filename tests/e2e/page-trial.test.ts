import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { accessibilityFaults, logInAsFirst, noBrowser, screenshot } from '../support/browser.js';
import { chestStudy } from '../support/chest-study.js';
import { eventually } from '../support/eventually.js';
import { usePageService } from '../support/page-service.js';
import { sendByCStore } from '../support/send.js';

const skip = noBrowser();
const patience = { timeout: 60_000 };

describe('the page: report of a silent trial', { ...(skip ? { skip } : {}) }, () => {
  const pages = usePageService();
  const studies = ['20140301', '20140415'].map((StudyDate) => chestStudy(`page trial ${StudyDate}`, [{ attributes: { StudyDate } }]));
  before(async () => {
    await logInAsFirst(pages.desk, pages.service.url, pages.dataDir);
    await sendByCStore(
      studies.flatMap((one) => one.files),
      pages.pacs.orthanc,
    );
    for (const { studyInstanceUID } of studies)
      await eventually('a result', async () => assert.ok(await pages.service.store.results.currentResult(studyInstanceUID)), {
        timeoutMs: 60_000,
      });
  });

  test('an analysis in shadow ends with a report, which is read and signed off', async () => {
    const { page } = pages.desk;
    await page.goto(`${pages.service.url}/operations`);
    await page.getByLabel('First Study Date').fill('2014-03-01');
    await page.getByLabel('Last Study Date').fill('2014-05-31');
    await page.getByRole('spinbutton', { name: 'Studies per hour' }).fill('36000');
    await page.getByLabel('Routing rule (optional)').fill('no such rule');
    await page.getByLabel('Model version (optional)').fill('champion');
    await page.getByRole('button', { name: 'Start in shadow' }).click();
    await page.waitForSelector('[role=alert] >> text=/expected the name of a rule that analyses/', patience);
    await page.getByLabel('Routing rule (optional)').fill('');
    await page.getByRole('button', { name: 'Start in shadow' }).click();
    const shown = page.locator('[data-testid=backfill]').first();
    await shown.locator('text=Completed').waitFor(patience);
    const panel = shown.locator('[data-testid=trial-report]');
    await panel.locator('text=Not signed off.').waitFor(patience);

    const [opened] = await Promise.all([
      page.context().waitForEvent('page'),
      panel.getByRole('link', { name: 'Report', exact: true }).click(),
    ]);
    await opened.getByRole('heading', { name: 'Report of a silent trial' }).waitFor(patience);
    await opened.getByText('Not for diagnosis.').waitFor(patience);
    await opened.getByText('This report is not signed off.').waitFor(patience);
    assert.deepEqual(await accessibilityFaults(opened), []);
    await screenshot(opened, 'trial-report');
    const [download] = await Promise.all([page.waitForEvent('download'), panel.getByRole('link', { name: 'Report (PDF)' }).click()]);
    assert.match(download.suggestedFilename(), /^trial-\d+-[0-9a-f]{12}\.pdf$/);

    await panel.getByRole('button', { name: 'Sign the report' }).click();
    await panel.getByLabel('Name').fill('Dr. Example');
    await panel.getByLabel('Function, e.g. Medical director').fill('Medical director');
    await panel.getByLabel('Comment (no patient data)').fill('Two studies are too few.');
    assert.deepEqual(await accessibilityFaults(page), []);
    await panel.getByRole('button', { name: 'Do not accept' }).click();
    await panel
      .locator('[data-testid=sign-off] >> text=/Not accepted by Dr. Example, Medical director, .*: Two studies are too few\\./')
      .waitFor(patience);
    await opened.reload();
    await opened.getByRole('cell', { name: 'not accepted' }).waitFor(patience);

    // A label that comes later: the report has other figures, and says so.
    const { studyInstanceUID } = studies[0]!;
    const { findings } = (await pages.service.store.results.currentResult(studyInstanceUID))!;
    await pages.service.store.labels.setOrthancLabels([{ studyInstanceUID, finding: findings[0]!.name, decision: 'present' }]);
    await page.reload();
    await panel.locator('text=/for other figures: studies or labels have changed since/').waitFor(patience);
    await screenshot(page, 'trial-sign-off');
    await opened.close();
  });
});
