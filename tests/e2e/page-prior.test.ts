import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Browser } from 'playwright-core';
import type { RunningService } from '../../src/service/start-service.js';
import { accessibilityFaults, logInAsFirst, noBrowser, openPage, screenshot, startBrowser, type WatchedPage } from '../support/browser.js';
import { cautiousStarter } from '../support/cautious-starter.js';
import { eventually } from '../support/eventually.js';
import { temporaryDirectory, useOrthanc } from '../support/orthanc.js';
import { priorStudies } from '../support/prior-studies.js';
import { sendByCStore } from '../support/send.js';
import { startTestService } from '../support/service.js';

const skip = noBrowser();
const { january, february } = priorStudies;

describe('the study page compares with the prior study', { ...(skip ? { skip } : {}) }, () => {
  let service: RunningService;
  let browser: Browser;
  let open: WatchedPage;
  const pacs = useOrthanc();

  before(async () => {
    const dataDir = temporaryDirectory('page-prior');
    service = await startTestService(pacs.orthanc, { dataDir, model: { directory: cautiousStarter() } });
    for (const { files, studyInstanceUID } of [january, february]) {
      await sendByCStore([...files], pacs.orthanc);
      await eventually('reported', async () => assert.ok(await service.store.results.currentResult(studyInstanceUID)), {
        timeoutMs: 90_000,
      });
    }
    browser = await startBrowser();
    open = await openPage(browser);
    await logInAsFirst(open, service.url, dataDir);
  });
  after(async () => {
    await browser?.close();
    await service?.stop();
  });

  test('a new finding is called new, with date, decision and probability of before; a click opens the prior study', async () => {
    const { page, mistakes } = open;
    await page.goto(`${service.url}/study/${february.studyInstanceUID}`);
    const findings = page.locator('section[aria-labelledby=findings]');
    await findings.getByText('New', { exact: true }).waitFor();
    assert.match((await findings.textContent()) ?? '', /Pneumonia[\s\S]*New: .*2026 (Absent|Undetermined), [\d.]+ %/);
    assert.match((await findings.textContent()) ?? '', /COVID-19[\s\S]*Unchanged: /);
    assert.deepEqual(await accessibilityFaults(page), []);
    await screenshot(page, 'study-prior');
    await findings.locator(`a[href="/study/${january.studyInstanceUID}"]`).first().click();
    await page.waitForURL(`**/study/${january.studyInstanceUID}`);
    await findings.getByText('Pneumonia').first().waitFor();
    assert.doesNotMatch((await findings.textContent()) ?? '', /New|Unchanged/, 'nothing before the first study');
    assert.deepEqual(mistakes, []);
  });
});
