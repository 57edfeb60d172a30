import { loadavg } from 'node:os';
import type { Page } from 'playwright-core';
import { silentLog } from '../../src/log.js';
import { sampleStudies } from '../../src/samples/sample-studies.js';
import { startService } from '../../src/service/start-service.js';
import { logInAsFirst, noBrowser, openPage, startBrowser } from '../support/browser.js';
import { cautiousStarter } from '../support/cautious-starter.js';
import { fillIndex } from '../support/many-studies.js';
import { temporaryDirectory, withOrthanc } from '../support/orthanc.js';
import { longTasks, provokeLongTask, watchLongTasks } from '../support/page-image.js';
import { traceTasks } from '../support/page-trace.js';
import { eventuallyOneResult, configFor } from '../support/service.js';

const studies = 100_000;
const repeats = 3;

/** What a user does on a view after it was opened; the tasks of it count as well. */
type Use = (page: Page) => Promise<void>;

const untilDrawn = async (page: Page): Promise<void> => {
  await page.waitForSelector('h1');
  await page.waitForLoadState('networkidle').catch(() => undefined);
  await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))));
};

/** Scrolls down until further rows were loaded five times. */
const leaf: Use = async (page) => {
  for (let part = 0; part < 5; part++) {
    await page.mouse.wheel(0, 20_000);
    await untilDrawn(page);
  }
};

const filter: Use = async (page) => {
  const state = page.getByLabel('Reading state');
  for (const one of ['to-read', 'second', 'disagreed', 'read', 'all']) {
    await state.selectOption(one);
    await untilDrawn(page);
  }
};

const views: Readonly<Record<string, readonly [path: (study: string) => string, use?: Use]>> = {
  worklist: [() => '/worklist', leaf],
  'worklist, filtered in turn': [() => '/worklist', filter],
  study: [(study) => `/study/${study}`],
  analyze: [() => '/analyze'],
  operations: [() => '/operations'],
  rules: [() => '/rules'],
  administration: [() => '/administration'],
  models: [() => '/models'],
  research: [() => '/research'],
  audit: [() => '/audit'],
  help: [() => '/help'],
};

export const title = 'Longest task of the browser’s main thread';

/**
 * The longest task of the page's main thread on each view, with 100,000 studies in the index: what blocks the page for longer is felt.
 * By the clock, which also runs while the thread waits for a processor that the service, Orthanc or the browser's own drawing have,
 * and by the time for which the thread computed: that of a workstation that runs the browser alone.
 */
export async function bench(): Promise<void> {
  const missing = noBrowser();
  if (missing) return void console.log(missing);
  await withOrthanc(async (pacs) => {
    const dataDir = temporaryDirectory('page-tasks');
    const service = await startService(configFor(pacs.orthanc, { dataDir, model: { directory: cautiousStarter() } }), silentLog);
    const browser = await startBrowser();
    try {
      const [sample] = sampleStudies('page-tasks', { scale: 0.35, ctSlices: 0 });
      await pacs.dicomWeb.storeInstances(sample!.files);
      await eventuallyOneResult(pacs.dicomWeb, sample!.studyInstanceUID);
      await fillIndex(service.store, studies);
      const open = await openPage(browser);
      await watchLongTasks(open.page);
      await logInAsFirst(open, service.url, dataDir);
      await untilDrawn(open.page);
      await provokeLongTask(open.page);
      console.log(
        `longest task of the main thread in ms, by the clock (computing), ${repeats} times; load average ${loadavg()[0]!.toFixed(1)}; 0: none of more than 50 ms`,
      );
      for (const [name, [path, use]] of Object.entries(views)) {
        const longest: string[] = [];
        for (let repeat = 0; repeat < repeats; repeat++) {
          const computing = await traceTasks(open.page, async () => {
            await open.page.goto(service.url + path(sample!.studyInstanceUID));
            await untilDrawn(open.page);
            await use?.(open.page);
          });
          const clock = Math.max(0, ...(await longTasks(open.page)));
          longest.push(`${clock} (${Math.round(Math.max(0, ...computing))})`);
        }
        console.log(`  ${name.padEnd(28)} ${longest.join(', ')}`);
      }
    } finally {
      await browser.close();
      await service.stop();
    }
  });
}
