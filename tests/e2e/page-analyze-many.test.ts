import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';
import { parseCells } from '../../src/dataset/csv-cells.js';
import { smallSamples } from '../support/small-samples.js';
import { accessibilityFaults, logInAsFirst, noBrowser, openPage, screenshot } from '../support/browser.js';
import { temporaryDirectory } from '../support/orthanc.js';
import { pageStudies, usePageService } from '../support/page-service.js';

const skip = noBrowser();
const patience = { timeout: 480_000 };
/** Files of the folder beside the few that are images. */
const letters = 1_990;

describe('the page: analyze folders', { ...(skip ? { skip } : {}) }, () => {
  const pages = usePageService();
  const { clear, opacity, hand } = pageStudies();
  const folder = join(temporaryDirectory('analyze-folder'), 'archive');
  before(async () => {
    for (const name of ['a', 'b', 'ct', 'letters', '.hidden']) mkdirSync(join(folder, name), { recursive: true });
    writeFileSync(join(folder, 'a/chest.dcm'), opacity.files[0]!);
    writeFileSync(join(folder, 'b/chest.dcm'), clear.files[0]!);
    writeFileSync(join(folder, 'b/hand.dcm'), hand.files[0]!);
    writeFileSync(join(folder, '.hidden/x.dcm'), hand.files[0]!);
    writeFileSync(join(folder, 'DICOMDIR'), 'no image');
    smallSamples().ct.files.forEach((bytes, index) => writeFileSync(join(folder, `ct/${index}.dcm`), bytes));
    for (let index = 0; index < letters; index++) writeFileSync(join(folder, `letters/${index}.dcm`), `Dear colleague ${index}`);
    await logInAsFirst(pages.desk, pages.service.url, pages.dataDir);
  });

  test('usability 17: a folder of two thousand files: summary that sorts, paths instead of repeated names, CSV and JSON, responsive', async () => {
    const { page } = pages.desk;
    await page.goto(`${pages.service.url}/analyze`);
    await page.evaluate(() => {
      const record = window as unknown as { blocked: number; rows: number; since: number };
      Object.assign(record, { blocked: 0, rows: 0, since: performance.now() });
      new PerformanceObserver((list) => {
        for (const { duration } of list.getEntries()) record.blocked += duration;
      }).observe({ type: 'longtask' });
      new MutationObserver(() => {
        record.rows = Math.max(record.rows, document.querySelectorAll('[data-testid=summary-row]').length);
      }).observe(document.body, { childList: true, subtree: true });
    });
    await page.locator('[data-testid=choose-folder]').setInputFiles(folder, patience);
    const total = letters + 4;
    await page.locator(`text=${total} of ${total} files done, ${letters} failed`).waitFor(patience);
    const { blocked, rows: drawn } = await page.evaluate(() => {
      const { blocked: sum, rows: most, since } = window as unknown as { blocked: number; rows: number; since: number };
      return { blocked: sum / (performance.now() - since), rows: most };
    });
    // Wall time of a loaded machine says little about one task, but much about its share.
    assert.ok(blocked < 0.3, `the main thread was blocked for ${Math.round(blocked * 100)} % of the time`);
    assert.equal(drawn, 50, 'a page of rows is drawn, however many files there are');

    const paths = (): Promise<readonly string[]> =>
      page.locator('[data-testid=summary-row]').evaluateAll((rows) => rows.map((row) => row.getAttribute('data-path') ?? ''));
    await page.getByRole('button', { name: /^Outcome/ }).click();
    await page.getByRole('button', { name: /^Outcome/ }).click();
    assert.deepEqual((await paths()).slice(0, 1), ['archive/b/hand.dcm'], 'skipped, reported, failed');
    await page.getByRole('button', { name: /^Pneumonia/ }).click();
    const sorted = await paths();
    assert.equal(sorted[0], 'archive/a/chest.dcm', 'the most probable one first');
    assert.ok(sorted.slice(0, 3).includes('archive/b/chest.dcm'));
    assert.equal(sorted.length, 50, 'a page of rows');
    assert.match((await page.locator('[data-testid=rows-shown]').textContent()) ?? '', /1 to 50 of 1994/);
    // CT slices of one study are one row.
    const slices = smallSamples().ct.files.length;
    await page.getByRole('button', { name: /^File/ }).click();
    assert.ok((await paths()).some((path) => path.startsWith(`archive/ct (${slices} × CT)`)));

    // Pictures are requested when a row is opened.
    await page.locator('[data-path="archive/a/chest.dcm"] button.open').click();
    await page.locator('[data-testid=details] [data-testid=analyzed-picture] img').first().waitFor(patience);
    assert.deepEqual(await accessibilityFaults(page), []);
    await screenshot(page, 'analyze-many', { fullPage: true });

    const save = async (name: string): Promise<string> => {
      const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name }).click()]);
      return readFileSync((await download.path())!, 'utf8');
    };
    const rows = parseCells(await save('Download CSV'), 'findings.csv').map(({ cells }) => cells);
    const [header, ...lines] = rows;
    assert.equal(lines.length, total);
    assert.ok(header!.includes('pneumonia probability'));
    const json = JSON.parse(await save('Download JSON')) as { file: string; findings: { name: string; probability: number }[] }[];
    const chest = json.find(({ file }) => file === 'archive/a/chest.dcm')!;
    const line = lines.find(([file]) => file === 'archive/a/chest.dcm')!;
    for (const { name, probability } of chest.findings) assert.equal(line[header!.indexOf(`${name} probability`)], probability.toFixed(6));

    await page.getByRole('button', { name: 'Clear all' }).click();
    await page.locator('[data-testid=summary]').waitFor({ state: 'detached' });
  });

  test('usability 17: one file or all are cancelled, and the service does no further work', async () => {
    const { page } = pages.desk;
    const sent: string[] = [];
    page.on('request', (request) => request.url().includes('/api/analyze') && sent.push(request.url()));
    await page.locator('[data-testid=choose-folder]').setInputFiles(folder, patience);
    await page.locator('text=/[1-9]\\d* of 1994 files done/').waitFor(patience);
    await page.getByRole('button', { name: 'Cancel all' }).click();
    await page.locator('text=/1994 of 1994 files done/').waitFor();
    const count = sent.length;
    assert.ok(count < 1_994, `${count} files were sent`);
    await page.getByRole('button', { name: /^Outcome/ }).click();
    await page.locator('[data-outcome=cancelled]').first().waitFor();
    assert.equal(sent.length, count, 'nothing was sent after the cancellation');
    await page
      .locator('[data-outcome=cancelled]')
      .first()
      .getByRole('button', { name: /Try again/ })
      .click();
    await page.locator('[data-testid=analyze-progress]').waitFor();
    await page.getByRole('button', { name: 'Clear all' }).click();
  });

  test('usability 17: a folder that is dropped, in German, light, on a phone', async () => {
    const phone = await openPage(pages.browser, { theme: 'light', width: 390, height: 844, language: 'de' });
    await phone.context.addCookies(await pages.desk.context.cookies());
    const { page } = phone;
    await page.goto(`${pages.service.url}/analyze`);
    await page.waitForSelector('.drop');
    // The entries of a drop, as the File and Directory Entries API defines them.
    await page.evaluate(
      (bytes) => {
        const file = new File([Uint8Array.from(bytes)], 'chest.dcm');
        const entry = (path: string) => ({
          isFile: true,
          isDirectory: false,
          fullPath: path,
          file: (give: (one: File) => void) => give(file),
        });
        let batches = [[entry('/disk/one/chest.dcm')], [entry('/disk/two/chest.dcm'), entry('/disk/.DS_Store')], []];
        const directory = {
          isFile: false,
          isDirectory: true,
          fullPath: '/disk',
          createReader: () => ({
            readEntries: (give: (some: unknown) => void) => {
              const [next, ...rest] = batches;
              batches = rest;
              give(next);
            },
          }),
        };
        const event = new Event('drop', { bubbles: true, cancelable: true });
        Object.defineProperty(event, 'dataTransfer', { value: { files: [], items: [{ webkitGetAsEntry: () => directory }] } });
        document.querySelector('.drop')!.dispatchEvent(event);
      },
      [...opacity.files[0]!],
    );
    await page.locator('text=2 von 2 Dateien fertig, 0 fehlgeschlagen').waitFor(patience);
    assert.deepEqual(
      await page.locator('[data-testid=summary-row]').evaluateAll((rows) => rows.map((row) => row.getAttribute('data-path'))),
      ['disk/one/chest.dcm', 'disk/two/chest.dcm'],
    );
    assert.deepEqual(await accessibilityFaults(page), []);
    await screenshot(page, 'analyze-phone-light-de', { fullPage: true });
    assert.deepEqual(phone.mistakes, []);
    await phone.context.close();
  });
});
