import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Browser } from 'playwright-core';
import type { RunningService } from '../../src/service/start-service.js';
import { sampleStudies } from '../../src/samples/sample-studies.js';
import { hashPassword } from '../../src/server/access/password.js';
import { consensusLabels } from '../../src/assessments/adjudicated-labels.js';
import { readAssessments } from '../../src/assessments/assessments-in-pacs.js';
import { isKeyObjectSelection } from '../../src/sr/key-object-selection.js';
import { chestStudy } from '../support/chest-study.js';
import { accessibilityFaults, logIn, noBrowser, openPage, screenshot, startBrowser, type WatchedPage } from '../support/browser.js';
import { cautiousStarter } from '../support/cautious-starter.js';
import { eventually } from '../support/eventually.js';
import { brightness, colourfulness } from '../support/viewer-pixels.js';
import { readAnnotations, type ShownAnnotations } from '../support/viewer-annotations.js';
import { temporaryDirectory, useOrthanc } from '../support/orthanc.js';
import { sendByCStore } from '../support/send.js';
import { documentsOf, eventuallyOneResult, startTestService } from '../support/service.js';
import { viewerMissing } from '../support/viewer-missing.js';

const skip = noBrowser() ?? (await viewerMissing());
const patience = { timeout: 90_000 };
const password = 'quite long and only for this test';

