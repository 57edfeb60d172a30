import assert from 'node:assert/strict';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';
import type { Page } from 'playwright-core';
import { projectRoot } from '../../src/config.js';
import { accessibilityFaults, logInAsFirst, noBrowser, openPage, screenshot, type PageOptions } from '../support/browser.js';
import { eventually } from '../support/eventually.js';
import { pageStudies, usePageService } from '../support/page-service.js';
import { sendByCStore } from '../support/send.js';

const skip = noBrowser();
const patience = { timeout: 60_000 };

describe('the page: looks on a phone, in German and at the login', { ...(skip ? { skip } : {}) }, () => {
  const pages = usePageService();
  const { opacity, hand } = pageStudies();
  let starter = '';
  before(async () => {
    ({ version: starter } = await pages.service.registry.importFolder(join(projectRoot, 'models/starter')));
    await logInAsFirst(pages.desk, pages.service.url, pages.dataDir);
    await sendByCStore([...opacity.files, ...hand.files], pages.pacs.orthanc);
    for (const { studyInstanceUID } of [opacity, hand])
      await pages.desk.page.waitForSelector(`tr[data-study="${studyInstanceUID}"]`, patience);
  });
  const open = async (options: PageOptions, work: (page: Page) => Promise<void>): Promise<void> => {
    const opened = await openPage(pages.browser, options);
    await logInAsFirst(opened, pages.service.url, pages.dataDir);
    await work(opened.page);
    assert.deepEqual(opened.mistakes, []);
    await opened.context.close();
  };

  for (const language of ['en', 'de', 'fr'] as const) {
    test(`usability, looks: on a phone "Not for diagnosis" stays in the header and no column is off-screen; ${language}`, async () => {
      await open({ width: 360, height: 780, language }, async (page) => {
        for (const view of ['/worklist', `/study/${opacity.studyInstanceUID}`, '/operations', '/models', '/rules', '/audit']) {
          await page.goto(pages.service.url + view);
          await page.waitForSelector('h1', patience);
          await page.waitForLoadState('networkidle').catch(() => undefined);
          const box = (await page.locator('header [role=note]').boundingBox())!;
          assert.ok(box.x >= 0 && box.x + box.width <= 360 && box.height > 8, `${view}: ${JSON.stringify(box)}`);
          assert.deepEqual(await page.evaluate(offScreen), [], view);
        }
      });
    });

    test(`usability, looks: on a phone the badges of the rules are not cut; ${language}`, async () => {
      await open({ width: 360, height: 780, language }, async (page) => {
        await page.goto(`${pages.service.url}/operations`);
        await page.locator('.rules .mantine-Badge-label').first().waitFor(patience);
        await page.click('[data-testid=test-rules]');
        await page.locator('[data-testid=rule-tests] .mantine-Badge-label').first().waitFor(patience);
        const cut = await page
          .locator('.rules .mantine-Badge-label, [data-testid=rule-tests] .mantine-Badge-label')
          .evaluateAll((labels) => labels.filter((one) => one.scrollWidth > one.clientWidth + 1).map((one) => one.textContent));
        assert.deepEqual(cut, []);
        await screenshot(page, `looks-rules-${language}`, { fullPage: true });
      });
    });
  }

  test('usability, looks: findings, figures and the legend of the heat map are German', async () => {
    await open({ language: 'de' }, async (page) => {
      await page.goto(`${pages.service.url}/study/${opacity.studyInstanceUID}`);
      await page.waitForSelector('[data-testid=heat-map][data-ready=true]', patience);
      const text = (await page.textContent('main')) ?? '';
      assert.match(text, /Farben: Gelb bedeutet geringe, Rot starke Aufmerksamkeit des Netzes/);
      assert.match(text, /Heatmap: Pneumonie \d+(,\d)? %/);
      assert.match(text, /Pneumonie\s*Vorhanden · \d+(,\d)? %/);
      assert.doesNotMatch(text, /Pneumonia|\d\.\d+ %/);
      await page.fill('#add-finding', 'Pleuraerguss');
      await page.keyboard.press('Enter');
      await page.getByTestId('pending').locator('text=/Pleuraerguss vorhanden/').waitFor(patience);
      await page.keyboard.press('q');
      await page.goto(`${pages.service.url}/worklist`);
      await page.waitForSelector(`tr[data-study="${opacity.studyInstanceUID}"] .finding >> text=/\\d(,\\d)? % Pneumonie/`, patience);
      await screenshot(page, 'looks-worklist-de');
    });
  });

  test('usability, looks: the reason of the engine, "embedded" and the limitations of the model card are German and French', async () => {
    for (const [language, reason, embedded, limitation] of [
      ['de', /^(Die schnellste|Die einzige|Durch die Konfiguration)/, 'Eingebettet', /In Krankenhäusern, die es nie gesehen hat/],
      ['fr', /^(Le plus rapide|Le seul|Fixé)/, 'Intégrée', /Dans les hôpitaux qu’il n’a jamais vus/],
    ] as const) {
      await open({ language }, async (page) => {
        await page.goto(`${pages.service.url}/operations`);
        await page.waitForSelector(`text=${embedded}`, patience);
        assert.match((await page.getByTestId('engine-reason').textContent()) ?? '', reason);
        assert.equal(await page.getByTestId('engine-reason').getAttribute('lang'), language);
        await page.goto(`${pages.service.url}/models`);
        const limitations = page.locator('.limitations').first();
        await limitations.waitFor(patience);
        assert.match((await limitations.textContent()) ?? '', limitation);
        assert.equal(await limitations.locator('.markdown').getAttribute('lang'), language);
        assert.match((await page.locator('section.card table').first().textContent()) ?? '', /0,\d{3}/);
        await page.goto(`${pages.service.url}/models/${starter}`);
        await page.locator('.limitations li').nth(8).waitFor(patience);
        assert.doesNotMatch((await page.locator('.limitations').textContent()) ?? '', /The promotion gate|Children:/);
      });
    }
  });

  test('usability, looks: the login opens in the theme and the language that were chosen last', async () => {
    await open({ language: 'en' }, async (page) => {
      const ground = (): Promise<string> => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
      const logOut = async (name: string): Promise<void> => {
        await page.click('header button[aria-haspopup=menu]');
        await page.getByRole('menuitem', { name }).click();
        await page.waitForSelector('#password', patience);
      };
      await logOut('Log out');
      assert.equal(await ground(), 'rgb(12, 16, 19)');
      await logInAsFirst({ page, context: page.context(), mistakes: [] }, pages.service.url, pages.dataDir);
      await page.click('header button[aria-haspopup=menu]');
      await page.getByRole('menuitem', { name: 'Light' }).click();
      await page.click('header button[aria-haspopup=menu]');
      await page.getByRole('menuitem', { name: 'Deutsch' }).click();
      await page.waitForSelector('h1:has-text("Arbeitsliste")', patience);
      await logOut('Abmelden');
      assert.equal(await ground(), 'rgb(244, 246, 247)');
      await page.waitForSelector('button:has-text("Anmelden")');
      assert.deepEqual(await accessibilityFaults(page), []);
      await screenshot(page, 'looks-login-light');
    });
  });

  test('usability, looks: the reason of a study that no rule takes is one sentence, with the patterns folded', async () => {
    for (const [language, sentence, details] of [
      ['en', 'Not a chest study (body part HAND)', 'Details'],
      ['de', 'Keine Thoraxstudie (Körperregion HAND)', 'Einzelheiten'],
    ] as const) {
      await open({ language }, async (page) => {
        await page.waitForSelector(`tr[data-study="${hand.studyInstanceUID}"] >> text=${sentence}`, patience);
        await page.goto(`${pages.service.url}/study/${hand.studyInstanceUID}`);
        await page.waitForSelector(`text=${sentence}`, patience);
        const dump = page.locator('text=/bodyPart is HAND, expected/');
        assert.equal(await dump.isVisible(), false);
        await page.click(`button:has-text("${details}")`);
        await eventually('the patterns', async () => assert.equal(await dump.isVisible(), true));
      });
    }
  });
});

/** Cells of tables that begin beyond the right edge, and that nothing scrolls to. */
function offScreen(): readonly string[] {
  return [...document.querySelectorAll('th, td')].flatMap((cell) => {
    const { left, width } = cell.getBoundingClientRect();
    if (width === 0 || left + width <= document.documentElement.clientWidth + 1) return [];
    for (let parent = cell.parentElement; parent; parent = parent.parentElement)
      if (['auto', 'scroll'].includes(getComputedStyle(parent).overflowX)) return [];
    return [cell.textContent ?? ''];
  });
}
