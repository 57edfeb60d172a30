import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { accessibilityFaults, logIn, logInAsFirst, noBrowser, openPage, screenshot } from '../support/browser.js';
import { ownPassword } from '../support/access.js';
import { eventually } from '../support/eventually.js';
import { pageStudies, usePageService } from '../support/page-service.js';
import { sendByCStore } from '../support/send.js';

const skip = noBrowser();
const patience = { timeout: 60_000 };

describe('the page: help, keys, languages and themes', { ...(skip ? { skip } : {}) }, () => {
  const pages = usePageService();
  const { opacity } = pageStudies();
  before(async () => {
    await logInAsFirst(pages.desk, pages.service.url, pages.dataDir);
    await sendByCStore(opacity.files, pages.pacs.orthanc);
    await pages.desk.page.waitForSelector(`tr[data-study="${opacity.studyInstanceUID}"]`, patience);
  });

  test('usability 14: every view has a link to its guide; the guides are searched, and their links stay in the page', async () => {
    const { page, mistakes } = pages.desk;
    await page.goto(`${pages.service.url}/operations`);
    await page.click('header a[aria-label="Help for this view"]');
    await page.locator('article').getByRole('heading', { name: 'Operations', exact: true }).waitFor(patience);
    await page.fill('input[type=search]', 'silent trial');
    await page.click('a:has-text("› Silent trial")');
    await page.waitForURL(/\/help\/archive#silent-trial$/, patience);
    await page.waitForSelector('#silent-trial');
    await eventually('the section is in view', async () =>
      assert.ok(await page.locator('#silent-trial').evaluate((heading) => heading.getBoundingClientRect().top < innerHeight)),
    );
    await page.goto(`${pages.service.url}/help/page`);
    await page.click('article a:has-text("triage")');
    await page.waitForURL(/\/help\/triage$/);
    await page.getByRole('heading', { name: /^Triage: which study/ }).waitFor(patience);
    await page.fill('input[type=search]', 'no such words anywhere');
    await page.waitForSelector('text=No section contains these words', patience);
    await page.goto(`${pages.service.url}/help/nothing-of-this-name`);
    await page.waitForSelector('[role=alert]', patience);
    assert.deepEqual(mistakes, []);
  });

  test('? lists the keys; while the list is open no key reaches the page, and Esc closes the list alone', async () => {
    const { page, mistakes } = pages.desk;
    await page.goto(`${pages.service.url}/study/${opacity.studyInstanceUID}`);
    await page.waitForSelector('text=Your assessment', patience);
    const dialog = page.locator('dialog[open]');
    // On a slow machine the text is there before the page takes keys.
    await eventually('the list is open', async () => {
      if ((await dialog.count()) === 0) await page.keyboard.press('?');
      assert.equal(await dialog.count(), 1);
    });
    for (const text of ['Worklist', 'Next finding', 'Invert', 'Confirm all findings, next study'])
      await dialog.getByText(text).first().waitFor(patience);
    assert.deepEqual(await accessibilityFaults(page), []);
    await screenshot(page, 'keys');
    await page.keyboard.press('y');
    await page.keyboard.press('u');
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' }).catch(() => undefined);
    await eventually('the list is closed', async () => assert.equal(await page.locator('dialog[open]').count(), 0));
    assert.match(page.url(), /\/study\//, 'neither u nor Esc has left the study');
    assert.equal(await page.getByTestId('undo').count(), 0, 'y has assessed nothing');
    await page.keyboard.press('Escape');
    await page.waitForURL(/\/worklist$/);
    await page.waitForSelector('tr[data-study]', patience);
    await page.keyboard.press('/');
    await eventually('the search has the focus', async () => assert.equal(await page.evaluate(() => document.activeElement?.id), 'search'));
    await page.keyboard.type('?');
    assert.equal(await page.locator('dialog[open]').count(), 0, 'a question mark in a field is text');
    await page.fill('#search', '');
    await page.evaluate(() => (document.activeElement as HTMLElement).blur());
    // WCAG 2.1.4: keys of one letter can be switched off; the menu takes the keys while it is open.
    await page.click('button[aria-label="Settings"]');
    await page.click('[role=menuitem]:has-text("Switch off keys of one letter")');
    await page.locator('[role=menu]').waitFor({ state: 'detached' });
    assert.match(page.url(), /\/worklist$/);
    await page.keyboard.press('?');
    await page.keyboard.press('/');
    assert.equal(await page.locator('dialog[open]').count(), 0);
    assert.notEqual(await page.evaluate(() => document.activeElement?.id), 'search');
    await page.click('button[aria-label="Settings"]');
    await page.waitForFunction(() => document.activeElement?.closest('[role=menu]'), null, patience);
    await page.keyboard.press('Escape');
    await page.locator('[role=menu]').waitFor({ state: 'detached' });
    assert.match(page.url(), /\/worklist$/, 'Esc closes the menu alone');
    await page.click('button[aria-label="Settings"]');
    await page.click('[role=menuitem]:has-text("Switch on keys of one letter")');
    await page.locator('[role=menu]').waitFor({ state: 'detached' });
    await page.keyboard.press('?');
    await dialog.waitFor();
    await page.keyboard.press('Escape');
    assert.match(await page.title(), /^Worklist –/);
    assert.deepEqual(mistakes, []);
  });

  test('a browser in French gets the page in French; language and theme are remembered', async () => {
    const open = await openPage(pages.browser, { language: 'fr', theme: 'light' });
    const { page, context, mistakes } = open;
    await page.goto(`${pages.service.url}/login`);
    await page.waitForSelector('button:has-text("Se connecter")', patience);
    await logIn(open, pages.service.url, 'admin', ownPassword);
    assert.equal(await page.evaluate(() => document.documentElement.lang), 'fr');
    for (const view of ['/worklist', `/study/${opacity.studyInstanceUID}`, '/operations', '/research']) {
      await page.goto(pages.service.url + view);
      await page.waitForSelector('h1', patience);
      await page.waitForLoadState('networkidle').catch(() => undefined);
      assert.deepEqual(await accessibilityFaults(page), [], view);
      const words = (await page.locator('#root').textContent()) ?? '';
      assert.doesNotMatch(words, /\b(Loading|Not for diagnosis|Worklist|Findings|Settings|Nothing)\b/, view);
      await screenshot(page, `french-${view.replace(/[^a-z]+/g, '-').slice(1, 12)}`);
    }
    await page.click('button[aria-label="Réglages"]');
    await page.click('text=Deutsch');
    await page.waitForSelector('header a:has-text("Arbeitsliste")', patience);
    await page.click('button[aria-label="Einstellungen"]');
    await page.click('[role=menuitem]:has-text("Dunkel")');
    await page.reload();
    await page.waitForSelector('header a:has-text("Arbeitsliste")', patience);
    assert.deepEqual(await page.evaluate(() => [document.documentElement.lang, localStorage.getItem('chest-ai-language')]), ['de', 'de']);
    assert.deepEqual(mistakes, []);
    await context.close();
  });
});
