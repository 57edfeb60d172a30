import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { before, describe, test } from 'node:test';
import { accessibilityFaults, logInAsFirst, noBrowser, screenshot } from '../support/browser.js';
import { eventually } from '../support/eventually.js';
import { pageStudies, usePageService } from '../support/page-service.js';

const skip = noBrowser();
const _patience = { timeout: 60_000 };

describe('the page: audit log', { ...(skip ? { skip } : {}) }, () => {
  const pages = usePageService();
  const { opacity } = pageStudies();
  before(async () => {
    await logInAsFirst(pages.desk, pages.service.url, pages.dataDir);
  });

  test('the audit log: newest first, filtered by actor, action and time, page by page, checked and exported', async () => {
    const { page } = pages.desk;
    for (let n = 0; n < 60; n++)
      await pages.service.store.audit.append({
        actor: 'robot',
        action: 'study.view',
        subject: { studyInstanceUID: opacity.studyInstanceUID },
      });
    await page.click('header a:has-text("Audit log")');
    const rows = page.locator('[data-testid=audit-entries] tbody tr');
    const numbers = async (): Promise<readonly number[]> =>
      rows.evaluateAll((all) => all.map((row) => Number(row.getAttribute('data-seq'))));
    await eventually('a page of entries', async () => assert.equal(await rows.count(), 50));
    await page.fill('#audit-actor', 'robot');
    await eventually('those of the robot', async () => assert.ok((await rows.allTextContents()).every((one) => one.includes('robot'))));
    await page.click('text=Older entries');
    await eventually('all of them', async () => assert.equal(await rows.count(), 60));
    const seen = await numbers();
    assert.deepEqual(
      seen,
      [...seen].sort((a, b) => b - a),
    );
    await page.selectOption('#audit-action', 'audit');
    await page.waitForSelector('text=No matching entries');
    await page.fill('#audit-actor', 'admin');
    await eventually('the logins', async () => {
      const texts = await rows.allTextContents();
      assert.ok(texts.length >= 1 && texts.every((one) => /adminViewed the audit log/.test(one)), texts.join('\n'));
    });
    assert.match((await rows.first().locator('td').nth(1).textContent())!, /GMT|UTC/, 'a time has its zone');
    await page.fill('#audit-from', '2099-01-01');
    await page.waitForSelector('text=No matching entries');
    await page.fill('#audit-from', '2000-01-01');
    await eventually('the entries again', async () => assert.ok((await rows.count()) >= 1));

    await page.click('section[aria-label=Integrity] button:has-text("Check now")');
    await page.waitForSelector('text=/Intact: \\d+ entries/');
    await screenshot(page, 'audit');
    const tamper = (sql: string): Promise<void> =>
      pages.service.store.sql.script(
        `ALTER TABLE chest_ai.audit_entry DISABLE TRIGGER ALL;\n${sql};\nALTER TABLE chest_ai.audit_entry ENABLE TRIGGER ALL;`,
      );
    await tamper(`UPDATE chest_ai.audit_entry SET actor = 'nobody' WHERE seq = ${seen[7]}`);
    await page.click('section[aria-label=Integrity] button:has-text("Check now")');
    await page.waitForSelector(`text=the entries from ${seen[7]} on cannot be trusted`);
    await tamper(`UPDATE chest_ai.audit_entry SET actor = 'robot' WHERE seq = ${seen[7]}`);

    const [download] = await Promise.all([page.waitForEvent('download'), page.click('text=Export as JSON')]);
    const lines = readFileSync((await download.path())!, 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { seq: number; action: string });
    assert.deepEqual(
      lines.map(({ seq }) => seq),
      lines.map((_, index) => index + 1),
      'every entry, oldest first',
    );
    assert.equal(lines.at(-1)!.action, 'audit.export', 'the export itself is on record');
  });

  test('usability 13: the audit log is in the navigation; each action is one sentence in one row, without internal names', async () => {
    const { page } = pages.desk;
    const { audit } = pages.service.store;
    const entry = { actor: 'kim', action: 'account.roles', subject: { account: 'lee', roles: ['reader', 'operator'] } };
    const { seq: intention } = await audit.append({ ...entry, outcome: 'intended' });
    await audit.append({ ...entry, subject: { ...entry.subject, intention } });
    await audit.append({ actor: 'kim', action: 'assessment.give', subject: { studyInstanceUID: opacity.studyInstanceUID } });
    await page.goto(`${pages.service.url}/worklist`);
    await page.click('header nav a:has-text("Audit log")');
    await page.fill('#audit-actor', 'kim');
    const rows = page.locator('[data-testid=audit-entries] tbody tr');
    await eventually('two actions', async () => assert.equal(await rows.count(), 2));
    const texts = await rows.allTextContents();
    assert.match(texts[0]!, /Stored an assessment of a study/);
    assert.match(texts[1]!, /Changed the roles of account lee to reader, operator/);
    assert.doesNotMatch(texts.join(' '), /intention|assessment\.give|account\.roles|studyInstanceUID/);
    await rows.nth(1).locator('summary').click();
    await rows.nth(1).locator('text=Account: lee').waitFor();
    assert.deepEqual(await accessibilityFaults(page), []);
  });
});
