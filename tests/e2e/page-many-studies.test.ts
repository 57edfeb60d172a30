import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import type { Locator } from 'playwright-core';
import { logInAsFirst, noBrowser } from '../support/browser.js';
import { eventually } from '../support/eventually.js';
import { fillIndex } from '../support/many-studies.js';
import { usePageService } from '../support/page-service.js';

const skip = noBrowser();
const studies = 400;
const patience = { timeoutMs: 30_000 };

describe('a worklist of many studies', { ...(skip ? { skip } : {}) }, () => {
  const pages = usePageService();
  before(async () => {
    await fillIndex(pages.service.store, studies);
    await logInAsFirst(pages.desk, pages.service.url, pages.dataDir);
    await pages.desk.page.waitForSelector('tr[data-study]');
  });

  const rows = (): Locator => pages.desk.page.locator('tr[data-study]');
  /** Places of the rows in the document, from 1 on. */
  const places = (): Promise<readonly number[]> =>
    rows().evaluateAll((all) => all.map((row) => Number(row.getAttribute('aria-rowindex')) - 1));
  /** Place of the row that is chosen and has the focus. */
  const focused = (): Promise<number> =>
    pages.desk.page.evaluate(() => Number(document.activeElement?.closest('tr[data-active=true]')?.getAttribute('aria-rowindex')) - 1);
  const shown = async (): Promise<number> => Number(/\d+/.exec((await pages.desk.page.locator('p[role=status]').textContent())!)![0]);

  test('scrolling loads all of them, and only those near the visible part are in the document', async () => {
    const { page } = pages.desk;
    await eventually(
      'all are loaded',
      async () => {
        await page.mouse.wheel(0, 20_000);
        assert.equal(await shown(), studies);
      },
      patience,
    );
    await eventually(
      'the last one is drawn',
      async () => {
        await page.mouse.wheel(0, 20_000);
        assert.ok((await places()).includes(studies));
      },
      patience,
    );
    const drawn = await places();
    assert.ok(drawn.length < 80, `${drawn.length} rows`);
    assert.deepEqual(
      drawn,
      drawn.map((_, index) => drawn[0]! + index),
      'without a gap',
    );
    assert.equal(await page.locator('table.worklist').getAttribute('aria-rowcount'), String(studies + 1));
  });

  test('keys reach the first and the last row, and step into rows that were not drawn', async () => {
    const { page } = pages.desk;
    await page.keyboard.press('Home');
    await eventually('the first row', async () => assert.equal(await focused(), 1), patience);
    await page.keyboard.press('End');
    await eventually('the last row', async () => assert.equal(await focused(), studies), patience);
    await page.keyboard.press('k');
    await eventually('one up', async () => assert.equal(await focused(), studies - 1), patience);
    await page.keyboard.press('Home');
    await eventually('the first row again', async () => assert.equal(await focused(), 1), patience);
    for (let step = 2; step <= 60; step++) {
      await page.keyboard.press('j');
      await eventually(`row ${step}`, async () => assert.equal(await focused(), step), patience);
    }
    const box = await page.locator('tr[data-active=true]').boundingBox();
    assert.ok(box && box.y >= 0 && box.y + box.height <= page.viewportSize()!.height, 'the chosen row is visible');
  });

  test('the worklist is where it was when a study is left', async () => {
    const { page } = pages.desk;
    const study = await page.locator('tr[data-active=true]').getAttribute('data-study');
    await page.keyboard.press('Enter');
    await page.waitForURL(`**/study/${study}`);
    await page.goBack();
    await eventually(
      'the row is chosen and visible',
      async () => {
        const row = page.locator(`tr[data-study="${study}"][data-active=true]`);
        const box = (await row.count()) === 1 ? await row.boundingBox() : null;
        assert.ok(box && box.y >= 0 && box.y < page.viewportSize()!.height);
      },
      patience,
    );
  });
});
