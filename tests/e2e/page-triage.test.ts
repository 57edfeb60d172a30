import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import type { Locator, Page } from 'playwright-core';
import { hashPassword } from '../../src/server/access/password.js';
import { accessibilityFaults, logIn, logInAsFirst, noBrowser, openPage, screenshot, type WatchedPage } from '../support/browser.js';
import { eventually } from '../support/eventually.js';
import { pageStudies, usePageService } from '../support/page-service.js';
import { sendByCStore } from '../support/send.js';

const skip = noBrowser();
const patience = { timeout: 60_000 };
const password = 'correct horse battery';

describe('triage: order of reading, its explanation, claims of two readers', { ...(skip ? { skip } : {}) }, () => {
  const pages = usePageService({ triage: { emergency: { weight: 300, when: [{ stationName: ['ER*'] }] } } });
  const { clear, opacity, hand } = pageStudies();
  let ann: WatchedPage;
  let ben: WatchedPage;
  let viewer: WatchedPage;

  before(async () => {
    for (const [name, role] of [
      ['ann', 'reader'],
      ['ben', 'reader'],
      ['vic', 'viewer'],
    ] as const)
      await pages.service.store.accounts.add({ name, origin: 'local', roles: [role], passwordHash: await hashPassword(password) });
    await logInAsFirst(pages.desk, pages.service.url, pages.dataDir);
    ann = await openPage(pages.browser);
    ben = await openPage(pages.browser, { theme: 'light', language: 'de' });
    viewer = await openPage(pages.browser);
    for (const [open, name] of [
      [ann, 'ann'],
      [ben, 'ben'],
      [viewer, 'vic'],
    ] as const)
      await logIn(open, pages.service.url, name, password);
    // The one without a finding first: by arrival it would be read first.
    for (const sample of [clear, opacity, hand]) {
      await sendByCStore(sample.files, pages.pacs.orthanc);
      await ann.page.waitForSelector(`tr[data-study="${sample.studyInstanceUID}"]`, patience);
    }
  });

  const rowsOf = (page: Page): Promise<readonly (string | null)[]> =>
    page.locator('tr[data-study]').evaluateAll((rows) => rows.map((row) => row.getAttribute('data-study')));
  const rowOf = (page: Page, study: string): Locator => page.locator(`tr[data-study="${study}"]`);
  const study = (page: Page, uid: string) => page.goto(`${pages.service.url}/study/${uid}`);
  const panel = (page: Page): Locator => page.getByTestId('reading');
  const uids = { clear: clear.studyInstanceUID, opacity: opacity.studyInstanceUID, hand: hand.studyInstanceUID };

  /** As if the time had passed. */
  const inDatabase = (text: string): Promise<unknown> => pages.service.store.sql.query({ text });
  async function changeNow(text: string): Promise<void> {
    await inDatabase(`UPDATE chest_ai.reading SET ${text}`);
    // What another process writes together with such a change.
    await inDatabase('UPDATE chest_ai.worklist_change SET number = number + 1');
  }

  test('the finding goes first, and the order is explained on hover and for screen readers', async () => {
    await eventually('the order', async () => assert.deepEqual(await rowsOf(ann.page), [uids.opacity, uids.clear, uids.hand]));
    const cell = rowOf(ann.page, uids.opacity).locator('td[title]', { has: ann.page.getByTestId('wait') });
    assert.match((await cell.getAttribute('title')) ?? '', /^Pneumonia [\d.]+ %, waiting \d+ min$/);
    // What is read aloud: the visible duration is hidden from it.
    assert.match(await cell.ariaSnapshot(), /Pneumonia [\d.]+ %, waiting \d+ min/);
    assert.doesNotMatch(await cell.ariaSnapshot(), /▲/);
    // No rule has it analysed: it does not wait.
    assert.equal(await rowOf(ann.page, uids.hand).getByTestId('wait').count(), 0);
    await screenshot(ann.page, 'triage-worklist');
  });

  test('a study that waits longer than the limit goes first, whatever it shows', async () => {
    await changeNow(`waiting_since = now() - interval '250 minutes' WHERE study_instance_uid = '${uids.clear}'`);
    await eventually('the order', async () => assert.deepEqual(await rowsOf(ann.page), [uids.clear, uids.opacity, uids.hand]));
    const title = (page: Page): Promise<string | null> => rowOf(page, uids.clear).locator('td[title]').first().getAttribute('title');
    assert.equal(await title(ann.page), 'waiting 4 h 10 min: longer than the limit of 4 h');
    await eventually('in German', async () => assert.equal(await title(ben.page), 'wartet 4 h 10 min: länger als die Grenze von 4 h'));
    await screenshot(ben.page, 'triage-worklist-light-de');
    // The order of earlier releases can be chosen, and stays while a study is open.
    await ann.page.getByLabel('Order').selectOption('priority');
    await eventually('by rule', async () => assert.deepEqual(await rowsOf(ann.page), [uids.opacity, uids.clear, uids.hand]));
    await ann.page.getByLabel('Order').selectOption('urgency');
    await eventually('by urgency', async () => assert.deepEqual(await rowsOf(ann.page), [uids.clear, uids.opacity, uids.hand]));
  });

  test('the second reader sees at once who reads a study, and may take over; both see it, and it is on record', async () => {
    await study(ann.page, uids.opacity);
    await panel(ann.page).getByRole('button', { name: 'Start reading' }).click();
    await panel(ann.page)
      .getByText(/^Being read by ann until \d\d:\d\d/)
      .waitFor(patience);
    // Without loading the page again.
    await rowOf(ben.page, uids.opacity).getByText('Wird gelesen von ann').filter({ visible: true }).waitFor(patience);
    await screenshot(ben.page, 'triage-claimed-light-de');
    await screenshot(ann.page, 'triage-study');
    await study(ben.page, uids.opacity);
    await panel(ben.page).getByRole('button').first().waitFor(patience);
    assert.deepEqual(await panel(ben.page).getByRole('button').allTextContents(), ['Übernehmen']);
    await panel(ben.page).getByRole('button', { name: 'Übernehmen' }).click();
    await panel(ben.page)
      .getByText(/^Wird gelesen von ben/)
      .waitFor(patience);
    await panel(ann.page)
      .getByText(/^Being read by ben until/)
      .waitFor(patience);
    const [taken] = await pages.service.store.audit.list({ action: 'reading.takeover', limit: 1 });
    assert.equal(taken?.actor, 'ben');
    const { takenFrom, studyInstanceUID } = JSON.parse(taken.subject) as Readonly<Record<string, unknown>>;
    assert.deepEqual([takenFrom, studyInstanceUID], ['ann', uids.opacity]);
    assert.deepEqual(await accessibilityFaults(ben.page), []);
  });

  test('a request that was prepared before another reader claimed the study is refused', async () => {
    const response = await ann.page.evaluate(async (uid) => {
      const reply = await fetch(`/api/studies/${uid}/reading/claim`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'x-chest-ai': 'page' },
        body: '{}',
      });
      return { status: reply.status, text: await reply.text() };
    }, uids.opacity);
    assert.equal(response.status, 409);
    assert.match(response.text, /reading-conflict.*ben reads until|ben reads until.*reading-conflict/);
  });

  test('a claim is released by its reader, or by itself when its time is over', async () => {
    await panel(ben.page).getByRole('button', { name: 'Freigeben' }).click();
    await panel(ann.page).getByRole('button', { name: 'Start reading' }).click();
    await panel(ann.page)
      .getByText(/^Being read by ann/)
      .waitFor(patience);
    await ben.page.goto(`${pages.service.url}/worklist`);
    await rowOf(ben.page, uids.opacity).getByText('Wird gelesen von ann').filter({ visible: true }).waitFor(patience);
    await inDatabase(
      `UPDATE chest_ai.reading SET claimed_until = now() + interval '1 second' WHERE study_instance_uid = '${uids.opacity}'`,
    );
    await panel(ann.page).getByRole('button', { name: 'Start reading' }).waitFor(patience);
    await eventually('nobody reads it', async () => assert.equal(await rowOf(ben.page, uids.opacity).getByTestId('reader').count(), 0));
  });

  test('a study that was read comes after those that wait: by the button, or by an assessment', async () => {
    await study(ann.page, uids.clear);
    await panel(ann.page).getByRole('button', { name: 'Mark as read' }).click();
    await panel(ann.page)
      .getByText(/^Read by ann, /)
      .waitFor(patience);
    await eventually('the order', async () => assert.equal((await rowsOf(ben.page))[0], uids.opacity));
    await panel(ann.page).getByRole('button', { name: 'Mark as unread' }).click();
    await panel(ann.page).getByRole('button', { name: 'Start reading' }).waitFor(patience);
    await study(ann.page, uids.opacity);
    await ann.page.getByRole('button', { name: 'Confirm all', exact: true }).click();
    await panel(ann.page)
      .getByText(/^Read by ann, /)
      .waitFor(patience);
    await eventually('the order', async () => assert.equal((await rowsOf(ben.page))[0], uids.clear));
    await rowOf(ben.page, uids.opacity).getByText('Gelesen von ann').filter({ visible: true }).waitFor(patience);
    await ben.page.getByLabel('Befundungsstand').selectOption('unread');
    await eventually('only the unread', async () => assert.deepEqual(await rowsOf(ben.page), [uids.clear]));
    await ben.page.getByLabel('Befundungsstand').selectOption('read');
    await eventually('only the read', async () => assert.deepEqual(await rowsOf(ben.page), [uids.opacity]));
  });

  test('a user who may not assess sees the state and no buttons', async () => {
    await study(viewer.page, uids.clear);
    await panel(viewer.page)
      .getByText(/waiting \d/i)
      .waitFor(patience);
    assert.equal(await panel(viewer.page).getByRole('button').count(), 0);
    assert.deepEqual([ann.mistakes, ben.mistakes, viewer.mistakes], [[], [], []]);
  });

  test('on a phone the wait stands below the name', async () => {
    const phone = await openPage(pages.browser, { width: 390, height: 844 });
    await logIn(phone, pages.service.url, 'ann', password);
    await rowOf(phone.page, uids.clear).getByTestId('wait').filter({ visible: true }).waitFor(patience);
    await screenshot(phone.page, 'triage-phone');
    assert.equal(await phone.page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth), 0);
    await phone.context.close();
  });
});
