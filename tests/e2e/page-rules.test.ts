import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { before, describe, test } from 'node:test';
import { accessibilityFaults, logInAsFirst, noBrowser, openPage, screenshot } from '../support/browser.js';
import { eventually } from '../support/eventually.js';
import { pageStudies, usePageService } from '../support/page-service.js';
import { sendByCStore } from '../support/send.js';

const skip = noBrowser();
const patience = { timeout: 60_000 };

describe('the page: routing rules', { ...(skip ? { skip } : {}) }, () => {
  const pages = usePageService();
  const { hand } = pageStudies();
  before(async () => {
    await logInAsFirst(pages.desk, pages.service.url, pages.dataDir);
    await sendByCStore(hand.files, pages.pacs.orthanc);
    await pages.desk.page.waitForSelector(`tr[data-study="${hand.studyInstanceUID}"]`, patience);
  });
  const names = (): Promise<readonly (string | null)[]> =>
    pages.desk.page.locator('fieldset[data-rule]').evaluateAll((all) => all.map((one) => one.getAttribute('data-rule')));

  test('usability 12: a draft is checked while it is typed, and cannot be applied while something is wrong', async () => {
    const { page } = pages.desk;
    await page.goto(`${pages.service.url}/rules`);
    await page.waitForSelector('text=No changes.');
    await page.click('button:has-text("Add rule")');
    await page.waitForSelector('text=Correct these points first');
    assert.ok(await page.isDisabled('section[aria-label=Apply] button:has-text("Apply")'));
    await page.waitForSelector('fieldset[data-rule=new-rule] >> text=/modality: expected at least one value/');
    assert.deepEqual(await accessibilityFaults(page), []);
    await screenshot(page, 'rules-problems', { fullPage: true });
    await page.fill('#rule-4-set-1-values-1', 'CR, DX');
    await page.fill('#rule-4-name', 'chest-ct');
    await page.waitForSelector('text=/expected a different name for each rule/');
    await page.fill('#rule-4-name', 'hands');
    await page.click('fieldset[data-rule=hands] button:has-text("Add condition")');
    await page.fill('#rule-4-set-1-values-2', 'HAND');
    await page.selectOption('#rule-4-action', 'ignore');
    await eventually('nothing wrong', async () => assert.equal(await page.locator('text=Correct these points first').count(), 0));
  });

  test('usability 12: the draft is tried on the last studies, with patient, date and description, before it is applied; it outlives the view', async () => {
    const { page } = pages.desk;
    await page.click('[data-testid=dry-run]');
    await page.waitForSelector('text=1 of 1 studies would be handled differently', patience);
    await page.waitForSelector('[data-testid=draft-tests] >> text=/PHANTOM.*HAND.*20\\d\\d.*CR/', patience);
    await page.waitForSelector('[data-testid=draft-tests] >> text=Now: No rule → With the draft: Ignore (hands)');
    assert.doesNotMatch(readFileSync(pages.routingFile, 'utf8'), /name: hands/);
    await page.click('header nav a:has-text("Worklist")');
    await page.waitForSelector('h1:has-text("Worklist")');
    await page.click('header nav a:has-text("Rules")');
    await page.waitForSelector('fieldset[data-rule=hands]', patience);
    await page.reload();
    await page.waitForSelector('text=The draft has unsaved changes.', patience);
    for (let n = 0; n < 3; n++) await page.click('fieldset[data-rule=hands] button:has-text("Move up")');
    assert.equal((await names())[0], 'hands');
    await page.click('section[aria-label=Apply] button:has-text("Apply")');
    await page.waitForSelector('text=No changes.');
    await page.waitForSelector('[data-testid=rules-applied]:has-text("The rules are changed. They apply to the next study.")');
    await eventually('the rule in its place', async () => assert.equal((await names())[0], 'hands'));
    assert.match(readFileSync(pages.routingFile, 'utf8'), /rules:\n {2}- name: hands\n/);
  });

  test('usability 12: history with differences, rollback, and a conflict with a change in the file', async () => {
    const { page } = pages.desk;
    const newest = page.locator('[data-version="2"]');
    await newest.locator('text=In use').waitFor();
    await newest.locator('text=Show difference').click();
    await newest.locator('text=/\\+\\s+- name: hands/').waitFor();
    assert.deepEqual(await accessibilityFaults(page), []);
    await page.click('fieldset[data-rule=hands] label:has-text("Switched on")');
    await page.waitForSelector('legend:has-text("Switched off")');
    await page.click('button:has-text("Discard changes")');
    await page.locator('[data-version="1"] button:has-text("Roll back to this version")').click();
    await page.waitForSelector('text=The rules of version 1 apply again');
    await eventually('the rules of before', async () => assert.ok(!(await names()).includes('hands')));
    await page.locator('fieldset[data-rule=chest-ct] button:has-text("Delete")').click();
    writeFileSync(
      pages.routingFile,
      `${readFileSync(pages.routingFile, 'utf8')}\n  - name: by-hand\n    when: { stationName: HAND* }\n    action: ignore\n`,
    );
    await page.click('section[aria-label=Apply] button:has-text("Apply")');
    await page.waitForSelector('text=The rules were changed by another user or in their file');
    await page.click('button:has-text("Load again")');
    await eventually('both', async () => assert.deepEqual((await names()).slice(-2), ['chest-ct', 'by-hand']));
  });

  test('usability 12: light, and on a phone in German', async () => {
    for (const [theme, width, language] of [
      ['light', 1400, 'en'],
      ['dark', 390, 'de'],
    ] as const) {
      const open = await openPage(pages.browser, { theme, width, height: 844, language });
      await logInAsFirst(open, pages.service.url, pages.dataDir);
      await open.page.goto(`${pages.service.url}/rules`);
      await open.page.waitForSelector('fieldset[data-rule=chest-ct]');
      await open.page.waitForSelector('[data-version="1"]');
      assert.deepEqual(await accessibilityFaults(open.page), []);
      const overflow = await open.page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      assert.ok(overflow <= 0, `${overflow} pixels too wide at ${width}`);
      await screenshot(open.page, `rules-${theme}-${width}`, { fullPage: true });
      if (language === 'de') {
        await open.page.click('button:has-text("Regel hinzufügen")');
        await open.page.waitForSelector('text=/modality: mindestens ein Wert wird erwartet/', patience);
      }
      await open.context.close();
    }
    assert.deepEqual(pages.desk.mistakes, []);
  });
});
