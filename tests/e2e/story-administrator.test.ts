import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { sampleStudies } from '../../src/samples/sample-studies.js';
import { logIn as logInByApi } from '../support/access.js';
import { accessibilityFaults, logIn, logInAsFirst, noBrowser, openPage, screenshot, type WatchedPage } from '../support/browser.js';
import { eventually } from '../support/eventually.js';
import { orthancRequest } from '../support/orthanc-request.js';
import { pageStudies, usePageService } from '../support/page-service.js';
import { sendByCStore } from '../support/send.js';
import { timedTask } from '../support/timed-task.js';

const skip = noBrowser();
const patience = { timeout: 90_000 };
const passphrase = 'rain on the old roof';

describe('the story of an administrator', { ...(skip ? { skip } : {}) }, () => {
  const pages = usePageService();
  const { hand } = pageStudies();
  const [, , , , laterHand] = sampleStudies('story later', { scale: 0.35, ctSlices: 0 });
  const [, chest] = sampleStudies('story chest', { scale: 0.35, ctSlices: 0 });
  let rita: WatchedPage;
  before(async () => {
    rita = await openPage(pages.browser);
  });
  const resultOf = (study: string) => pages.service.store.results.currentResult(study);

  test('usability 11, 12, 13: accounts, rules, failures, tokens, sessions and the audit log, in one sitting', async () => {
    const { page } = pages.desk;
    const { url } = pages.service;
    const done: string[] = [];
    const step = async (name: string, work: () => Promise<void>): Promise<void> => {
      await work().catch((error: unknown) => assert.fail(`step ${done.length + 1}, ${name}: ${String(error)}`));
      done.push(name);
    };
    const tab = (name: string): Promise<void> => page.click(`header nav a:has-text("${name}")`);
    let given = '';
    let token = '';
    const withToken = async (): Promise<number> =>
      (await fetch(`${url}/api/results`, { headers: { authorization: `Bearer ${token}` } })).status;

    await step('log in', () => logInAsFirst(pages.desk, url, pages.dataDir));
    await step('create a reader; the password is shown once', async () => {
      await tab('Administration');
      await page.click('button:has-text("Add account")');
      await page.fill('[data-testid=accounts-name]', 'rita');
      await page.click('form button:has-text("Add account")');
      given = (await page.textContent('[data-testid=shown-once]'))!;
    });
    await step('the reader logs in and has to choose a password', async () => {
      await rita.page.goto(`${url}/login`);
      await rita.page.fill('#name', 'rita');
      await rita.page.fill('#password', given);
      await rita.page.click('button[type=submit]');
      await rita.page.waitForSelector('text=Choose your own password to continue');
    });
    await step('the reader chooses one and works with it', async () => {
      await rita.page.fill('#current', given);
      await rita.page.fill('#next', passphrase);
      await rita.page.fill('#repeated', passphrase);
      await rita.page.click('button[type=submit]');
      await rita.page.waitForSelector('text=Your password is changed');
      await logIn(rita, url, 'rita', passphrase);
      assert.equal(await rita.page.locator('header a:has-text("Administration")').count(), 0);
    });
    await step('a hand arrives that no rule takes', async () => {
      await sendByCStore(hand.files, pages.pacs.orthanc);
      await eventually('its result', async () => assert.equal((await resultOf(hand.studyInstanceUID))?.code, 'no-rule'), {
        timeoutMs: 90_000,
      });
    });
    const ruleTask = await timedTask(page, 'add a routing rule and prove it');
    await step('add a rule that ignores hands', async () => {
      await tab('Rules');
      await page.click('button:has-text("Add rule")');
      await page.fill('#rule-4-name', 'hands');
      await page.selectOption('#rule-4-action', 'ignore');
      await page.selectOption('#rule-4-set-1-attribute-1', 'bodyPart');
      await page.fill('#rule-4-set-1-values-1', 'HAND');
    });
    await step('prove it by a dry run', async () => {
      await page.click('[data-testid=dry-run]:not([disabled])');
      await page.waitForSelector('text=1 of 1 studies would be handled differently', patience);
      await page.waitForSelector('text=Now: No rule → With the draft: Ignore (hands)');
    });
    await step('apply it', async () => {
      await page.click('section[aria-label=Apply] button:has-text("Apply")');
      await page.waitForSelector('[data-version="2"] >> text=In use');
    });
    await step('prove it by a study that arrives', async () => {
      await sendByCStore(laterHand!.files, pages.pacs.orthanc);
      await eventually('its result', async () => assert.equal((await resultOf(laterHand!.studyInstanceUID))?.rule, 'hands'), {
        timeoutMs: 90_000,
      });
      await tab('Worklist');
      await page.waitForSelector(`tr[data-study="${laterHand!.studyInstanceUID}"] >> text=A routing rule excludes this study`, patience);
    });
    const effort = ruleTask();
    assert.ok(effort.clicks > 5 && effort.clicks <= 12 && effort.keys <= 20, JSON.stringify(effort));
    await step('roll the rules back', async () => {
      await tab('Rules');
      await page.locator('[data-version="1"] button:has-text("Roll back")').click();
      await page.waitForSelector('text=The rules of version 1 apply again');
      await eventually('without the rule', async () => assert.equal(await page.locator('fieldset[data-rule=hands]').count(), 0));
    });
    await step('send chest radiographs to an archive that Orthanc does not know', async () => {
      await page.fill('#rule-2-destinations', 'modality:ARCHIVE');
      await page.click('section[aria-label=Apply] button:has-text("Apply"):not([disabled])');
      await page.waitForSelector('[data-version="4"] >> text=In use');
      await sendByCStore(chest!.files, pages.pacs.orthanc);
    });
    await step('the delivery fails, with its reason, receiver and study', async () => {
      await tab('Operations');
      const failed = page.locator('[data-testid=failed-jobs]');
      await failed.locator('text=/report-delivery: 1 failed with destination-unknown/').waitFor(patience);
      await failed.locator('text=/ARCHIVE/').first().waitFor();
      await failed.locator(`a:has-text("${chest!.studyInstanceUID}")`).waitFor();
      assert.deepEqual(await accessibilityFaults(page), []);
      await screenshot(page, 'story-failed-delivery', { fullPage: true });
    });
    await step('name the archive in Orthanc and retry', async () => {
      const { orthanc } = pages.pacs;
      await orthancRequest(pages.pacs.endpoint, 'PUT', '/modalities/ARCHIVE', {
        AET: orthanc.aet,
        Host: '127.0.0.1',
        Port: orthanc.dicomPort,
      });
      await page.click('[data-testid=failed-jobs] button:has-text("Retry")');
      await page.waitForSelector('text=No failed jobs.', patience);
      const result = (await resultOf(chest!.studyInstanceUID))!;
      await eventually(
        'the delivery',
        async () =>
          assert.deepEqual(
            (await pages.service.store.deliveries.ofResult(result.resultId)).map(({ state }) => state),
            ['delivered'],
          ),
        { timeoutMs: 60_000 },
      );
    });
    await step('make an API token', async () => {
      await tab('Administration');
      await page.click('button:has-text("Add token")');
      await page.fill('[data-testid=tokens-name]', 'dashboard');
      await page.click('form button:has-text("Add token")');
      token = (await page.textContent('[data-testid=shown-once]'))!;
      assert.equal(await withToken(), 200);
    });
    await step('revoke it', async () => {
      const row = page.locator('tr[data-token=dashboard]');
      await row.locator('button:has-text("Revoke")').click();
      await row.locator('form button:has-text("Revoke")').click();
      await row.locator('text=Revoked').waitFor();
      assert.equal(await withToken(), 401);
    });
    await step("end the reader's session", async () => {
      await page.locator('tr[data-session=rita] button:has-text("End session")').click();
      await eventually('no session', async () => assert.equal(await page.locator('tr[data-session=rita]').count(), 0));
      await rita.page.goto(`${url}/worklist`);
      await rita.page.waitForSelector('#password');
    });
    await step('disable the account; its login is refused', async () => {
      const row = page.locator('tr[data-account=rita]');
      await row.locator('button:has-text("Disable")').click();
      await row.locator('form button:has-text("Disable")').click();
      await row.locator('text=Disabled').waitFor();
      await assert.rejects(logInByApi(url, 'rita', passphrase), /401/);
    });
    await step('read the audit log: a sentence and a row for each act', async () => {
      await tab('Audit log');
      const rows = page.locator('[data-testid=audit-entries] tbody tr');
      for (const sentence of [
        'Added account rita with roles reader',
        'Changed the routing rules to version',
        'Rolled the routing rules back to version',
        'Retried failed jobs',
        'Added API token dashboard with roles service',
        'Revoked API token dashboard',
        'Ended sessions',
        'Disabled account rita',
      ]) {
        const matching = rows.filter({ hasText: sentence });
        await matching.first().waitFor();
        assert.equal(await matching.count(), sentence.startsWith('Changed') ? 2 : 1, sentence);
      }
      const text = (await page.textContent('[data-testid=audit-entries]'))!;
      assert.doesNotMatch(text, /intention|account\.add|rules\.change/);
      assert.match(text, /UTC|GMT/);
      await screenshot(page, 'story-audit', { fullPage: true });
    });
    await step('check that the log is whole', async () => {
      await page.click('section[aria-label=Integrity] button:has-text("Check now")');
      await page.waitForSelector('text=/Intact: \\d+ entries/');
    });
    assert.ok(done.length >= 15, `${done.length} steps`);
    assert.deepEqual(pages.desk.mistakes, []);
  });
});