describe('OHIF, served and fed by the service', { ...(skip ? { skip } : {}) }, () => {
  let service: RunningService;
  let browser: Browser;
  let open: WatchedPage;
  after(async () => {
    await browser?.close();
    await service?.stop();
  });
  const pacs = useOrthanc();
  const [, opacity, , lateral] = sampleStudies('viewer', { scale: 0.35, ctSlices: 0 });
  const [clear] = sampleStudies('page', { scale: 0.35, ctSlices: 0 });
  const study = opacity!.studyInstanceUID;
  /** OHIF shows it all the same. */
  const broken = chestStudy('viewer broken', [{ attributes: { PhotometricInterpretation: 'HSV', PatientID: 'BROKEN-1' } }]);

  before(async () => {
    const dataDir = temporaryDirectory('viewer');
    service = await startTestService(pacs.orthanc, {
      dataDir,
      model: { directory: cautiousStarter() },
      orthanc: { requestTimeoutMs: 30_000 },
      assessments: { verifiers: ['petrova'], organization: 'Example Hospital' },
      messages: { channels: [{ name: 'key-objects', dicom: {} }], rules: [{ channel: 'key-objects' }] },
    });
    for (const [name, roles] of [
      ['petrova', ['reader']],
      ['viewer', ['viewer']],
    ] as const)
      await service.store.accounts.add({ name, origin: 'local', roles, passwordHash: await hashPassword(password) });
    await sendByCStore([...opacity!.files, ...lateral!.files, ...clear!.files, ...broken.files], pacs.orthanc);
    for (const uid of [study, lateral!.studyInstanceUID, clear!.studyInstanceUID, broken.studyInstanceUID])
      await eventuallyOneResult(pacs.dicomWeb, uid);
    browser = await startBrowser();
    open = await openPage(browser, { width: 1400, height: 900 });
    await logIn(open, service.url, 'petrova', password);
  });

  test('unauthenticated requests are refused', async () => {
    for (const path of ['/viewer', `/viewer/viewer?StudyInstanceUIDs=${study}`, '/dicom-web/studies', '/viewer/app-config.js']) {
      assert.equal((await fetch(service.url + path, { redirect: 'manual' })).status, 401, path);
    }
  });

  test('a study with a key object selection opens on its X-ray, and the selection is no obstacle', async () => {
    const { page, mistakes } = open;
    await eventually('the key object selection', async () => {
      const instances = await pacs.dicomWeb.retrieveStudyMetadata(opacity!.studyInstanceUID);
      assert.equal(instances.filter(isKeyObjectSelection).length, 1);
    });
    await page.goto(`${service.url}/viewer/viewer?StudyInstanceUIDs=${study}`);
    await page.waitForSelector('.cornerstone-canvas', patience);
    await page.waitForSelector('text="AI key objects (unverified)"', patience);
    await eventually('a bright canvas', async () => assert.ok((await brightness(open)) > 20));
    await screenshot(page, 'viewer-key-objects');
    assert.deepEqual(mistakes, []);
  });

  test('the X-ray opens, and the study lists report, regions and heat map', async () => {
    const { page } = open;
    await page.goto(`${service.url}/viewer/viewer?StudyInstanceUIDs=${study}`);
    await page.waitForSelector('.cornerstone-canvas', patience);
    for (const series of ['/AI report: \\d present/', '"AI regions (unverified)"', '"AI heat map (unverified)"'])
      await page.waitForSelector(`text=${series}`, patience);
    const bright = await brightness(open);
    assert.ok(bright > 20, `the canvas shows a picture, mean grey ${bright.toFixed(0)}`);
    await screenshot(page, 'viewer-xray');
  });

  test('the text report reads as a report', async () => {
    const { page } = open;
    await page.locator('text=/AI report: \\d present/').first().dblclick();
    await page.waitForSelector('text=/not verified by a physician, not for diagnosis/', patience);
    const body = (await page.textContent('body')) ?? '';
    for (const expected of [/Pneumonia/, /appearance compatible with pneumonia/, /Certainty|%/, /Present/]) assert.match(body, expected);
    await screenshot(page, 'viewer-report');
  });

  test('the box is drawn where the document puts it, within 2 % of the image', async () => {
    const { page } = open;
    const { current } = await documentsOf(pacs.dicomWeb, study);
    const expected = current.find((one) => one.kind === 'measurement')!.report.findings.flatMap((one) => (one.region ? [one.region] : []));
    assert.ok(expected.length > 0);
    await page.locator('text=AI regions (unverified)').first().dblclick();
    const shown = await page
      .waitForFunction(readAnnotations, undefined, patience)
      .then((handle) => handle.jsonValue() as Promise<ShownAnnotations>);
    await screenshot(page, 'viewer-regions');
    assert.equal(shown.sopInstanceUID, expected[0]!.image.sopInstanceUID);
    const boxes = shown.annotations.map(({ points }) => ({
      left: Math.min(...points.map(([x]) => x)),
      right: Math.max(...points.map(([x]) => x)),
      top: Math.min(...points.map(([, y]) => y)),
      bottom: Math.max(...points.map(([, y]) => y)),
    }));
    for (const region of expected) {
      const fits = boxes.some(
        (box) =>
          (['left', 'right'] as const).every((edge) => Math.abs(box[edge] - region[edge]) <= 0.02 * shown.columns) &&
          (['top', 'bottom'] as const).every((edge) => Math.abs(box[edge] - region[edge]) <= 0.02 * shown.rows),
      );
      assert.ok(fits, `expected ${JSON.stringify(region)}, found ${JSON.stringify(boxes)}`);
    }
  });

  test('the heat map is one more series, in colour', async () => {
    const { page } = open;
    await page.locator('text=AI heat map (unverified)').first().dblclick();
    await page.waitForFunction(
      () => {
        const { cornerstone } = window as unknown as {
          cornerstone?: {
            getEnabledElements(): { viewport: { getCurrentImageId?(): string } }[];
            metaData: { get(kind: string, id: string): { photometricInterpretation?: string } | undefined };
          };
        };
        const id = cornerstone?.getEnabledElements()[0]?.viewport.getCurrentImageId?.();
        return id !== undefined && cornerstone!.metaData.get('imagePixelModule', id)?.photometricInterpretation === 'RGB';
      },
      undefined,
      patience,
    );
    await page.waitForTimeout(1_500);
    await screenshot(page, 'viewer-heat-map');
    assert.ok((await colourfulness(open)) > 0.02, 'part of the picture is coloured');
  });

  test('usability 1, 5: two clicks in the viewer are an assessment: a verified SR in Orthanc that names reader and report, and a label', async () => {
    const { page } = open;
    const { current } = await documentsOf(pacs.dicomWeb, study);
    const report = current.find((one) => one.kind === 'text')!.reference.sopInstanceUID;
    await page.getByTestId('bar-summary').locator('text=/Pneumonia: present [\\d.]+ %/').waitFor(patience);
    assert.equal(await page.locator('#chest-ai-assessments [role=note]').textContent(), 'AI – not for diagnosis');
    const room = await page.evaluate(
      () =>
        [
          document.querySelector('.cornerstone-canvas')!.getBoundingClientRect().bottom,
          document.querySelector('#chest-ai-assessments')!.shadowRoot!.querySelector('.strip')!.getBoundingClientRect().top,
        ] as const,
    );
    assert.ok(room[0] <= room[1], `the picture ends at ${room[0]}, the strip begins at ${room[1]}`);
    await page.getByTestId('bar-toggle').click();
    assert.equal(await page.locator('#chest-ai-assessments .panel').count(), 0, 'the panel is closed');

    await page.getByTestId('bar-toggle').click();
    // Usability 5: the three buttons are in the same place for every finding, whatever the software says, whose decision is marked.
    const texts = await page
      .locator('#chest-ai-assessments .choices')
      .evaluateAll((groups) => groups.map((group) => [...group.querySelectorAll('button')].map((one) => one.textContent)));
    assert.ok(texts.length > 0);
    for (const group of texts)
      assert.deepEqual(
        group.map((one) => one?.replace(/AI$/, '')),
        ['Present', 'Undetermined', 'Absent'],
      );
    assert.match((await page.getByTestId('bar-pneumonia-present').textContent()) ?? '', /AI$/);
    // Usability 1: a click can be taken back.
    await page.getByTestId('bar-pneumonia-undetermined').click();
    await page.getByTestId('bar-message').locator('text=saved in 5 s').waitFor(patience);
    await page.getByTestId('bar-undo').click();
    assert.equal(await page.getByTestId('bar-pneumonia-undetermined').getAttribute('aria-pressed'), 'false');
    await page.getByTestId('bar-pneumonia-absent').click();

    await page.getByTestId('bar-message').locator('text=Stored in the PACS: Pneumonia absent').waitFor(patience);
    assert.equal(await page.getByTestId('bar-pneumonia-absent').getAttribute('aria-pressed'), 'true');
    assert.deepEqual(await accessibilityFaults(page, '#chest-ai-assessments'), []);
    await screenshot(page, 'viewer-assessment');
    const [stored, ...others] = readAssessments(await pacs.dicomWeb.retrieveStudyMetadata(study));
    assert.equal(others.length, 0);
    const { reader, verified, predecessors, findings } = stored!.assessment;
    assert.deepEqual(
      { reader, verified, findings: findings.map(({ decision, softwareDecision }) => [decision, softwareDecision]) },
      { reader: 'petrova', verified: true, findings: [['absent', 'present']] },
    );
    assert.ok(
      predecessors.some((one) => one.sopInstanceUID === report),
      'it references the report that the reader saw',
    );
    const labels = await eventually('the label', async () => {
      const found = consensusLabels(await service.store.labels.ofStudy(study));
      assert.equal(found.length, 1);
      return found;
    });
    assert.deepEqual(
      labels.map(({ finding, decision }) => [finding, decision]),
      [['pneumonia', 'absent']],
    );
  });

  test('the keyboard alone does it too, and no key of it reaches the viewer', async () => {
    const { page } = open;
    await page.getByTestId('bar-toggle').click();
    await page.locator('body').press('Alt+KeyV');
    const at = (): Promise<string | null | undefined> =>
      page.evaluate(() => document.querySelector('#chest-ai-assessments')!.shadowRoot!.activeElement?.getAttribute('data-testid'));
    await eventually('the first button has the focus', async () => assert.equal(await at(), 'bar-pneumonia-present'));
    const heard = await page.evaluateHandle(() => {
      const keys: string[] = [];
      document.addEventListener('keydown', ({ key }) => keys.push(key));
      return keys;
    });
    await page.keyboard.press('Enter');
    await page.getByTestId('bar-message').locator('text=Stored in the PACS: Pneumonia present').waitFor(patience);
    await eventually('the focus stays', async () => assert.equal(await at(), 'bar-pneumonia-present'));
    // The same keys as on the page, wherever the focus is.
    await page.evaluate(() => (document.querySelector('#chest-ai-assessments')!.shadowRoot!.activeElement as HTMLElement).blur());
    await page.keyboard.press('k');
    await page.keyboard.press('x');
    await page.getByTestId('bar-message').locator('text=Pneumonia absent: saved in 5 s').waitFor(patience);
    await page.keyboard.press('q');
    await eventually('taken back', async () =>
      assert.equal(await page.getByTestId('bar-pneumonia-present').getAttribute('aria-pressed'), 'true'),
    );
    await page.keyboard.press('w');
    await eventually('withdrawn', async () =>
      assert.equal(await page.getByTestId('bar-pneumonia-present').getAttribute('aria-pressed'), 'false'),
    );
    await page.getByTestId('bar-earlier').waitFor(patience);
    await page.keyboard.press('y');
    await page.getByTestId('bar-message').locator('text=Stored in the PACS: Pneumonia present').waitFor(patience);
    await screenshot(page, 'viewer-withdrawn');
    await page.getByTestId('bar-pneumonia-present').focus();
    await page.keyboard.press('Escape');
    assert.equal(await page.locator('#chest-ai-assessments .panel').count(), 0);
    assert.equal(await at(), 'bar-toggle');
    assert.deepEqual(await heard.jsonValue(), []);
  });

  test('a comment and a finding that the software missed, with the keys of the page, while the strip has the focus', async () => {
    const { page } = open;
    const stored = async () => readAssessments(await pacs.dicomWeb.retrieveStudyMetadata(study)).at(-1)!.assessment;
    await page.locator('body').press('Alt+KeyV');
    await page.keyboard.press('k');
    await page.keyboard.press('c');
    await page.keyboard.type('seen on the lateral view');
    await page.keyboard.press('Enter');
    await page.locator('#chest-ai-assessments >> text=“seen on the lateral view”').waitFor(patience);
    await page.getByTestId('bar-message').locator('text=Stored in the PACS: Pneumonia present').waitFor(patience);
    assert.equal((await stored()).findings[0]!.comment, 'seen on the lateral view');
    await page.keyboard.press('e');
    await page.keyboard.type('pleural eff');
    await page.keyboard.press('Enter');
    await page.getByTestId('bar-message').locator('text=/Pleural effusion present/').first().waitFor(patience);
    await page.getByTestId('bar-message').locator('text=Stored in the PACS: Pleural effusion present').waitFor(patience);
    assert.deepEqual(
      (await stored()).findings.map(({ concept, decision }) => [concept.meaning, decision]),
      [['Pleural effusion', 'present']],
    );
    await page.getByTestId('bar-pleural-effusion-present').waitFor(patience);
    assert.deepEqual(await accessibilityFaults(page, '#chest-ai-assessments'), []);
    await page.getByTestId('bar-add').click();
    await page.getByTestId('bar-add-field').press('Escape');
    await page.getByTestId('bar-add-field').waitFor({ state: 'detached' });
    assert.equal(await page.locator('#chest-ai-assessments .panel').count(), 1, 'the panel stays open');
    await screenshot(page, 'viewer-comment');
    // Open, it lies over the end of the list of series.
    await page.getByTestId('bar-toggle').click();
    assert.equal(await page.locator('#chest-ai-assessments .panel').count(), 0);
  });

  test('an assessment reads as a report in the viewer', async () => {
    const { page } = open;
    await page.goto(`${service.url}/viewer/viewer?StudyInstanceUIDs=${study}`);
    await page.locator('text=/Assessment: Pneumonia/').first().dblclick(patience);
    await page.waitForSelector('text=/not a radiology report, not for diagnosis/i', patience);
    const body = (await page.textContent('body')) ?? '';
    for (const expected of [/Pneumonia: (absent|present)/, /petrova/, /(Rejects the software's finding|Confirms the software)/])
      assert.match(body, expected);
    await screenshot(page, 'viewer-assessment-report');
  });

  for (const { name, uid, series, text, summary } of [
    {
      name: 'was skipped',
      uid: lateral!.studyInstanceUID,
      series: 'AI report: not analysed',
      text: /lateral views only/,
      summary: /^Not analyzed: Lateral views only; the model is made for frontal views$/,
    },
    { name: 'failed', uid: broken.studyInstanceUID, series: 'AI report: failed', text: /Analysis failed/, summary: /^Failed: ./ },
    {
      name: 'has no finding',
      uid: clear!.studyInstanceUID,
      series: 'AI report: none present',
      text: /Absent/,
      summary: /: absent <?[\d.]+ %$/,
    },
  ]) {
    test(`a study that ${name} says so in the viewer`, async () => {
      const { page } = open;
      await page.goto(`${service.url}/viewer/viewer?StudyInstanceUIDs=${uid}`);
      await page.locator(`text=${series}`).first().dblclick(patience);
      await page.waitForSelector(`text=${text}`, patience);
      await eventually('the strip says it too', async () =>
        assert.match((await page.getByTestId('bar-summary').textContent()) ?? '', summary),
      );
      await screenshot(page, `viewer-${name.replaceAll(' ', '-')}`);
    });
  }

  test('why a study was not analyzed, in German', async () => {
    const german = await openPage(browser, { width: 1400, height: 900, language: 'de' });
    await logIn(german, service.url, 'viewer', password);
    await german.page.goto(`${service.url}/viewer/viewer?StudyInstanceUIDs=${lateral!.studyInstanceUID}`);
    await german.page.getByTestId('bar-summary').locator('text=/^Nicht analysiert: Nur seitliche Aufnahmen/').waitFor(patience);
    await german.page.context().close();
  });

  test('a viewer sees the findings and no buttons; in German', async () => {
    const viewer = await openPage(browser, { width: 1400, height: 900, language: 'de' });
    await logIn(viewer, service.url, 'viewer', password);
    await viewer.page.goto(`${service.url}/viewer/viewer?StudyInstanceUIDs=${study}`);
    await viewer.page.getByTestId('bar-toggle').click(patience);
    await viewer.page.locator('#chest-ai-assessments >> text=Ihr Konto darf Befunde ansehen, aber nicht bewerten.').waitFor(patience);
    assert.equal(await viewer.page.locator('#chest-ai-assessments .choices button, #chest-ai-assessments .all').count(), 0);
    assert.equal(await viewer.page.locator('#chest-ai-assessments [role=note]').textContent(), 'KI – nicht zur Diagnose');
    await viewer.context.close();
  });

  test('no error on the console', () => {
    assert.deepEqual(
      open.mistakes.filter((one) => /Content Security Policy|TypeError|ReferenceError|Cannot read/.test(one)),
      [],
    );
  });
});
