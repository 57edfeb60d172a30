import assert from 'node:assert/strict';
import { after, before, describe, test, type TestContext } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { textOf } from '../../src/dicom/data-set.js';
import { readPart10 } from '../../src/dicom/part10.js';
import { sampleStudies } from '../../src/samples/sample-studies.js';
import type { RunningService } from '../../src/service/start-service.js';
import { accessibilityFaults, logInAsFirst, noBrowser, openPage, screenshot, startBrowser, type WatchedPage } from '../support/browser.js';
import { cautiousStarter } from '../support/cautious-starter.js';
import { eventually } from '../support/eventually.js';
import { slowness } from '../support/machine-speed.js';
import { temporaryDirectory, useOrthanc } from '../support/orthanc.js';
import { differenceFromPicture, greyOf, longTasks, provokeLongTask, watchLongTasks } from '../support/page-image.js';
import { priorStudies } from '../support/prior-studies.js';
import { sendByCStore } from '../support/send.js';
import { startTestService } from '../support/service.js';
import { viewerMissing } from '../support/viewer-missing.js';

const skip = noBrowser();
const noViewer = (await viewerMissing()) ?? false;
const patience = { timeout: 90_000 };
const slices = 104;
const { january, february } = priorStudies;

describe('the image on the study page', { ...(skip ? { skip } : {}) }, () => {
  let service: RunningService;
  let browser: Browser;
  let open: WatchedPage;
  const dataDir = temporaryDirectory('page-image');
  const pacs = useOrthanc();
  after(async () => {
    await browser?.close();
    await service?.stop();
  });
  // Sizes of real detectors: a radiograph of 2500 × 2048 and a CT of more than a hundred slices of 512 × 512.
  const [, , large, , , ct] = sampleStudies('page image', { ctSlices: slices });
  const text = (selector: string, page = open.page): Promise<string | null> => page.textContent(selector);
  const show = async (study: string, page = open.page): Promise<void> => {
    await page.goto(`${service.url}/study/${study}`);
    await page.waitForSelector('[data-testid=window]', patience);
  };

  before(async () => {
    service = await startTestService(pacs.orthanc, { dataDir, model: { directory: cautiousStarter() } });
    for (const { files, studyInstanceUID } of [january, february, large!, ct!]) {
      await sendByCStore([...files], pacs.orthanc);
      await eventually('reported', async () => assert.ok(await service.store.results.currentResult(studyInstanceUID)), {
        timeoutMs: 240_000,
      });
    }
    browser = await startBrowser();
    open = await openPage(browser);
    await watchLongTasks(open.page);
    await logInAsFirst(open, service.url, dataDir);
  });

  test('usability 8: the image opens as the service shows it, with the heat map at 20 %', async () => {
    const { page, mistakes } = open;
    await show(february.studyInstanceUID);
    await page.waitForSelector('[data-testid=heat-map][data-ready=true]', patience);
    assert.match((await text('main')) ?? '', /Opacity of the heat map: 20 %/);
    assert.ok((await differenceFromPicture(page)) <= 2, `${await differenceFromPicture(page)} grey levels`);
    assert.deepEqual(await accessibilityFaults(page), []);
    await screenshot(page, 'image-dark');
    for (const study of [large!.studyInstanceUID, ct!.studyInstanceUID]) {
      await show(study);
      const difference = await eventually('the image is complete', async () => {
        const found = await differenceFromPicture(page);
        assert.ok(found <= 2, `${found} grey levels`);
        return found;
      });
      assert.ok(difference <= 2);
    }
    assert.deepEqual(mistakes, [], 'the Content-Security-Policy refuses nothing that the viewer needs');
  });

  test('usability 8: keys invert, window, enlarge, hide the heat map and reset; an input takes its own letters', async () => {
    const { page } = open;
    await show(february.studyInstanceUID);
    await page.waitForSelector('[data-testid=heat-map]', patience);
    const dark = await greyOf(page);
    await page.keyboard.press('i');
    await eventually('inverted', async () => assert.ok(Math.abs((await greyOf(page)) - (255 - dark)) < 12));
    assert.match((await text('[data-testid=window]')) ?? '', /inverted/);
    await page.keyboard.press('h');
    assert.equal(await page.locator('[data-testid=heat-map]').count(), 0);
    await page.keyboard.press('h');
    await page.keyboard.press(']');
    await page.waitForSelector('text=Opacity of the heat map: 30 %', patience);
    const width = async (): Promise<number> => Number(/W (\d+)/.exec((await text('[data-testid=window]')) ?? '')?.[1]);
    const first = await width();
    await page.keyboard.press('g');
    await eventually('a narrower window', async () => assert.ok((await width()) < first));
    await page.keyboard.press('+');
    await page.keyboard.press('+');
    await page.waitForSelector('text=Zoom 156 %', patience);
    await page.keyboard.press('r');
    await page.waitForSelector('text=Zoom 100 %', patience);
    assert.equal(await width(), first);
    await eventually('as at first', async () => assert.ok(Math.abs((await greyOf(page)) - dark) < 3));
    await page.getByRole('combobox', { name: 'Window' }).focus();
    await page.keyboard.press('i');
    assert.doesNotMatch((await text('[data-testid=window]')) ?? '', /inverted/);
  });

  test('usability 8: the mouse pans, windows with the right button, and zooms where it points', async (context: TestContext) => {
    const { page } = open;
    await show(large!.studyInstanceUID);
    await provokeLongTask(page);
    await longTasks(page);
    const box = (await page.locator('.stage .drawing').boundingBox())!;
    const [x, y] = [box.x + box.width * 0.4, box.y + box.height * 0.4];
    await page.mouse.move(x, y);
    for (let n = 0; n < 5; n++) await page.mouse.wheel(0, -120);
    await eventually('enlarged', async () => assert.match((await text('[data-testid=window]')) ?? '', /Zoom 2\d\d %/));
    const before = await greyOf(page);
    await page.mouse.down();
    await page.mouse.move(x + 150, y + 120, { steps: 8 });
    await page.mouse.up();
    await eventually('moved', async () => assert.notEqual(await greyOf(page), before));
    const window = await text('[data-testid=window]');
    await page.mouse.move(x, y);
    await page.mouse.down({ button: 'right' });
    await page.mouse.move(x + 80, y + 60, { steps: 8 });
    await page.mouse.up({ button: 'right' });
    await eventually('another window', async () => assert.notEqual(await text('[data-testid=window]'), window));
    await page.waitForSelector('option:checked:has-text("Manual")', { state: 'attached' });
    await noLongTask(context, page, `zoom, pan and window of ${2500} × ${2048}`);
    await page.locator('.stage .drawing').dblclick();
    await page.waitForSelector('text=Zoom 100 %', patience);
  });

  test('usability 8: slices of a CT have their number and position; wheel, arrows and slider go through them', async (context: TestContext) => {
    const { page } = open;
    await show(ct!.studyInstanceUID);
    const slice = (): Promise<string | null> => text('[data-testid=slice]');
    assert.match((await slice()) ?? '', new RegExp(`^Slice \\d+ of ${slices}, −?\\d+\\.\\d mm$`));
    const shown = (): Promise<number> => page.getAttribute('[data-testid=stage]', 'data-index').then(Number);
    const first = await shown();
    await page.locator('[data-testid=stage]').focus();
    await provokeLongTask(page);
    await longTasks(page);
    for (let n = 0; n < 5; n++) await page.keyboard.press('ArrowDown');
    await eventually('five slices on', async () => assert.equal(await shown(), first + 5));
    await page.keyboard.press('PageUp');
    await eventually('ten back', async () => assert.equal(await shown(), first - 5));
    const box = (await page.locator('.stage .drawing').boundingBox())!;
    await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
    for (let n = 0; n < 3; n++) await page.mouse.wheel(0, 60);
    await eventually('three by the wheel', async () => assert.equal(await shown(), first - 2));
    await noLongTask(context, page, `going through a CT of ${slices} slices`);
    await page.getByRole('slider', { name: 'Slices' }).focus();
    await page.keyboard.press('End');
    await page.waitForSelector(`text=Slice ${slices} of ${slices}`, patience);
    await page.selectOption('[aria-label=Window]', { label: 'Bone' });
    await page.waitForSelector('text=C 400 W 1800 HU', patience);
    await screenshot(page, 'image-ct');
    // The scout is an image of its own.
    await page.locator('[data-testid=stage]').focus();
    await page.keyboard.press('s');
    await eventually('the scout', async () => assert.equal(await page.locator('[data-testid=slice]').count(), 0));
    assert.deepEqual(await accessibilityFaults(page), []);
  });

  test('usability 8: v shows the image of the prior study beside it, f fills the screen', async () => {
    const { page } = open;
    await show(february.studyInstanceUID);
    await page.keyboard.press('v');
    await page.waitForSelector('text=Prior, Jan 5, 2026', patience);
    await eventually('both are drawn', async () => assert.equal(await page.locator('[data-testid=window]').count(), 2));
    assert.deepEqual(await accessibilityFaults(page), []);
    await screenshot(page, 'image-prior');
    await page.keyboard.press('f');
    await page.waitForFunction(() => document.fullscreenElement?.matches('.image-view'), undefined, patience);
    await page.keyboard.press('f');
    await page.waitForFunction(() => document.fullscreenElement === null, undefined, patience);
    await page.keyboard.press('v');
    await eventually('one image', async () => assert.equal(await page.locator('[data-testid=window]').count(), 1));
  });

  test('usability 8: a link beside a finding opens OHIF on its image, or its slice', { skip: noViewer }, async () => {
    const { page } = open;
    for (const study of [ct!.studyInstanceUID, february.studyInstanceUID]) {
      await show(study);
      const link = page.locator('section[aria-labelledby=findings] a[href*=initialSOPInstanceUID]').first();
      const address = (await link.getAttribute('href'))!;
      const expected = new URL(address, service.url).searchParams.get('initialSOPInstanceUID')!;
      await page.goto(service.url + address);
      await page.waitForFunction(
        (uid) => {
          const { cornerstone } = window as unknown as {
            cornerstone?: { getEnabledElements(): { viewport: { getCurrentImageId?(): string } }[] };
          };
          return cornerstone?.getEnabledElements().some(({ viewport }) => viewport.getCurrentImageId?.()?.includes(uid));
        },
        expected,
        patience,
      );
    }
    const middle = ct!.files.map((file) => textOf(readPart10(file).dataSet, 'SOPInstanceUID'));
    assert.ok(middle.length > slices, 'the slice is one of many');
  });

  test('usability 8: without WebGL the image is the same; where the viewer cannot start, still pictures are shown', async () => {
    const plain = await startBrowser({ webGl: false });
    try {
      const other = await openPage(plain);
      await logInAsFirst(other, service.url, dataDir);
      assert.equal(await other.page.evaluate(() => document.createElement('canvas').getContext('webgl2')), null);
      await show(february.studyInstanceUID, other.page);
      assert.ok((await differenceFromPicture(other.page)) <= 2, `${await differenceFromPicture(other.page)} grey levels`);
      await other.page.keyboard.press('+');
      await other.page.waitForSelector('text=Zoom 125 %', patience);
      const grey = await greyOf(other.page);
      await other.page.keyboard.press('i');
      await eventually('inverted', async () => assert.ok(Math.abs((await greyOf(other.page)) - (255 - grey)) < 12));
      assert.deepEqual(other.mistakes, []);
      await other.page.route('**/page/stage-*.js', (route) => route.abort());
      await other.page.reload();
      await other.page.waitForSelector('text=The image viewer cannot start in this browser', patience);
      await other.page.waitForSelector('[data-testid=picture] img', patience);
      assert.deepEqual(await accessibilityFaults(other.page), []);
    } finally {
      await plain.close();
    }
  });

  test('usability 8: light, German and as wide as a phone; two fingers enlarge', async () => {
    const phone = await openPage(browser, { theme: 'light', width: 390, height: 844, language: 'de' });
    await logInAsFirst(phone, service.url, dataDir);
    const { page } = phone;
    await show(february.studyInstanceUID, page);
    await page.waitForSelector('text=Deckkraft der Heatmap: 20 %', patience);
    assert.deepEqual(await accessibilityFaults(page), []);
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    assert.ok(overflow <= 0, `${overflow} pixels are beyond the right edge`);
    await page.locator('[data-testid=stage]').scrollIntoViewIfNeeded();
    const box = (await page.locator('.stage .drawing').boundingBox())!;
    const session = await phone.context.newCDPSession(page);
    const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
    const touch = (type: string, spread: number): Promise<unknown> =>
      session.send('Input.dispatchTouchEvent', {
        type: type as 'touchStart',
        touchPoints:
          type === 'touchEnd'
            ? []
            : [
                { x: x - spread, y, id: 1 },
                { x: x + spread, y, id: 2 },
              ],
      });
    await touch('touchStart', 40);
    for (const spread of [50, 60, 70, 80]) await touch('touchMove', spread);
    await touch('touchEnd', 80);
    await eventually('enlarged', async () => assert.match((await text('[data-testid=window]', page)) ?? '', /Zoom (1[5-9]\d|2\d\d) %/));
    await screenshot(page, 'image-phone');
    await phone.context.close();
  });

  /** The main thread is never busy for longer than 100 ms on a quiet machine. The processor draws here, there is no graphics card. */
  async function noLongTask(context: TestContext, page: Page, what: string): Promise<void> {
    const found = await longTasks(page);
    const longest = Math.max(0, ...found);
    context.diagnostic(`${what}: longest task ${longest} ms, ${found.length} above 50 ms, machine ${slowness().toFixed(1)} times slower`);
    assert.ok(longest <= 100 * slowness(), `${what}: ${longest} ms`);
  }
});
