import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { Browser } from 'playwright-core';
import { loadConfig, projectRoot } from '../../src/config.js';
import { Fault } from '../../src/errors.js';
import { silentLog } from '../../src/log.js';
import { readRadiographIndex, sampleRadiographs } from '../../src/samples/radiographs.js';
import type { RunningService } from '../../src/service/start-service.js';
import { fetchViewer } from '../../src/server/viewer-files.js';
import { logInAsFirst, noBrowser, openPage, screenshot, startBrowser, type WatchedPage } from '../support/browser.js';
import { eventually } from '../support/eventually.js';
import { temporaryDirectory, useOrthanc } from '../support/orthanc.js';
import { sendByCStore } from '../support/send.js';
import { documentsOf, startTestService } from '../support/service.js';

const skip = noBrowser();
const patience = { timeout: 90_000 };
const { radiographs } = await readRadiographIndex();
const studies = await sampleRadiographs();

/** What a visitor of the demo sees first; its pictures are those of the README (tests/e2e/screenshots/shipped-*.png). */
describe('the model that ships, on published radiographs, in the page and in OHIF', { ...(skip ? { skip } : {}) }, () => {
  let service: RunningService;
  let browser: Browser;
  let open: WatchedPage;
  after(async () => {
    await browser?.close();
    await service?.stop();
  });
  const pacs = useOrthanc();
  const sick = studies[radiographs.findIndex(({ healthy }) => !healthy)]!.studyInstanceUID;

  before(async () => {
    const dataDir = temporaryDirectory('shipped');
    service = await startTestService(pacs.orthanc, {
      dataDir,
      model: { directory: join(projectRoot, 'models/starter') },
      orthanc: { requestTimeoutMs: 30_000 },
    });
    await sendByCStore(
      studies.flatMap(({ files }) => files),
      pacs.orthanc,
    );
    browser = await startBrowser();
    open = await openPage(browser, { width: 1400, height: 900 });
    await logInAsFirst(open, service.url, dataDir);
  });

  test('no radiograph that radiologists read as normal has a finding, and each other one has; none has a region', async () => {
    for (const [index, { studyInstanceUID }] of studies.entries()) {
      const { file, healthy } = radiographs[index]!;
      const [text, ...others] = await eventually(
        `the report of ${file}`,
        async () => {
          const { current } = await documentsOf(pacs.dicomWeb, studyInstanceUID);
          assert.ok(current.length > 0);
          return current;
        },
        { timeoutMs: 60_000, intervalMs: 300 },
      );
      assert.equal(text!.kind, 'text', file);
      assert.deepEqual(others, [], file);
      const present = text!.report.findings.filter(({ decision }) => decision === 'present');
      assert.equal(present.length > 0, !healthy, file);
    }
  });

  test('the worklist and the study page show them', async () => {
    const { page } = open;
    await page.goto(service.url);
    for (const { studyInstanceUID } of studies) await page.waitForSelector(`tr[data-study="${studyInstanceUID}"]`, patience);
    await page.waitForTimeout(500);
    await screenshot(page, 'shipped-worklist');
    await page.goto(`${service.url}/study/${sick}`);
    await page.waitForSelector('h2:has-text("Findings")', patience);
    await page.waitForSelector('text=/Present · [\\d.]+ %/', patience);
    await page.waitForTimeout(1_500);
    await screenshot(page, 'shipped-study');
    assert.deepEqual(open.mistakes, []);
  });

  test('OHIF shows the report', async (context) => {
    const absent = await fetchViewer(loadConfig({}).viewer.cache, silentLog).then(
      () => undefined,
      (error: unknown) => {
        if (error instanceof Fault) return `OHIF cannot be fetched: ${error.detail}`;
        throw error;
      },
    );
    if (absent !== undefined) return context.skip(absent);
    const { page } = open;
    await page.goto(`${service.url}/viewer/viewer?StudyInstanceUIDs=${sick}`);
    await page.locator('text=/AI report: \\d present/').first().dblclick(patience);
    await page.waitForSelector('text=/not verified by a physician, not for diagnosis/', patience);
    await screenshot(page, 'shipped-report');
  });
});
