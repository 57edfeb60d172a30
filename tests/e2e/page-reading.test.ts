import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import type { Locator, Page } from 'playwright-core';
import { readAssessments } from '../../src/assessments/assessments-in-pacs.js';
import { consensusLabels } from '../../src/assessments/adjudicated-labels.js';
import { hashPassword } from '../../src/server/access/password.js';
import { accessibilityFaults, logIn, noBrowser, openPage, screenshot, type WatchedPage } from '../support/browser.js';
import { eventually } from '../support/eventually.js';
import { pageStudies, usePageService } from '../support/page-service.js';
import { sendByCStore } from '../support/send.js';

const skip = noBrowser();
const patience = { timeout: 60_000 };
const password = 'correct horse battery';

describe('reading: undo, withdraw, blind second reading, adjudication', { ...(skip ? { skip } : {}) }, () => {
  const pages = usePageService({ assessments: { verifiers: ['chief'], organization: 'Example Hospital' } });
  const { clear, opacity, lateral } = pageStudies();
  const readers = new Map<string, WatchedPage>();
  const uid = opacity.studyInstanceUID;

  before(async () => {
    for (const name of ['ann', 'ben', 'chief'])
      await pages.service.store.accounts.add({ name, origin: 'local', roles: ['reader'], passwordHash: await hashPassword(password) });
    for (const [name, theme] of [
      ['ann', 'dark'],
      ['ben', 'light'],
      ['chief', 'dark'],
    ] as const) {
      const open = await openPage(pages.browser, { theme });
      await logIn(open, pages.service.url, name, password);
      readers.set(name, open);
    }
    await sendByCStore([...opacity.files, ...clear.files, ...lateral.files], pages.pacs.orthanc);
    for (const one of [opacity, clear, lateral]) await of('ann').waitForSelector(`tr[data-study="${one.studyInstanceUID}"]`, patience);
  });

  const of = (reader: string): Page => readers.get(reader)!.page;
  const choice = (page: Page, name: string, decision: string): Locator =>
    page.getByTestId(`assessment-${name}`).locator('label', { hasText: new RegExp(`^${decision}`) });
  const pending = (page: Page): Locator => page.getByTestId('pending');
  const storedIn = async (study = uid) => readAssessments(await pages.pacs.dicomWeb.retrieveStudyMetadata(study as typeof uid));
  const labelsOf = async (study: string) =>
    consensusLabels(await pages.service.store.labels.ofStudy(study)).map(({ finding, state, decision }) => [finding, state, decision]);
  async function open(page: Page, study: string): Promise<void> {
    await page.goto(`${pages.service.url}/study/${study}`);
    await page.getByTestId('assessments').waitFor(patience);
    await choice(page, 'pneumonia', 'Absent').waitFor(patience);
  }

  test('usability 1: a click can be taken back, and only then nothing is stored', async () => {
    const page = of('ann');
    await open(page, uid);
    await choice(page, 'pneumonia', 'Absent').click();
    await pending(page).locator('text=Pneumonia absent: saved in 5 s').waitFor(patience);
    await page.getByTestId('undo').click();
    await pending(page).waitFor({ state: 'detached' });
    assert.equal(await page.getByTestId('assessment-pneumonia').locator('input:checked').count(), 0);
    await choice(page, 'pneumonia', 'Present').click();
    await pending(page).locator('text=Stored in the PACS: Pneumonia present').waitFor(patience);
    const stored = await storedIn();
    assert.deepEqual(
      stored.map(({ assessment }) => assessment.findings.map(({ decision }) => decision)),
      [['present']],
      'the click that was taken back has left nothing',
    );
  });

  test('usability 1: a page that is left sends at once what waits', async () => {
    const page = of('ann');
    await open(page, clear.studyInstanceUID);
    await choice(page, 'pneumonia', 'Absent').click();
    await pending(page).locator('text=saved in 5 s').waitFor(patience);
    await page.goto(`${pages.service.url}/health`);
    await eventually('it is stored', async () => assert.equal((await storedIn(clear.studyInstanceUID)).length, 1), { timeoutMs: 60_000 });
  });

  test('usability 1: an outage loses nothing: the click stays, and is stored by Retry', async () => {
    const page = of('ann');
    await open(page, clear.studyInstanceUID);
    await page.context().setOffline(true);
    await choice(page, 'pneumonia', 'Undetermined').click();
    await pending(page).locator('text=Pneumonia undetermined: saved in 5 s').waitFor(patience);
    await screenshot(page, 'reading-undo-dark');
    await pending(page).locator('text=Not stored: Pneumonia undetermined').waitFor(patience);
    assert.deepEqual(await accessibilityFaults(page), []);
    await page.context().setOffline(false);
    await pending(page).getByRole('button', { name: 'Retry' }).click();
    await pending(page).locator('text=Stored in the PACS: Pneumonia undetermined').waitFor(patience);
  });

  test("usability 3: the second reader does not see the first reader's assessment before giving their own", async () => {
    const page = of('ben');
    await open(page, uid);
    await page.getByTestId('others-hidden').waitFor(patience);
    assert.equal(await page.getByTestId('assessment-list').count(), 0);
    assert.ok(!((await page.getByTestId('assessments').textContent()) ?? '').includes('ann'));
    await screenshot(page, 'reading-blind-light');
    await choice(page, 'pneumonia', 'Absent').click();
    await page.getByTestId('assessment-list').locator('text=/ann/').waitFor(patience);
    assert.equal(await page.getByTestId('others-hidden').count(), 0);
    await page.getByTestId('disagreed-pneumonia').waitFor(patience);
    assert.equal(await page.getByRole('button', { name: 'Adjudicate: absent' }).count(), 0, 'ben may not adjudicate');
    assert.deepEqual(await labelsOf(uid), [['pneumonia', 'disagreed', undefined]]);
  });

  test('usability 4: a disagreement is listed and adjudicated by the reader who may', async () => {
    const page = of('chief');
    await page.goto(`${pages.service.url}/worklist`);
    await page.getByLabel('Reading state').selectOption('disagreed');
    await eventually('one study', async () => assert.equal(await page.locator('tr[data-study]').count(), 1));
    const row = page.locator(`tr[data-study="${uid}"]`);
    assert.match(
      (await row.getByTestId('assessed-by').textContent()) ?? '',
      /^ben .*ann /,
      'usability 2: who assessed it, the latest first',
    );
    await screenshot(page, 'reading-disagreed-dark');
    await row.click();
    await page.getByRole('button', { name: 'Adjudicate: present' }).click(patience);
    await pending(page).locator('text=Stored in the PACS: Pneumonia present').waitFor(patience);
    await page.getByTestId('disagreed-pneumonia').waitFor({ state: 'detached', ...patience });
    assert.deepEqual(await labelsOf(uid), [['pneumonia', 'agreed', 'present']]);
    await page.keyboard.press('u');
    await page.locator('text=No matching studies').waitFor(patience);
  });

  test('usability 1: an assessment is withdrawn later; what counted before is folded away', async () => {
    const page = of('ann');
    await open(page, clear.studyInstanceUID);
    await page.getByTestId('earlier').locator('text=1 earlier').waitFor(patience);
    await page.getByTestId('withdraw-pneumonia').click();
    await page.getByTestId('earlier').locator('text=3 earlier').waitFor(patience);
    assert.equal(await page.getByTestId('assessment-pneumonia').locator('input:checked').count(), 0);
    await page.getByTestId('earlier').click();
    await page.getByTestId('assessment-list').locator('text=Withdrawn: Pneumonia').waitFor(patience);
    assert.deepEqual(await accessibilityFaults(page), []);
    await screenshot(page, 'reading-withdrawn-dark', { fullPage: true });
    assert.deepEqual(await labelsOf(clear.studyInstanceUID), [], 'as if it had never been given');
  });

  test('a finding that the software does not look for is added with a comment, by keys alone', async () => {
    const page = of('ann');
    await open(page, clear.studyInstanceUID);
    await page.locator('h1').click();
    await page.keyboard.press('e');
    await page.keyboard.type('Pleural effus');
    await page.keyboard.press('Enter');
    await pending(page).locator('text=Pleural effusion present: saved in 5 s').waitFor(patience);
    const row = page.locator('[data-finding="pleural-effusion"]');
    await row.waitFor(patience);
    for (let at = 0; (await row.getAttribute('data-chosen')) !== 'true'; at++) {
      assert.ok(at < 10, 'j reaches it');
      await page.keyboard.press('j');
    }
    await page.keyboard.press('c');
    await page.keyboard.type('left costophrenic angle');
    await page.keyboard.press('Enter');
    await row.locator('text=left costophrenic angle').waitFor(patience);
    await screenshot(page, 'reading-comment-dark', { fullPage: true });
    await eventually('it is stored', async () =>
      assert.deepEqual(
        (await storedIn(clear.studyInstanceUID))
          .at(-1)!
          .assessment.findings.map(({ concept, decision, comparison, comment }) => [concept.meaning, decision, comparison, comment]),
        [['Pleural effusion', 'present', 'added', 'left costophrenic angle']],
      ),
    );
  });

  test('usability 2, 10: filters by reading state, date and modality; columns sort', async () => {
    const page = of('ben');
    await page.goto(`${pages.service.url}/worklist`);
    const rows = page.locator('tr[data-study]');
    const shown = (count: number): Promise<void> => eventually(`${count} studies`, async () => assert.equal(await rows.count(), count));
    await shown(3);
    const order = (): Promise<readonly (string | null)[]> =>
      rows.evaluateAll((found) => found.map((one) => one.getAttribute('data-study')));
    await page.getByRole('button', { name: 'Analyzed' }).click();
    await eventually('sorted by time', async () =>
      assert.equal(await page.locator('th[aria-sort=descending]').textContent(), 'Analyzed ▼'),
    );
    const newest = await eventually('the newest first', async () => {
      const found = await order();
      assert.equal(found.length, 3);
      return found;
    });
    await page.getByRole('button', { name: 'Analyzed' }).click();
    await eventually('the oldest first', async () => assert.deepEqual(await order(), [...newest].reverse()));
    await page.getByLabel('Modality').selectOption('CT');
    await page.locator('text=No matching studies').waitFor(patience);
    await page.getByRole('button', { name: 'Clear filters' }).click();
    await shown(3);
    await page.getByLabel('Analyzed from').fill('2999-01-01');
    await page.locator('text=No matching studies').waitFor(patience);
    await page.getByRole('button', { name: 'Clear filters' }).click();
    await page.getByLabel('Reading state').selectOption('second');
    await eventually('what ann assessed and ben did not', async () => assert.deepEqual(await order(), [clear.studyInstanceUID]));
    await page.getByLabel('Reading state').selectOption('read');
    await shown(2);
    await page.getByLabel('Reading state').selectOption('all');
    assert.deepEqual(await accessibilityFaults(page), []);
    await screenshot(page, 'reading-worklist-light');
  });

  test('Enter that is held down confirms one study, and q takes it back on the next one', async () => {
    const page = of('chief');
    const before = await Promise.all([clear, lateral].map(async (one) => (await storedIn(one.studyInstanceUID)).length));
    await page.goto(`${pages.service.url}/worklist`);
    await page.getByRole('button', { name: 'Clear filters' }).click();
    await page.locator(`tr[data-study="${clear.studyInstanceUID}"]`).click();
    await page.locator('[data-testid="confirm-all-and-next"]:enabled').waitFor(patience);
    await page.keyboard.down('Enter');
    await page.waitForURL((url) => !url.pathname.includes(clear.studyInstanceUID), patience);
    await page.keyboard.down('Enter');
    await pending(page).locator('text=/saved in 5 s/').waitFor(patience);
    await page.keyboard.up('Enter');
    await page.keyboard.press('q');
    await pending(page).waitFor({ state: 'detached', ...patience });
    assert.deepEqual(await Promise.all([clear, lateral].map(async (one) => (await storedIn(one.studyInstanceUID)).length)), before);
  });

  test('the study that was shown last is chosen in the worklist', async () => {
    const page = of('chief');
    await page.goto(`${pages.service.url}/worklist`);
    await page.locator('tr[data-study]').nth(2).waitFor(patience);
    const order = await page.locator('tr[data-study]').evaluateAll((rows) => rows.map((row) => row.getAttribute('data-study')));
    await page.locator('tr[data-study]').first().click();
    await page.waitForURL(`**/study/${order[0]}`, patience);
    for (const study of order.slice(1, 3)) {
      await page.getByRole('button', { name: 'Next study' }).waitFor(patience);
      await page.keyboard.press('n');
      await page.waitForURL(`**/study/${study}`, patience);
    }
    await page.keyboard.press('u');
    await page.locator(`tr[data-study="${order[2]}"][data-active=true]`).waitFor(patience);
  });

  test('the same on a phone, and in German', async () => {
    const phone = await openPage(pages.browser, { width: 390, height: 844, language: 'de', theme: 'light' });
    await logIn(phone, pages.service.url, 'ann', password);
    await screenshot(phone.page, 'reading-worklist-phone', { fullPage: true });
    await phone.page.goto(`${pages.service.url}/study/${uid}`);
    await phone.page.getByTestId('assessments').locator('text=Zurückziehen').first().waitFor(patience);
    const overflow = await phone.page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    assert.ok(overflow <= 0, `${overflow} pixels too wide`);
    assert.deepEqual(await accessibilityFaults(phone.page), []);
    await screenshot(phone.page, 'reading-phone', { fullPage: true });
    await phone.context.close();
  });

  test('no error on the console', () => {
    for (const [name, { mistakes }] of readers) assert.deepEqual(mistakes, [], name);
  });
});
