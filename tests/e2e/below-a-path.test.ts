import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { Browser } from 'playwright-core';
import { loadConfig } from '../../src/config.js';
import { silentLog } from '../../src/log.js';
import { hashPassword } from '../../src/server/access/password.js';
import { fetchViewer } from '../../src/server/viewer-files.js';
import { startService, type RunningService } from '../../src/service/start-service.js';
import { logIn, noBrowser, openPage, startBrowser, type WatchedPage } from '../support/browser.js';
import { cautiousStarter } from '../support/cautious-starter.js';
import { eventually } from '../support/eventually.js';
import { freePort } from '../support/free-port.js';
import { blockOfGuide, localhostCertificate, noNginx, startNginx } from '../support/nginx.js';
import { temporaryDirectory, useOrthanc } from '../support/orthanc.js';
import { pageStudies } from '../support/page-service.js';
import { sendByCStore } from '../support/send.js';
import { configFor, eventuallyOneResult } from '../support/service.js';

const skip = noBrowser() ?? noNginx();
const patience = { timeout: 90_000 };
const password = 'quite long and only for this test';

describe('the page below a path of another host, behind nginx as the guide sets it up', { ...(skip ? { skip } : {}) }, () => {
  let service: RunningService;
  let browser: Browser;
  let nginx: { stop(): void };
  let desk: WatchedPage;
  let host: string;
  let viewer = true;
  /** Addresses that the browser asked for, without the host. */
  const asked: string[] = [];
  after(async () => {
    await browser?.close();
    nginx?.stop();
    await service?.stop();
  });
  const pacs = useOrthanc();
  const { opacity } = pageStudies();

  before(async () => {
    viewer = await fetchViewer(loadConfig({}).viewer.cache, silentLog).then(
      () => true,
      () => false,
    );
    const [own, shared] = [await freePort(), await freePort()];
    host = `https://localhost:${shared}`;
    const config = configFor(pacs.orthanc, {
      dataDir: temporaryDirectory('below-a-path'),
      model: { directory: cautiousStarter() },
      orthanc: { requestTimeoutMs: 30_000 },
    });
    const server = { ...config.server, port: own, publicUrl: `${host}/ai`, trustedProxies: ['loopback'] };
    service = await startService({ ...config, server }, silentLog);
    await service.store.accounts.add({ name: 'petrova', origin: 'local', roles: ['reader'], passwordHash: await hashPassword(password) });
    const { certificate, key } = localhostCertificate();
    const locations = blockOfGuide('hospital-network', 'nginx', { '127.0.0.1:8787': `127.0.0.1:${own}` });
    nginx = await startNginx(
      `server {\nlisten 127.0.0.1:${shared} ssl;\nssl_certificate ${certificate};\nssl_certificate_key ${key};\nlocation / { return 404; }\n${locations}}\n`,
      async () => (await fetch(`http://127.0.0.1:${own}/ai/health/live`)).ok,
    );
    await sendByCStore(opacity.files, pacs.orthanc);
    await eventuallyOneResult(pacs.dicomWeb, opacity.studyInstanceUID);
    browser = await startBrowser();
    desk = await openPage(browser, { ignoreCertificates: true });
    desk.context.on('request', (request) => {
      if (request.url().startsWith(host)) asked.push(request.url().slice(host.length));
    });
    await logIn(desk, `${host}/ai`, 'petrova', password);
  });

  test('login, worklist, a study and its images; a deep link is loaded again', async () => {
    const { page, mistakes } = desk;
    assert.equal(new URL(page.url()).pathname, '/ai/');
    await page.click('header nav a:has-text("Worklist")');
    await page.waitForURL(`${host}/ai/worklist`);
    await page.click(`tr[data-study="${opacity.studyInstanceUID}"] a`);
    await page.waitForURL(`${host}/ai/study/${opacity.studyInstanceUID}`);
    await page.waitForSelector('text=Your assessment', patience);
    await page.waitForSelector('[data-testid=image-viewer] canvas, canvas', patience);
    await page.reload();
    await page.waitForSelector('text=Your assessment', patience);
    await page.keyboard.press('y');
    await eventually('the decision is shown', async () => assert.ok((await page.getByTestId('undo').count()) > 0));
    await page.goto(`${host}/ai`);
    await page.waitForSelector(`tr[data-study="${opacity.studyInstanceUID}"]`, patience);
    assert.deepEqual(mistakes, []);
  });

  test('analysis of a file, and the help', async () => {
    const { page, mistakes } = desk;
    const file = join(temporaryDirectory('below-a-path-file'), 'image.dcm');
    writeFileSync(file, opacity.files[0]!);
    await page.goto(`${host}/ai/analyze`);
    await page.setInputFiles('input[type=file]', file);
    await page.waitForSelector('img[alt]', patience);
    await page.waitForSelector('text=Pneumonia', patience);
    await page.click('header a[aria-label="Help for this view"]');
    await page.waitForURL(`${host}/ai/help/page`);
    await page.click('article a:has-text("triage")');
    await page.waitForURL(`${host}/ai/help/triage`);
    assert.deepEqual(mistakes, []);
  });

  test('OHIF shows the image, with the strip of findings', async (context) => {
    if (!viewer) return context.skip('OHIF cannot be fetched');
    const { page } = desk;
    await page.goto(`${host}/ai/study/${opacity.studyInstanceUID}`);
    const link = page.getByRole('link', { name: 'Open in viewer' }).first();
    await link.waitFor(patience);
    await page.goto(new URL((await link.getAttribute('href'))!, host).href);
    await page.waitForSelector('.cornerstone-canvas, canvas', patience);
    await page.waitForSelector('text=not for diagnosis', patience);
    await eventually('frames were read', async () => assert.ok(asked.some((path) => /^\/ai\/dicom-web\/.*\/frames\//.test(path))));
  });

  test('the session ends by logging out; a link leads to the login and back', async () => {
    const { page } = desk;
    await page.goto(`${host}/ai/worklist`);
    await page.click('header button[aria-label="Settings"]');
    await page.click('text=Log out');
    await page.waitForURL(`${host}/ai/login`);
    await page.goto(`${host}/ai/study/${opacity.studyInstanceUID}`);
    await page.fill('#name', 'petrova');
    await page.fill('#password', password);
    await page.click('button[type=submit]');
    await page.waitForURL(`${host}/ai/study/${opacity.studyInstanceUID}`);
    await page.waitForSelector('text=Your assessment', patience);
    // OHIF keeps its language in a cookie of its own.
    const cookies = (await desk.context.cookies())
      .filter(({ name }) => name !== 'i18next')
      .map(({ name, path, secure }) => ({ name, path, secure }));
    assert.deepEqual(
      cookies.sort((a, b) => a.name.localeCompare(b.name)),
      [
        ...['__Secure-chest-ai', '__Secure-chest-ai-device'].map((name) => ({ name, path: '/ai', secure: true })),
        ...['chest-ai-language', 'chest-ai-theme'].map((name) => ({ name, path: '/ai', secure: false })),
      ],
      'other applications of the host get none',
    );
  });

  test('no request left the path', () => {
    assert.ok(asked.length > 50);
    assert.deepEqual(
      asked.filter((path) => path !== '/ai' && !path.startsWith('/ai/')),
      [],
    );
  });
});
