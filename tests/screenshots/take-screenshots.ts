import assert from 'node:assert/strict';
import { copyFileSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { projectRoot } from '../../src/config.js';
import { silentLog } from '../../src/log.js';
import { sampleRadiographs } from '../../src/samples/radiographs.js';
import { sampleStudies } from '../../src/samples/sample-studies.js';
import { startService } from '../../src/service/start-service.js';
import { eventually } from '../support/eventually.js';
import { logInAsFirst, noBrowser, openPage, startBrowser, type PageOptions } from '../support/browser.js';
import { temporaryDirectory, withOrthanc } from '../support/orthanc.js';
import { configFor } from '../support/service.js';

/*
 * `npm run screenshots`: every view of the page in the dark and the light theme, on a phone and in German, of a service with the studies of the
 * demo, into docs/images/views. With names of views as arguments only those.
 */

const variants: Readonly<Record<string, PageOptions>> = {
  dark: { theme: 'dark' },
  light: { theme: 'light' },
  phone: { theme: 'dark', width: 390, height: 844 },
  german: { theme: 'dark', language: 'de' },
};

const why = noBrowser();
if (why) throw new Error(why);
const wanted = process.argv.slice(2);
const folder = join(projectRoot, 'docs/images/views');
if (wanted.length === 0) rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });

await withOrthanc(async (pacs) => {
  const dataDir = temporaryDirectory('screenshots');
  // The page names the file: not one of the person who takes the pictures.
  const routingFile = join(temporaryDirectory('rules'), 'routing.yaml');
  copyFileSync(join(projectRoot, 'config/routing.yaml'), routingFile);
  const config = configFor(pacs.orthanc, { dataDir, routingFile, model: { directory: join(projectRoot, 'models/starter') } });
  const service = await startService(config, silentLog);
  const browser = await startBrowser();
  try {
    const samples = [...(await sampleRadiographs()), ...sampleStudies('screenshots', { scale: 0.5, ctSlices: 40 })];
    for (const { files } of samples) await pacs.dicomWeb.storeInstances(files);
    for (const { studyInstanceUID } of samples)
      await eventually(`a result of ${studyInstanceUID}`, async () =>
        assert.ok((await service.store.results.ofStudy(studyInstanceUID)).length > 0),
      );
    const study = samples[0]!.studyInstanceUID;
    const views: Readonly<Record<string, string>> = {
      worklist: '/worklist',
      study: `/study/${study}`,
      analyze: '/analyze',
      operations: '/operations',
      rules: '/rules',
      administration: '/administration',
      models: '/models',
      model: `/models/${service.model.version}`,
      research: '/research',
      audit: '/audit',
      password: '/password',
      help: '/help',
      guide: '/help/triage',
      api: '/api/docs',
    };
    for (const [variant, options] of Object.entries(variants)) {
      const open = await openPage(browser, options);
      await logInAsFirst(open, service.url, dataDir);
      for (const [view, path] of Object.entries(views)) {
        if (wanted.length > 0 && !wanted.includes(view)) continue;
        await open.page.goto(service.url + path);
        await open.page.waitForSelector('h1');
        await open.page.waitForLoadState('networkidle').catch(() => undefined);
        // The image viewer and the plots draw after their data has arrived.
        await open.page.waitForFunction(() => document.querySelector('[role=status] .mantine-Loader-root') === null);
        await open.page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))));
        const png = await open.page.screenshot();
        await sharp(png)
          .webp({ quality: 82 })
          .toFile(join(folder, `${view}-${variant}.webp`));
        console.log(`${view}-${variant}`);
      }
      await open.context.close();
    }
  } finally {
    await browser.close();
    await service.stop();
  }
});
