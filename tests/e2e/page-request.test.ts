import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { hashPassword } from '../../src/server/access/password.js';
import { accessibilityFaults, logIn, logInAsFirst, noBrowser, openPage, screenshot, type WatchedPage } from '../support/browser.js';
import { eventually } from '../support/eventually.js';
import { pageStudies, usePageService } from '../support/page-service.js';
import { sendByCStore } from '../support/send.js';

const skip = noBrowser();
const patience = { timeout: 60_000 };
const waits = { timeoutMs: 60_000, intervalMs: 200 };
const password = 'correct horse battery';

describe('a reader requests the analysis of a study: study page, worklist, link of another program', { ...(skip ? { skip } : {}) }, () => {
  let otherSite: http.Server;
  after(() => otherSite?.close());
  const pages = usePageService();
  const { clear, opacity, hand } = pageStudies();
  let ann: WatchedPage;
  let ben: WatchedPage;
  let viewer: WatchedPage;
  /** An address on another site: for cookies, localhost is not 127.0.0.1. */
  const linkTo = (study: string): string => `http://localhost:${(otherSite.address() as AddressInfo).port}/${study}`;

  before(async () => {
    otherSite = http
      .createServer((request, response) => {
        const study = (request.url ?? '/').slice(1);
        response.setHeader('content-type', 'text/html').end(`<a href="${pages.service.url}/request-analysis/${study}">Analyze now</a>`);
      })
      .listen(0);
    await once(otherSite, 'listening');
    for (const [name, role] of [
      ['ann', 'reader'],
      ['ben', 'reader'],
      ['vic', 'viewer'],
    ] as const)
      await pages.service.store.accounts.add({ name, origin: 'local', roles: [role], passwordHash: await hashPassword(password) });
    await logInAsFirst(pages.desk, pages.service.url, pages.dataDir);
    ann = await openPage(pages.browser);
    ben = await openPage(pages.browser, { language: 'de' });
    viewer = await openPage(pages.browser);
    await logIn(ann, pages.service.url, 'ann', password);
    await logIn(viewer, pages.service.url, 'vic', password);
    for (const sample of [clear, opacity, hand]) {
      await sendByCStore(sample.files, pages.pacs.orthanc);
      await ann.page.waitForSelector(`tr[data-study="${sample.studyInstanceUID}"]`, patience);
    }
  });

  const current = (study: string) => pages.service.store.results.currentResult(study);
  const request = (study: string) => pages.service.store.requests.find(study);

  test('on the page of a study that no rule takes; the checks of the images answer', async () => {
    const uid = hand.studyInstanceUID;
    assert.equal((await current(uid))?.code, 'no-rule');
    await viewer.page.goto(`${pages.service.url}/study/${uid}`);
    await viewer.page.getByRole('heading', { name: 'Findings' }).waitFor(patience);
    await viewer.page.getByRole('button', { name: 'Settings' }).click();
    await viewer.page.getByText('vic · viewer').waitFor(patience);
    assert.equal(await viewer.page.getByRole('button', { name: 'Analyze now' }).count(), 0, 'a viewer may not');
    await ann.page.goto(`${pages.service.url}/study/${uid}`);
    await ann.page.getByRole('button', { name: 'Analyze now' }).click();
    await ann.page.getByRole('status').filter({ hasText: 'Queued for analysis' }).waitFor(patience);
    await eventually('the guard abstains', async () => assert.equal((await current(uid))?.code, 'not-frontal-chest'), waits);
    await ann.page.getByText('does not accept the image as a frontal chest X-ray').first().waitFor(patience);
    assert.deepEqual(await accessibilityFaults(ann.page), []);
    await ann.page.goto(`${pages.service.url}/study/${opacity.studyInstanceUID}`);
    await ann.page.getByRole('heading', { name: 'Findings' }).waitFor(patience);
    assert.equal(await ann.page.getByRole('button', { name: 'Analyze now' }).count(), 0, 'a reported study has its result');
  });

  test('in a search of the worklist, for a study of the PACS without a result', async () => {
    const uid = opacity.studyInstanceUID;
    await pages.service.store.studies.forget(uid);
    await ann.page.goto(`${pages.service.url}/worklist`);
    await ann.page.fill('#search', uid);
    const found = ann.page.locator(`[aria-labelledby="without-result"] [data-study="${uid}"]`);
    await found.waitFor(patience);
    await ann.page.getByRole('heading', { name: 'In the PACS, without a result' }).waitFor(patience);
    assert.deepEqual(await accessibilityFaults(ann.page), []);
    await screenshot(ann.page, 'request-worklist');
    await found.getByRole('button', { name: 'Analyze now' }).click();
    await ann.page.waitForSelector(`tr[data-study="${uid}"]`, patience);
    await eventually('it is reported', async () => assert.equal((await current(uid))?.outcome, 'reported'), waits);
    await ann.page.fill('#search', '');
  });

  test('by a link on another site: it changes nothing before the confirmation, and the page of the study follows', async () => {
    const uid = clear.studyInstanceUID;
    assert.equal(await request(uid), undefined);
    await ann.page.goto(linkTo(uid));
    await ann.page.getByRole('link', { name: 'Analyze now' }).click();
    // Past the page that makes the browser send the strict cookie: no login is needed.
    const confirm = ann.page.getByRole('button', { name: 'Analyze now' });
    await confirm.waitFor(patience);
    assert.equal(new URL(ann.page.url()).pathname, `/request-analysis/${uid}`);
    assert.deepEqual(await accessibilityFaults(ann.page), []);
    await screenshot(ann.page, 'request-confirm');
    assert.equal(await request(uid), undefined, 'the link alone requests nothing');
    await pages.service.store.studies.forget(uid);
    await confirm.click();
    await ann.page.getByRole('status').filter({ hasText: 'queued for analysis' }).waitFor(patience);
    assert.notEqual(await request(uid), undefined);
    await ann.page.goBack();
    await ann.page.getByRole('button', { name: 'Analyze now' }).waitFor(patience);
    await ann.page.goto(`${pages.service.url}/study/${uid}`);
    await eventually('it is reported', async () => assert.equal((await current(uid))?.outcome, 'reported'), waits);
    await ann.page.getByRole('heading', { name: 'Findings' }).waitFor(patience);
    assert.deepEqual(ann.mistakes, []);
  });

  test('without a login the link leads to the login, and from there back to the confirmation', async () => {
    const uid = clear.studyInstanceUID;
    await ben.page.goto(linkTo(uid));
    await ben.page.getByRole('link', { name: 'Analyze now' }).click();
    await ben.page.fill('#name', 'ben', patience);
    await ben.page.fill('#password', password);
    await ben.page.click('button[type=submit]');
    const confirm = ben.page.getByRole('button', { name: 'Jetzt analysieren' });
    await confirm.waitFor(patience);
    assert.equal(new URL(ben.page.url()).pathname, `/request-analysis/${uid}`);
    await confirm.click();
    await ben.page.getByRole('status').filter({ hasText: 'Nichts zu tun' }).waitFor(patience);
    await ben.page.getByRole('link', { name: 'KI-Ergebnis dieser Studie' }).click();
    await ben.page.getByRole('heading', { name: 'Befunde' }).waitFor(patience);
    assert.deepEqual(ben.mistakes, []);
  });
});
