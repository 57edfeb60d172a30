import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { accessibilityFaults, logInAsFirst, noBrowser, openPage, screenshot } from '../support/browser.js';
import { pageStudies, usePageService } from '../support/page-service.js';
import { sendByCStore } from '../support/send.js';
import { tinyCandidate } from '../support/tiny-model.js';

const skip = noBrowser();
const patience = { timeout: 60_000 };

describe('the page: accessibility of every view', { ...(skip ? { skip } : {}) }, () => {
  const pages = usePageService();
  const { clear, opacity, lateral, hand } = pageStudies();
  let tiny = '';
  before(async () => {
    await logInAsFirst(pages.desk, pages.service.url, pages.dataDir);
    ({ version: tiny } = await pages.service.registry.add(tinyCandidate()));
    await sendByCStore(
      [clear, opacity, lateral, hand].flatMap(({ files }) => files),
      pages.pacs.orthanc,
    );
    for (const { studyInstanceUID } of [clear, opacity, lateral, hand])
      await pages.desk.page.waitForSelector(`tr[data-study="${studyInstanceUID}"]`, patience);
  });

  test('every view passes axe-core, dark and light, on a desktop and on a phone, without errors on the console', async () => {
    const views = [
      '/worklist',
      `/study/${opacity.studyInstanceUID}`,
      '/analyze',
      '/research',
      '/operations',
      '/administration',
      '/rules',
      '/audit',
      '/models',
      `/models/${pages.service.model.version}`,
      `/models/${tiny}`,
      '/api/docs',
      '/password',
      '/help',
      '/help/triage',
      '/help/reference-documents',
      '/nowhere',
    ];
    assert.deepEqual(pages.desk.mistakes, [], 'errors in the console so far');
    const found: string[] = [];
    for (const theme of ['dark', 'light'] as const) {
      for (const width of [1400, 390]) {
        const open = await openPage(pages.browser, { theme, width, height: width < 500 ? 844 : 900 });
        await logInAsFirst(open, pages.service.url, pages.dataDir);
        for (const view of views.slice(0, -1)) {
          await open.page.goto(pages.service.url + view);
          await open.page.waitForSelector('h1', patience);
          await open.page.waitForLoadState('networkidle').catch(() => undefined);
          found.push(...(await accessibilityFaults(open.page)).map((one) => `${view}, ${theme}, ${width}: ${one}`));
          const overflow = await open.page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
          if (overflow > 0) found.push(`${view} at ${width} is ${overflow} pixels too wide`);
          await screenshot(open.page, `${view.replace(/[^a-z]+/gi, '-').slice(1, 20)}-${theme}-${width}`);
        }
        assert.deepEqual(open.mistakes, []);
        await open.context.close();
      }
    }
    assert.deepEqual(found, []);
  });
});
