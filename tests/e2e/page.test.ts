import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { readAssessments } from '../../src/assessments/assessments-in-pacs.js';
import { numberOf, textOf } from '../../src/dicom/data-set.js';
import { readPart10 } from '../../src/dicom/part10.js';
import { firstAccountName } from '../../src/server/access/first-account.js';
import { ownPassword } from '../support/access.js';
import { logInAsFirst, noBrowser, openPage, screenshot } from '../support/browser.js';
import { eventually } from '../support/eventually.js';
import { pageStudies, usePageService } from '../support/page-service.js';
import { sendByCStore } from '../support/send.js';
import { documentsOf, eventuallyOneResult } from '../support/service.js';

const skip = noBrowser();
const patience = { timeout: 60_000 };

describe('the page: worklist, study, assessment', { ...(skip ? { skip } : {}) }, () => {
  const pages = usePageService();
  const { clear, opacity, lateral, hand } = pageStudies();

  test('a wrong password is refused in words, the right one leads to the worklist', async () => {
    const { page } = pages.desk;
    await page.goto(pages.service.url);
    await page.fill('#name', 'admin');
    await page.fill('#password', 'certainly wrong');
    await page.click('button[type=submit]');
    await page.waitForLoadState();
    const body = await page.textContent('body');
    assert.match(body ?? '', /wrong|refused|login|password/i);
    assert.equal(await page.locator('h1:has-text("Worklist")').count(), 0);
    await logInAsFirst(pages.desk, pages.service.url, pages.dataDir);
  });

  test('the worklist updates by itself when a study is reported', async () => {
    const { page } = pages.desk;
    assert.equal(await page.locator('tr[data-study]').count(), 0);
    await sendByCStore([...opacity.files, ...clear.files], pages.pacs.orthanc);
    await page.waitForSelector(`tr[data-study="${opacity.studyInstanceUID}"] >> text=/PHANTOM OPACITY/`, patience);
    await page.waitForSelector(`tr[data-study="${clear.studyInstanceUID}"]`, patience);
    await sendByCStore([...lateral.files, ...hand.files], pages.pacs.orthanc);
    await page.waitForSelector(`tr[data-study="${hand.studyInstanceUID}"]`, patience);
    await page.waitForSelector(`tr[data-study="${lateral.studyInstanceUID}"]`, patience);
    await screenshot(page, 'worklist');
  });

  test('it filters and searches, also by what only the PACS knows', async () => {
    const { page } = pages.desk;
    const rows = page.locator('tr[data-study]');
    await page.click('label:has-text("Finding present")');
    await eventually('one study with something present', async () => assert.equal(await rows.count(), 1));
    assert.match((await page.textContent('label:has-text("Finding present")')) ?? '', /Finding present 1$/);
    await page.click('label:has-text("All")');
    await page.fill('#search', 'PHANTOM-6');
    await eventually('the one patient', async () => assert.equal(await rows.count(), 1));
    assert.equal(await rows.first().getAttribute('data-study'), clear.studyInstanceUID);
    await page.fill('#search', opacity.studyInstanceUID.slice(0, 20));
    await eventually('the one UID', async () => assert.equal(await rows.first().getAttribute('data-study'), opacity.studyInstanceUID));
    await page.fill('#search', '');
    await eventually('all again', async () => assert.equal(await rows.count(), 4));
  });

  test('keys lead through the worklist into a study and back', async () => {
    const { page } = pages.desk;
    await page.locator('h1').click();
    const active = (): Promise<string | null> => page.locator('tr[data-active=true]').getAttribute('data-study');
    const first = await active();
    await page.keyboard.press('j');
    assert.notEqual(await active(), first);
    await page.keyboard.press('k');
    assert.equal(await active(), first);
    await page.keyboard.press('End');
    const last = await active();
    await page.keyboard.press('Enter');
    await page.waitForURL(`**/study/${last}`);
    await page.waitForSelector('h2:has-text("Findings")');
    await page.keyboard.press('u');
    await page.waitForSelector('h1:has-text("Worklist")');
    await page.keyboard.press('/');
    assert.equal(await page.evaluate(() => document.activeElement?.id), 'search');
  });

  test('a study shows its image under its heat map, findings, documents and the way to the viewer', async () => {
    const { page } = pages.desk;
    await page.goto(`${pages.service.url}/study/${opacity.studyInstanceUID}`);
    await page.waitForSelector('[data-testid=picture] canvas', patience);
    await page.waitForSelector('[data-testid=heat-map][data-ready=true]', patience);
    const body = (await page.textContent('main')) ?? '';
    for (const expected of [
      /PHANTOM OPACITY/,
      /Pneumonia/,
      /Present/,
      /Text report/,
      /Regions \(TID 1500\)/,
      /Heat map/,
      /Not for diagnosis/,
    ])
      assert.match(body, expected);
    assert.equal(await page.locator(`a[href="/viewer/viewer?StudyInstanceUIDs=${opacity.studyInstanceUID}"]`).count(), 1);
    await screenshot(page, 'study');
  });

  test('the region of the TID 1500 document lies over the image where the document puts it, and follows; b hides it', async () => {
    const { page } = pages.desk;
    const { current } = await documentsOf(pages.pacs.dicomWeb, opacity.studyInstanceUID);
    const { region } = current.find((one) => one.kind === 'measurement')!.report.findings.find((one) => one.region !== undefined)!;
    const [columns, rows] = ['Columns', 'Rows'].map((keyword) => numberOf(readPart10(opacity.files[0]!).dataSet, keyword)!) as [
      number,
      number,
    ];
    const boxes = page.getByTestId('region');
    await boxes.first().waitFor(patience);
    const stage = (await page.getByTestId('stage').boundingBox())!;
    const scale = Math.min(stage.width / columns, stage.height / rows);
    const expected = {
      x: stage.x + stage.width / 2 + (region!.left - columns / 2) * scale,
      y: stage.y + stage.height / 2 + (region!.top - rows / 2) * scale,
      width: (region!.right - region!.left) * scale,
      height: (region!.bottom - region!.top) * scale,
    };
    const box = (await boxes.first().boundingBox())!;
    for (const edge of ['x', 'y', 'width', 'height'] as const)
      assert.ok(Math.abs(box[edge] - expected[edge]) < 4, `${edge}: ${JSON.stringify({ box, expected })}`);
    assert.equal(await boxes.first().getAttribute('aria-label'), 'Region of Pneumonia');
    await page.keyboard.press('+');
    await eventually('it is enlarged with the image', async () =>
      assert.ok(Math.abs((await boxes.first().boundingBox())!.width / box.width - 1.25) < 0.05),
    );
    await page.keyboard.press('r');
    await page.keyboard.press('b');
    await boxes.first().waitFor({ state: 'detached', ...patience });
    await page.keyboard.press('b');
    await boxes.first().waitFor(patience);
    await screenshot(page, 'study-regions');
  });

  test('one click is an assessment: an SR in Orthanc with the name of the reader, and a label', async () => {
    const { page } = pages.desk;
    await page.click('[data-testid=assessment-pneumonia] >> text=Absent');
    await page.waitForSelector('text=/Stored in the PACS: Pneumonia absent/', patience);
    const [assessment] = readAssessments(await pages.pacs.dicomWeb.retrieveStudyMetadata(opacity.studyInstanceUID));
    assert.ok(assessment, 'the assessment is in Orthanc');
    assert.deepEqual(
      assessment.assessment.findings.map(({ decision }) => decision),
      ['absent'],
    );
    const document = (await pages.pacs.dicomWeb.retrieveStudyMetadata(opacity.studyInstanceUID)).find(
      (one) => textOf(one, 'SOPInstanceUID') === assessment.reference.sopInstanceUID,
    );
    assert.ok(JSON.stringify(document).includes('admin'), 'it names its reader');
    const labels = await page.evaluate(
      async (study) =>
        (await (await fetch(`/api/studies/${study}/assessments`)).json()) as {
          labels: { finding: string; state: string; decision?: string }[];
        },
      opacity.studyInstanceUID,
    );
    assert.deepEqual(
      labels.labels.map(({ finding, state, decision }) => ({ finding, state, decision })),
      [{ finding: 'pneumonia', state: 'agreed', decision: 'absent' }],
    );
  });

  test('a study that no rule matches says what kind of study it is; the rules are folded', async () => {
    const { page } = pages.desk;
    await page.goto(`${pages.service.url}/study/${hand.studyInstanceUID}`);
    await page.waitForSelector('text=Not a chest study (body part HAND)', patience);
    assert.equal(await page.locator('text=/bodyPart is HAND, expected/').isVisible(), false);
    await page.click('button:has-text("Details")');
    await page.locator('text=/bodyPart is HAND, expected/').waitFor(patience);
    await screenshot(page, 'study-no-rule');
  });

  test('a password change is no outage: the two new ones must agree, then the user logs in again', async () => {
    const open = await openPage(pages.browser);
    const { page } = open;
    await logInAsFirst(open, pages.service.url, pages.dataDir);
    const streams: string[] = [];
    await page.goto('about:blank');
    page.on('request', (request) => request.url().endsWith('/api/events') && streams.push(request.url()));
    await page.goto(`${pages.service.url}/password`);
    const save = 'main button[type=submit]';
    await page.fill('#current', 'not the password');
    await page.fill('#next', ownPassword);
    await page.fill('#repeated', `${ownPassword}?`);
    await page.waitForSelector('text=The two new passwords differ.');
    await page.fill('#repeated', ownPassword);
    await page.click(save);
    await page.waitForSelector('text=The current password is wrong.', patience);
    assert.ok(page.url().endsWith('/password'), 'a wrong password does not lead to the login page');
    const next = 'another password of this test';
    await page.fill('#current', ownPassword);
    for (const field of ['#next', '#repeated']) await page.fill(field, next);
    await page.click(save);
    await page.waitForSelector('text=Your password is changed.', patience);
    await screenshot(page, 'password-changed');
    // The event stream would end with the session, and that would look like an outage.
    assert.deepEqual(streams, [], 'no event stream is open');
    assert.equal(await page.locator('text=The connection to the service is lost').count(), 0);
    await page.click('main a:has-text("Log in")');
    await page.fill('#name', firstAccountName);
    await page.fill('#password', next);
    await page.click('button[type=submit]');
    await page.waitForSelector('h1:has-text("Worklist")', patience);
    await page.goto(`${pages.service.url}/password`);
    await page.fill('#current', next);
    for (const field of ['#next', '#repeated']) await page.fill(field, ownPassword);
    await page.click(save);
    await page.waitForSelector('text=Your password is changed.', patience);
    await open.context.close();
  });

  test('the page speaks German', async () => {
    const open = await openPage(pages.browser, { language: 'de' });
    await logInAsFirst(open, pages.service.url, pages.dataDir);
    await open.page.waitForSelector('text=Nicht zur Diagnose. Ergebnisse einer Software');
    assert.equal(await open.page.getAttribute('html', 'lang'), 'de');
    await screenshot(open.page, 'arbeitsliste');
    await open.context.close();
  });

  test('the study is as it was: one current result', async () => {
    await eventuallyOneResult(pages.pacs.dicomWeb, clear.studyInstanceUID);
  });
});
