import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import type { Page } from 'playwright-core';
import { readAssessments } from '../../src/assessments/assessments-in-pacs.js';
import { consensusLabels } from '../../src/assessments/adjudicated-labels.js';
import type { StudyInstanceUID } from '../../src/dicom/uid.js';
import { hashPassword } from '../../src/server/access/password.js';
import { sampleStudies } from '../../src/samples/sample-studies.js';
import { noBrowser, openPage, screenshot, type WatchedPage } from '../support/browser.js';
import { eventually } from '../support/eventually.js';
import { usePageService } from '../support/page-service.js';
import { viewerMissing } from '../support/viewer-missing.js';
import { sendByCStore } from '../support/send.js';

const skip = noBrowser();
const noViewer = await viewerMissing();
const patience = { timeout: 60_000 };
const password = 'correct horse battery';
const maxKeys = 4;

/** A reader's morning, with the keyboard alone: no step of this file moves or clicks a mouse. */
describe('story of a reader', { ...(skip ? { skip } : {}) }, () => {
  const pages = usePageService();
  const studies = ['one', 'two', 'three', 'four', 'five'].flatMap((seed) =>
    sampleStudies(`story ${seed}`, { scale: 0.3, ctSlices: 0 }).slice(0, 2),
  );
  let open: WatchedPage;
  let page: Page;
  /** Keys since the last step that counts them. */
  let keys = 0;
  const read: string[] = [];

  before(async () => {
    await pages.service.store.accounts.add({
      name: 'olga',
      origin: 'local',
      roles: ['reader'],
      passwordHash: await hashPassword(password),
    });
    open = await openPage(pages.browser);
    page = open.page;
    for (const one of studies) await sendByCStore(one.files, pages.pacs.orthanc);
    await eventually(
      'ten results',
      async () =>
        assert.equal((await pages.service.store.results.listResults({ outcome: 'reported', currentOnly: true })).results.length, 10),
      { timeoutMs: 180_000 },
    );
  });

  async function press(...pressed: readonly string[]): Promise<void> {
    for (const key of pressed) {
      await page.keyboard.press(key);
      keys++;
    }
  }
  const at = (): string => decodeURIComponent(/\/study\/([^/?]+)/.exec(page.url())?.[1] ?? '');
  async function shown(): Promise<string> {
    await page.waitForURL('**/study/*', patience);
    await page.locator('[data-finding="pneumonia"][data-chosen=true]').waitFor(patience);
    await page.locator('[data-testid="confirm-all-and-next"]:enabled').waitFor(patience);
    return at();
  }
  const storedOf = async (study: string) => readAssessments(await pages.pacs.dicomWeb.retrieveStudyMetadata(study as StudyInstanceUID));
  async function tabTo(selector: string): Promise<void> {
    for (let tabs = 0; tabs < 60; tabs++) {
      if (await page.evaluate((one) => document.activeElement?.matches(one) ?? false, selector)) return;
      await page.keyboard.press('Tab');
    }
    assert.fail(`Tab does not reach ${selector}`);
  }

  test('step 1: the login form has the focus: name, password, Enter', async () => {
    await page.goto(`${pages.service.url}/login`);
    await tabTo('#name');
    await page.keyboard.type('olga');
    await page.keyboard.press('Tab');
    await page.keyboard.type(password);
    await page.keyboard.press('Enter');
    await page.waitForSelector('h1:has-text("Worklist")', patience);
  });

  test('step 2: usability 2: the worklist says how many studies are to read', async () => {
    await eventually('the count', async () => assert.match((await page.getByLabel('Reading state').textContent()) ?? '', /To read 10/));
  });

  test('step 3: the filter "to read" is chosen by keyboard', async () => {
    await tabTo('select[aria-label="Reading state"]');
    await page.keyboard.type('To read');
    await eventually('ten rows', async () => {
      assert.equal(await page.getByLabel('Reading state').inputValue(), 'to-read');
      assert.equal(await page.locator('tr[data-study]').count(), 10);
    });
  });

  test('step 4: a row is chosen and opened', async () => {
    await page.keyboard.press('Tab');
    await tabTo('.sort');
    await page.keyboard.press('j');
    await page.keyboard.press('k');
    await page.keyboard.press('Enter');
    read.push(await shown());
  });

  test('step 5: usability 8: the image by keys: inverted, another window, the heat map hidden and shown', async () => {
    const shownAs = (expected: RegExp): Promise<void> =>
      eventually('the image', async () => assert.match((await page.textContent('[data-testid=window]')) ?? '', expected));
    await page.locator('[data-testid=heat-map][data-ready=true]').waitFor(patience);
    const window = ((await page.textContent('[data-testid=window]')) ?? '').split('Zoom')[0]!;
    await press('i');
    await shownAs(/inverted/);
    await press('i', 'g');
    await eventually('another window', async () => assert.ok(!((await page.textContent('[data-testid=window]')) ?? '').startsWith(window)));
    await press('h');
    await page.locator('[data-testid=heat-map]').waitFor({ state: 'detached', ...patience });
    await press('h', 'r');
    await page.locator('[data-testid=heat-map][data-ready=true]').waitFor(patience);
    await eventually('the window of before', async () =>
      assert.ok(((await page.textContent('[data-testid=window]')) ?? '').startsWith(window)),
    );
  });

  test('step 6: OHIF opens on the image of the finding, by its link', { ...(noViewer ? { skip: noViewer } : {}) }, async () => {
    const link = 'section[aria-labelledby=findings] a[href*=initialSOPInstanceUID]';
    await tabTo(link);
    const [viewer] = await Promise.all([open.context.waitForEvent('page'), page.keyboard.press('Enter')]);
    await viewer.waitForSelector('.cornerstone-canvas', { timeout: 90_000 });
    assert.equal(new URL(viewer.url()).searchParams.get('StudyInstanceUIDs'), at());
    await viewer.close();
    await page.bringToFront();
    await page.evaluate(() => (document.activeElement as HTMLElement | null)?.blur());
  });

  test('step 7: one decision, taken back: nothing is stored', async () => {
    await press('x');
    await page.getByTestId('pending').locator('text=/saved in 5 s/').waitFor(patience);
    await press('q');
    await page.getByTestId('pending').waitFor({ state: 'detached', ...patience });
    assert.deepEqual(await storedOf(at()), []);
  });

  test('step 8: another decision is stored when its seconds have passed', async () => {
    await press('d');
    await page.getByTestId('pending').locator('text=/Stored in the PACS/').waitFor(patience);
    assert.deepEqual(
      (await storedOf(at())).map(({ assessment }) => assessment.findings.map(({ decision }) => decision)),
      [['undetermined']],
    );
  });

  test('step 9: it is withdrawn, as a document', async () => {
    await press('k', 'w');
    await page.getByTestId('earlier').waitFor(patience);
    assert.equal((await storedOf(at())).length, 2);
    assert.deepEqual(consensusLabels(await pages.service.store.labels.ofStudy(at())), []);
  });

  test('step 10: a comment is written, on a decision of the reader', async () => {
    await press('c');
    await page.getByTestId('decide-first').waitFor(patience);
    await press('d');
    await page.getByTestId('decide-first').waitFor({ state: 'detached', ...patience });
    await press('k', 'c');
    await page.keyboard.type('seen twice');
    await page.keyboard.press('Enter');
    await page.getByTestId('pending').locator('text=/Stored in the PACS/').waitFor(patience);
    assert.equal((await storedOf(at())).at(-1)!.assessment.findings[0]!.comment, 'seen twice');
  });

  test('step 11: a finding that the software does not look for is added', async () => {
    await press('e');
    await page.keyboard.type('Mass');
    await page.keyboard.press('Enter');
    await page.getByTestId('pending').locator('text=/Mass present/').waitFor(patience);
  });

  test('step 12: the first study is done: Enter confirms the rest and opens the next one', async () => {
    const first = at();
    await page.keyboard.press('Enter');
    await page.waitForURL((url) => !url.pathname.includes(first), patience);
    read.push(await shown());
    await eventually('it is stored', async () =>
      assert.ok((await storedOf(first)).some(({ assessment }) => assessment.findings.some(({ concept }) => concept.meaning === 'Mass'))),
    );
  });

  test(`step 13: nine more studies with at most ${maxKeys} keys each`, async () => {
    const counts: number[] = [];
    const started = performance.now();
    for (let number = 1; number < 10; number++) {
      const study = at();
      keys = 0;
      // Every third study is corrected on one finding; what else the software says is confirmed.
      if (number % 3 === 0) await press('x');
      await press('Enter');
      counts.push(keys);
      if (number < 9) {
        await page.waitForURL((url) => url.pathname.includes('/study/') && !url.pathname.includes(study), patience);
        read.push(await shown());
      }
      await eventually('it is stored', async () => assert.equal((await storedOf(study)).length, 1));
    }
    console.log(`nine studies read in ${((performance.now() - started) / 1000).toFixed(0)} s`);
    console.log(
      `keys per study: ${counts.join(', ')}; ${(counts.reduce((sum, one) => sum + one, 0) / counts.length).toFixed(1)} on average`,
    );
    assert.ok(Math.max(...counts) <= maxKeys);
    assert.equal(new Set(read).size, 10, 'each study was shown once');
  });

  test('step 14: after the last study the worklist is back, and nothing is left to read', async () => {
    await page.waitForSelector('h1:has-text("Worklist")', patience);
    await page
      .locator('text=No matching studies')
      .waitFor(patience)
      .finally(() => screenshot(page, 'story-reader-end'));
    await screenshot(page, 'story-reader-done');
  });

  test('step 15: what was read is listed, with reader and time', async () => {
    await tabTo('select[aria-label="Reading state"]');
    await page.keyboard.press('Home');
    await eventually('ten rows', async () => assert.equal(await page.locator('tr[data-study]').count(), 10));
    await eventually('the last one is stored, too', async () => {
      for (const text of await page.getByTestId('assessed-by').allTextContents()) assert.match(text, /^olga /);
    });
  });

  test('step 16: sorted by the time of the result, by keyboard', async () => {
    await tabTo('th:nth-child(7) .sort');
    await page.keyboard.press('Enter');
    await page.locator('th[aria-sort=descending]', { hasText: 'Analyzed' }).waitFor(patience);
  });

  test('step 17: n and p step through the studies in that order', async () => {
    await page.keyboard.press('Home');
    const order = await page.locator('tr[data-study]').evaluateAll((rows) => rows.map((row) => row.getAttribute('data-study')));
    await page.keyboard.press('Enter');
    assert.equal(await shown(), order[0]);
    for (const [key, expected] of [
      ['n', order[1]],
      ['n', order[2]],
      ['p', order[1]],
    ] as const) {
      await page.keyboard.press(key);
      await page.waitForURL(`**/study/${expected}`, patience);
      await shown();
    }
  });

  test('step 18: u leads back to the worklist, at the same place', async () => {
    await page.keyboard.press('u');
    await page.waitForSelector('h1:has-text("Worklist")', patience);
    await page.locator('th[aria-sort=descending]', { hasText: 'Analyzed' }).waitFor(patience);
  });

  test('step 19: every study has one label from this reader, and the documents in the PACS say so', async () => {
    for (const { studyInstanceUID } of studies) {
      const labels = consensusLabels(await pages.service.store.labels.ofStudy(studyInstanceUID));
      assert.ok(labels.some(({ finding, statements }) => finding === 'pneumonia' && statements.every(({ reader }) => reader === 'olga')));
    }
    assert.deepEqual(open.mistakes, []);
  });
});
