import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Browser } from 'playwright-core';
import { sampleStudies } from '../../src/samples/sample-studies.js';
import type { RunningService } from '../../src/service/start-service.js';
import { accessibilityFaults, logInAsFirst, noBrowser, openPage, startBrowser, type WatchedPage } from '../support/browser.js';
import { cautiousStarter } from '../support/cautious-starter.js';
import { eventually } from '../support/eventually.js';
import { temporaryDirectory, useOrthanc } from '../support/orthanc.js';
import { greyOf } from '../support/page-image.js';
import { priorStudies } from '../support/prior-studies.js';
import { sendByCStore } from '../support/send.js';
import { startTestService } from '../support/service.js';

const skip = noBrowser();
const patience = { timeout: 90_000 };
const slices = 40;
const { january, february } = priorStudies;

describe('the image on the study page where loads are slow or fail', { ...(skip ? { skip } : {}) }, () => {
  let service: RunningService;
  let browser: Browser;
  let open: WatchedPage;
  const dataDir = temporaryDirectory('page-image-loads');
  const pacs = useOrthanc();
  after(async () => {
    await browser?.close();
    await service?.stop();
  });
  const [, , , , , ct] = sampleStudies('page image loads', { scale: 0.5, ctSlices: slices });
  const text = (selector: string, page = open.page): Promise<string | null> => page.textContent(selector);
  const show = async (study: string, page = open.page): Promise<void> => {
    await page.goto(`${service.url}/study/${study}`);
    await page.waitForSelector('[data-testid=window]', patience);
  };

  before(async () => {
    service = await startTestService(pacs.orthanc, { dataDir, model: { directory: cautiousStarter() } });
    for (const { files, studyInstanceUID } of [january, february, ct!]) {
      await sendByCStore([...files], pacs.orthanc);
      await eventually('reported', async () => assert.ok(await service.store.results.currentResult(studyInstanceUID)), {
        timeoutMs: 240_000,
      });
    }
    browser = await startBrowser();
    open = await openPage(browser);
    await logInAsFirst(open, service.url, dataDir);
  });

  test('a slow slice never replaces the next one: number, image and heat map are of the slice that is shown', async () => {
    const { page } = open;
    await show(ct!.studyInstanceUID);
    const slice = (): Promise<string | null> => text('[data-testid=slice]');
    await page.getByRole('slider', { name: 'Slices' }).focus();
    await page.keyboard.press('Home');
    await page.waitForSelector(`text=Slice 1 of ${slices}`, patience);
    await eventually('the slices ahead are loaded', async () => {
      const loaded = await page.evaluate(
        () => performance.getEntriesByType('resource').filter(({ name }) => name.endsWith('/pixels')).length,
      );
      assert.ok(loaded >= 12, `${loaded}`);
    });
    // Far from what is loaded ahead: the first of these waits until the test lets it through.
    const held: (() => Promise<void>)[] = [];
    const ended: string[] = [];
    let first: string | undefined;
    page.on('requestfailed', (request) => ended.push(request.url()));
    await page.route('**/pixels', async (route) => {
      first ??= route.request().url();
      if (route.request().url() === first && held.length === 0) held.push(() => route.continue());
      else await route.continue();
    });
    try {
      await page.keyboard.press('End');
      await eventually('the last slice is requested', async () => assert.equal(held.length, 1));
      assert.match((await slice()) ?? '', /^Slice 1 of/, 'the slice that is seen, not the one that loads');
      await page.keyboard.press('ArrowLeft');
      await page.waitForSelector(`text=Slice ${slices - 1} of ${slices}`, patience);
      await eventually('the load of the last slice is ended', async () => assert.ok(ended.includes(first!)));
      const grey = await greyOf(page);
      await held[0]!().catch(() => undefined);
      await page.keyboard.press('Home');
      await page.waitForSelector(`text=Slice 1 of ${slices}`, patience);
      await page.keyboard.press('End');
      await page.waitForSelector(`text=Slice ${slices} of ${slices}`, patience);
      await page.keyboard.press('ArrowLeft');
      await page.waitForSelector(`text=Slice ${slices - 1} of ${slices}`, patience);
      assert.ok(Math.abs((await greyOf(page)) - grey) < 1, 'it was the image of this slice');
    } finally {
      await page.unroute('**/pixels');
    }
  });

  test('the images of the prior study are requested when a reader wants them; a heat map that cannot be loaded says so', async () => {
    const { page } = open;
    const requested: string[] = [];
    page.on('request', (request) => requested.push(request.url()));
    await page.route('**/picture', (route) => route.abort());
    await show(february.studyInstanceUID);
    await page.waitForSelector('text=The heat map cannot be loaded', patience);
    await page.unroute('**/picture');
    await page.keyboard.press('h');
    await eventually('hidden', async () => assert.equal(await page.getByText('The heat map cannot be loaded').count(), 0));
    await page.keyboard.press(']');
    await page.waitForSelector('[data-testid=heat-map][data-ready=true]', patience);
    await page.waitForSelector('text=Opacity of the heat map: 20 %', patience);
    const ofPrior = (): boolean => requested.some((one) => one.endsWith(`${january.studyInstanceUID}/images`));
    assert.equal(ofPrior(), false);
    await page.keyboard.press('v');
    await eventually('both are drawn', async () => assert.equal(await page.locator('[data-testid=window]').count(), 2));
    assert.equal(ofPrior(), true);
  });

  test('a lost graphics context is named and restored; if it does not come back, still pictures are shown', async () => {
    const other = await openPage(browser);
    const { page } = other;
    await page.addInitScript(() => {
      const contexts: WebGL2RenderingContext[] = [];
      Object.assign(window, { contexts });
      const original = HTMLCanvasElement.prototype.getContext;
      HTMLCanvasElement.prototype.getContext = function (this: HTMLCanvasElement, ...parameters: Parameters<typeof original>) {
        const context = original.apply(this, parameters);
        if (context instanceof WebGL2RenderingContext && !contexts.includes(context)) contexts.push(context);
        return context;
      } as typeof original;
    });
    const change = (what: 'loseContext' | 'restoreContext'): Promise<void> =>
      page.evaluate((name) => {
        const held = window as unknown as { contexts: WebGL2RenderingContext[]; extensions?: (WEBGL_lose_context | null)[] };
        if (name === 'loseContext') held.extensions = held.contexts.map((one) => one.getExtension('WEBGL_lose_context'));
        for (const extension of held.extensions ?? []) {
          try {
            extension?.[name]();
          } catch {
            // The context of an engine that is released already.
          }
        }
      }, what);
    await logInAsFirst(other, service.url, dataDir);
    await show(february.studyInstanceUID, page);
    const grey = await greyOf(page);
    await change('loseContext');
    await page.waitForSelector('text=The graphics card has stopped drawing', patience);
    await change('restoreContext');
    await page.waitForSelector('[data-testid=window]', patience);
    await eventually('drawn again', async () => assert.ok(Math.abs((await greyOf(page)) - grey) < 2));
    await page.keyboard.press('i');
    await eventually('inverted', async () => assert.ok(Math.abs((await greyOf(page)) - (255 - grey)) < 12));
    await change('loseContext');
    await page.waitForSelector('[data-testid=picture] img', patience);
    await page.waitForSelector('text=The image viewer cannot start in this browser', patience);
    assert.deepEqual(await accessibilityFaults(page), []);
    await other.context.close();
  });
});
