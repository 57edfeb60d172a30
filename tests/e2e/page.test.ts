import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import type { Browser } from 'playwright-core';
import type { RunningService } from '../../src/service/start-service.js';
import { textOf } from '../../src/dicom/data-set.js';
import { sampleStudies } from '../../src/samples/sample-studies.js';
import { assessmentsIn } from '../../src/assessments/assessments-in-pacs.js';
import { accessibilityFaults, logInAsFirst, noBrowser, openPage, screenshot, startBrowser, type WatchedPage } from '../support/browser.js';
import { cautiousStarter } from '../support/cautious-starter.js';
import { eventually } from '../support/eventually.js';
import { freePort } from '../support/free-port.js';
import { temporaryDirectory, useOrthanc } from '../support/orthanc.js';
import { sendByCStore } from '../support/send.js';
import { configFor, eventuallyOneResult } from '../support/service.js';
import { startService } from '../../src/service/start-service.js';
import { silentLog } from '../../src/log.js';
import { studiesOf } from '../support/seen-studies.js';
import type { StudyStatisticsRow } from '../../src/store/study-statistics.js';
import { tinyCandidate } from '../support/tiny-model.js';
import { zipOf } from '../support/zip.js';

const skip = noBrowser();
const patience = { timeout: 60_000 };

describe('the page in a browser, on a real service and a real Orthanc', { ...(skip ? { skip } : {}) }, () => {
  let service: RunningService;
  let browser: Browser;
  // Before Orthanc ends.
  after(async () => {
    await browser?.close();
    await service?.stop();
  });
  const pacs = useOrthanc();
  const [clear, opacity, , lateral, hand] = sampleStudies('page', { scale: 0.35, ctSlices: 0 });
  const dataDir = temporaryDirectory('page');
  const model = cautiousStarter();
  let port = 0;
  let tiny = '';
  let desk: WatchedPage;

  const start = (): Promise<RunningService> => {
    const config = configFor(pacs.orthanc, { dataDir, model: { directory: model } });
    return startService(
      { ...config, server: { ...config.server, port }, orthanc: { ...config.orthanc, requestTimeoutMs: 30_000 } },
      silentLog,
    );
  };
  before(async () => {
    port = await freePort();
    service = await start();
    browser = await startBrowser();
    desk = await openPage(browser);
  });

  test('a wrong password is refused in words, the right one leads to the worklist', async () => {
    const { page } = desk;
    await page.goto(service.url);
    await page.fill('#name', 'admin');
    await page.fill('#password', 'certainly wrong');
    await page.click('button[type=submit]');
    await page.waitForLoadState();
    const body = await page.textContent('body');
    assert.match(body ?? '', /wrong|refused|login|password/i);
    assert.equal(await page.locator('h1:has-text("Worklist")').count(), 0);
    await logInAsFirst(desk, service.url, dataDir);
  });

  test('the worklist updates by itself when a study is reported', async () => {
    const { page } = desk;
    assert.equal(await page.locator('tr[data-study]').count(), 0);
    await sendByCStore([...opacity!.files, ...clear!.files], pacs.orthanc);
    await page.waitForSelector(`tr[data-study="${opacity!.studyInstanceUID}"] >> text=/PHANTOM OPACITY/`, patience);
    await page.waitForSelector(`tr[data-study="${clear!.studyInstanceUID}"]`, patience);
    await sendByCStore([...lateral!.files, ...hand!.files], pacs.orthanc);
    await page.waitForSelector(`tr[data-study="${hand!.studyInstanceUID}"]`, patience);
    await page.waitForSelector(`tr[data-study="${lateral!.studyInstanceUID}"]`, patience);
    await screenshot(page, 'worklist');
  });

  test('it filters and searches, also by what only the PACS knows', async () => {
    const { page } = desk;
    const rows = page.locator('tr[data-study]');
    await page.click('text=Something present');
    await eventually('one study with something present', async () => assert.equal(await rows.count(), 1));
    await page.click('label:has-text("All")');
    await page.fill('#search', 'PHANTOM-6');
    await eventually('the one patient', async () => assert.equal(await rows.count(), 1));
    assert.equal(await rows.first().getAttribute('data-study'), clear!.studyInstanceUID);
    await page.fill('#search', opacity!.studyInstanceUID.slice(0, 20));
    await eventually('the one UID', async () => assert.equal(await rows.first().getAttribute('data-study'), opacity!.studyInstanceUID));
    await page.fill('#search', '');
    await eventually('all again', async () => assert.equal(await rows.count(), 4));
  });

  test('keys lead through the worklist into a study and back', async () => {
    const { page } = desk;
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
    const { page } = desk;
    await page.goto(`${service.url}/study/${opacity!.studyInstanceUID}`);
    await page.waitForSelector('[data-testid=picture] img', patience);
    const sizes = await eventually(
      'the images are loaded',
      async () => {
        const found = await page.$$eval('[data-testid=picture] img', (images) =>
          images.map((image) => [(image as HTMLImageElement).naturalWidth, (image as HTMLImageElement).naturalHeight] as const),
        );
        assert.ok(found.length === 2 && found.every(([width]) => width > 100), JSON.stringify(found));
        return found;
      },
      { timeoutMs: 60_000 },
    );
    const [heatMap, image] = sizes as [readonly [number, number], readonly [number, number]];
    assert.ok(heatMap[1] / heatMap[0] > image[1] / image[0], 'the heat map is longer by its legend');
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
    assert.equal(await page.locator(`a[href="/viewer/viewer?StudyInstanceUIDs=${opacity!.studyInstanceUID}"]`).count(), 1);
    await screenshot(page, 'study');
  });

  test('one click is an assessment: an SR in Orthanc that names the reader, and a label', async () => {
    const { page } = desk;
    await page.click('[data-testid=assessment-pneumonia] >> text=Absent');
    await page.waitForSelector('text=/Stored in the PACS: Pneumonia absent/', patience);
    const [assessment] = assessmentsIn(await pacs.dicomWeb.retrieveStudyMetadata(opacity!.studyInstanceUID));
    assert.ok(assessment, 'the assessment is in Orthanc');
    assert.deepEqual(
      assessment.assessment.findings.map(({ decision }) => decision),
      ['absent'],
    );
    const document = (await pacs.dicomWeb.retrieveStudyMetadata(opacity!.studyInstanceUID)).find(
      (one) => textOf(one, 'SOPInstanceUID') === assessment.reference.sopInstanceUID,
    );
    assert.ok(JSON.stringify(document).includes('admin'), 'it names its reader');
    const labels = await page.evaluate(
      async (study) =>
        (await (await fetch(`/api/studies/${study}/assessments`)).json()) as {
          labels: { finding: string; state: string; decision?: string }[];
        },
      opacity!.studyInstanceUID,
    );
    assert.deepEqual(
      labels.labels.map(({ finding, state, decision }) => ({ finding, state, decision })),
      [{ finding: 'pneumonia', state: 'agreed', decision: 'absent' }],
    );
    await page.click('text=Confirm all');
    await page.waitForSelector('text=/all findings confirmed/', patience);
  });

  test('dropped scans are answered, two at once; a hand is not the model’s; a text that calls itself DICOM is none', async () => {
    const { page } = desk;
    await page.goto(`${service.url}/answer`);
    await page.setInputFiles('input[type=file]', [
      { name: 'opacity.dcm', mimeType: 'application/dicom', buffer: Buffer.from(opacity!.files[0]!) },
      {
        name: 'study.zip',
        mimeType: 'application/zip',
        buffer: zipOf([
          { name: 'a/1.dcm', content: clear!.files[0]! },
          { name: 'readme.txt', content: Buffer.from('hello') },
        ]),
      },
      { name: 'hand.dcm', mimeType: 'application/dicom', buffer: Buffer.from(hand!.files[0]!) },
      { name: 'letter.dcm', mimeType: 'application/dicom', buffer: Buffer.from('Dear colleague, '.repeat(100)) },
      { name: 'bomb.zip', mimeType: 'application/zip', buffer: zipOf([{ name: 'bomb.dcm', content: Buffer.alloc(40 << 20) }]) },
    ]);
    const cardOf = (name: string): ReturnType<typeof page.locator> => page.locator(`[data-testid=upload][aria-label="${name}"]`);
    await cardOf('opacity.dcm').locator('[data-testid=finding-pneumonia]').waitFor(patience);
    assert.match(
      (await cardOf('opacity.dcm').locator('[data-testid=finding-pneumonia]').textContent()) ?? '',
      /Pneumonia.*Present · \d+ %/,
    );
    await cardOf('study.zip').locator('[data-testid=finding-pneumonia]').waitFor(patience);
    await cardOf('hand.dcm').locator('text=The model was not made for this image.').waitFor(patience);
    await cardOf('letter.dcm').locator('text=/expected a DICOM file or a picture/').waitFor(patience);
    await cardOf('bomb.zip').locator('text=/ZIP bomb/').waitFor(patience);
    await cardOf('opacity.dcm').locator('text=What is this number worth?').first().click();
    await cardOf('opacity.dcm').locator('text=/AUROC 0\\.\\d\\d/').first().waitFor();
    assert.equal(await cardOf('opacity.dcm').locator('[data-testid=answer-picture] img').count(), 2, 'the image and the colours over it');
    await screenshot(page, 'answer');
    assert.equal((await service.store.results.ofStudy(hand!.studyInstanceUID)).length, 1, 'nothing was kept of the answer');
  });

  test('a file of two gigabytes is refused with a sentence, and not sent', async () => {
    const { page } = desk;
    const asked: string[] = [];
    page.on('request', (request) => request.url().endsWith('/api/answer') && asked.push(request.url()));
    await page.evaluate(() => {
      const large = new File(['x'], 'whole archive.zip');
      Object.defineProperty(large, 'size', { value: 2 * 2 ** 30 });
      const drop = document.querySelector('.drop')!;
      const event = new Event('drop', { bubbles: true, cancelable: true });
      Object.defineProperty(event, 'dataTransfer', { value: { files: [large] } });
      drop.dispatchEvent(event);
    });
    await page.waitForSelector('text=/whole archive.zip has 2048 MB; at most 512 MB/');
    assert.deepEqual(asked, []);
  });

  test('the service restarts in the middle of an upload: the page says so, and sends it again by itself', async () => {
    const { page } = desk;
    // Slow enough to be in the middle of it.
    const session = await desk.context.newCDPSession(page);
    await session.send('Network.emulateNetworkConditions', {
      offline: false,
      latency: 0,
      downloadThroughput: -1,
      uploadThroughput: 150_000,
    });
    await page.setInputFiles('input[type=file]', [
      { name: 'slow.dcm', mimeType: 'application/dicom', buffer: Buffer.from(opacity!.files[0]!) },
    ]);
    const card = page.locator('[data-testid=upload][aria-label="slow.dcm"]');
    await card.locator('text=/Sending, [1-9]/').waitFor(patience);
    await service.stop();
    await card.locator('text=/Nothing was lost/').waitFor(patience);
    await session.send('Network.emulateNetworkConditions', { offline: false, latency: 0, downloadThroughput: -1, uploadThroughput: -1 });
    service = await start();
    await card.locator('[data-testid=finding-pneumonia]').waitFor(patience);
  });

  test('operations: queues, rules, and their dry run on a dropped file', async () => {
    const { page } = desk;
    await page.goto(`${service.url}/operations`);
    await page.waitForSelector('text=chest-x-ray', patience);
    await page.setInputFiles('input[type=file]', [
      { name: 'hand.dcm', mimeType: 'application/dicom', buffer: Buffer.from(hand!.files[0]!) },
    ]);
    await page.waitForSelector('[data-testid=rule-tests] >> text=/bodyPart is HAND, expected CHEST/', patience);
    await page.click('text=Dry run on the last studies');
    await page.waitForSelector(`[data-testid=rule-tests] >> text=${opacity!.studyInstanceUID}`, patience);
    await screenshot(page, 'operations');
  });

  test('models: what serves, its figures and its card', async () => {
    const { page } = desk;
    await page.goto(`${service.url}/models`);
    await page.waitForSelector('text=in service', patience);
    await page.click(`a:has-text("${service.model.version}")`);
    await page.waitForSelector('.markdown >> text=/not for diagnosis/i', patience);
    await screenshot(page, 'model');
  });

  test('drift: an alarm stands on Models and Operations until somebody has seen it', async () => {
    const { page } = desk;
    const now = new Date();
    const row = (site: string, index: number, daysAgo: number, darker: boolean): StudyStatisticsRow => ({
      ...studiesOf({ site, darker }, 1, 1000 * daysAgo + index, () => daysAgo, now)[0]!,
      modelVersion: service.model.version,
    });
    for (let index = 0; index < 60; index++)
      for (const one of [
        row('North', index, 20, false),
        row('North', index, 2, false),
        row('South', index, 20, false),
        row('South', index, 2, true),
      ])
        await service.store.statistics.record(one);
    await page.goto(`${service.url}/models`);
    await page.click('button:has-text("Look now")');
    await page.waitForSelector('text=A look is asked for');
    await eventually('the look', async () => assert.ok((await service.store.drift.alarms()).length > 0), { timeoutMs: 60_000 });
    const raised = await service.store.drift.alarms();
    assert.ok(
      raised.every(({ site }) => site === 'South'),
      JSON.stringify(raised),
    );
    await page.goto(`${service.url}/models`);
    const alarms = page.locator('[data-testid=drift-alarms]');
    await page.waitForSelector('h3:has-text("South")');
    await page.locator('#drift').scrollIntoViewIfNeeded();
    await screenshot(page, 'drift');
    await page.goto(`${service.url}/operations`);
    await page.waitForSelector('[data-testid=drift-alarms]');
    for (let left = raised.length; left > 0; left--) {
      await alarms.locator('button:has-text("Seen")').first().click();
      await eventually('one less to see', async () => assert.equal(await alarms.locator('button:has-text("Seen")').count(), left - 1));
    }
    await page.waitForSelector('text=seen by admin');
    await screenshot(page, 'operations-drift');
  });

  test('models: an operator puts a version in service with a reason, sees why the gate refused it, and goes back', async () => {
    const { page } = desk;
    const before = service.model.version;
    const { version, lineage } = await service.registry.add(tinyCandidate());
    tiny = version;
    const at = '2026-01-31T02:00:00.000Z';
    const criterion = {
      name: 'auroc-not-worse',
      class: 'pneumonia',
      figure: 0.4,
      interval: null,
      comparison: 'at-least' as const,
      bound: 0.9,
      passed: false,
      counts: true,
      words: 'pneumonia: AUROC 0.400, at least 0.900',
    };
    const decision = {
      decision: 'refused' as const,
      challenger: version,
      champion: before,
      testSet: { name: 'a test', n: 10, patients: 5 },
      seed: 1,
      resamples: 10,
      confidence: 0.95,
      criteria: [criterion],
      why: 'it is worse',
    };
    await service.registry.recordChange({
      id: 'night-2026-01-31T02-00-00-000Z',
      startedAt: at,
      endedAt: at,
      by: 'night',
      codeVersion: '0',
      engine: 'none',
      seed: 1,
      challenger: version,
      champion: before,
      lineage: lineage!,
      decision,
      outcome: 'refused',
      why: 'it is worse',
      figures: { challenger: null, champion: null },
      notes: [],
    });

    await page.goto(`${service.url}/models/${version}`);
    await page.waitForSelector('text=pneumonia: AUROC 0.400, at least 0.900', patience);
    await page.goto(`${service.url}/models`);
    await page.waitForSelector('[data-testid=night-state]', patience);
    const promote = (target: string, body: unknown): Promise<{ status: number; error: string }> =>
      page.evaluate(
        async ({ path, text }) => {
          const response = await fetch(path, {
            method: 'POST',
            headers: { 'Content-Type': 'application/json', 'X-Chest-Ai': 'page' },
            body: text,
          });
          return { status: response.status, error: ((await response.json()) as { error: string }).error };
        },
        { path: `/api/models/${target}/promote`, text: JSON.stringify(body) },
      );
    const refused = await promote(version, { withoutGate: true });
    assert.equal(refused.status, 400);
    assert.match(refused.error, /expected a change record in which the gate lets \w+ through/);
    assert.equal((await promote('0123456789ab', {})).status, 404);
    assert.equal(service.model.version, before);

    await page.click(`[data-testid=promote-${version}]`);
    await page.waitForSelector(`text=The gate did not let ${version} through`);
    assert.deepEqual(await accessibilityFaults(page), []);
    await page.fill('main form input', 'a test of the page');
    await screenshot(page, 'models-promote');
    await page.click('main form button[type=submit]');
    await page.waitForSelector(`text=Done: ${version} is in service.`, patience);
    await page.waitForSelector(`section[aria-label="${version}"] >> text=in service`, patience);
    assert.equal(service.model.version, version);
    await page.click('[data-testid=rollback]');
    await page.click('main form button[type=submit]');
    await page.waitForSelector(`text=Done: ${before} is in service.`, patience);
    assert.equal(service.model.version, before);
    assert.deepEqual(
      (await service.registry.history()).slice(-2).map(({ action, by, why }) => ({ action, by, why })),
      [
        { action: 'promote', by: 'admin', why: 'without the gate: a test of the page' },
        { action: 'rollback', by: 'admin', why: 'asked for' },
      ],
    );
    const deeds = await page.evaluate(
      async () => (await (await fetch('/api/audit?action=model.promote')).json()) as { outcome: string; actor: string }[],
    );
    assert.ok(deeds.length >= 3 && deeds.every(({ actor }) => actor === 'admin'), JSON.stringify(deeds));
    assert.ok(
      deeds.some(({ outcome }) => outcome === 'failed'),
      'refused ones are on record too',
    );
  });

  test('the audit log: newest first, by who, what and when, leafed through, checked, and as a file', async () => {
    const { page } = desk;
    for (let n = 0; n < 60; n++)
      await service.store.audit.append({ actor: 'robot', action: 'study.view', subject: { studyInstanceUID: opacity!.studyInstanceUID } });
    await page.goto(`${service.url}/operations`);
    await page.click('main a:has-text("Audit log")');
    const rows = page.locator('[data-testid=audit-entries] tbody tr');
    const numbers = async (): Promise<readonly number[]> =>
      rows.evaluateAll((all) => all.map((row) => Number(row.getAttribute('data-seq'))));
    await eventually('a page of entries', async () => assert.equal(await rows.count(), 50));
    await page.fill('#audit-actor', 'robot');
    await eventually('those of the robot', async () => assert.ok((await rows.allTextContents()).every((one) => one.includes('robot'))));
    await page.click('text=Older entries');
    await eventually('all of them', async () => assert.equal(await rows.count(), 60));
    const seen = await numbers();
    assert.deepEqual(
      seen,
      [...seen].sort((a, b) => b - a),
    );
    await page.selectOption('#audit-action', 'assessment');
    await page.waitForSelector('text=No entry answers to that.');
    await page.fill('#audit-actor', 'admin');
    await eventually('the assessments', async () => {
      const texts = await rows.allTextContents();
      assert.ok(texts.length >= 2 && texts.every((one) => /adminverdict\.(give|view)/.test(one)), texts.join('\n'));
    });
    await page.fill('#audit-from', '2099-01-01');
    await page.waitForSelector('text=No entry answers to that.');
    await page.fill('#audit-from', '2000-01-01');
    await eventually('the assessments again', async () => assert.ok((await rows.count()) >= 2));

    await page.click('text=Check the whole log');
    await page.waitForSelector('text=/Intact: \\d+ entries/');
    await screenshot(page, 'audit');
    const tamper = (sql: string): Promise<void> =>
      service.store.sql.script(
        `ALTER TABLE chest_ai.audit_entry DISABLE TRIGGER ALL;\n${sql};\nALTER TABLE chest_ai.audit_entry ENABLE TRIGGER ALL;`,
      );
    await tamper(`UPDATE chest_ai.audit_entry SET actor = 'nobody' WHERE seq = ${seen[7]}`);
    await page.click('text=Check the whole log');
    await page.waitForSelector(`text=Not as it was written, from entry ${seen[7]} on.`);
    await tamper(`UPDATE chest_ai.audit_entry SET actor = 'robot' WHERE seq = ${seen[7]}`);

    const [download] = await Promise.all([page.waitForEvent('download'), page.click('text=Export as JSON')]);
    const lines = readFileSync((await download.path())!, 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { seq: number; action: string });
    assert.deepEqual(
      lines.map(({ seq }) => seq),
      lines.map((_, index) => index + 1),
      'every entry, oldest first',
    );
    assert.equal(lines.at(-1)!.action, 'audit.export', 'taking it away is itself on record');
  });

  test('every view passes axe-core, dark and light, on a desk and on a phone; nothing was said on the console', async () => {
    const views = [
      '/worklist',
      `/study/${opacity!.studyInstanceUID}`,
      '/answer',
      '/operations',
      '/audit',
      '/models',
      `/models/${service.model.version}`,
      `/models/${tiny}`,
      '/api/docs',
      '/password',
      '/nowhere',
    ];
    assert.deepEqual(desk.mistakes, [], 'what the console said so far');
    const found: string[] = [];
    for (const theme of ['dark', 'light'] as const) {
      for (const width of [1400, 390]) {
        const open = await openPage(browser, { theme, width, height: width < 500 ? 844 : 900 });
        await logInAsFirst(open, service.url, dataDir);
        for (const view of views.slice(0, -1)) {
          await open.page.goto(service.url + view);
          await open.page.waitForSelector('h1', patience);
          await open.page.waitForLoadState('networkidle').catch(() => undefined);
          found.push(...(await accessibilityFaults(open.page)).map((one) => `${view}, ${theme}, ${width}: ${one}`));
          const overflow = await open.page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
          if (overflow > 0) found.push(`${view} at ${width} is ${overflow} pixels too wide`);
          await screenshot(open.page, `${view.replace(/[^a-z]+/gi, '-').slice(1, 20)}-${theme}-${width}`);
        }
        assert.deepEqual(open.mistakes, []);
        await open.context.close();
      }
    }
    assert.deepEqual(found, []);
  });

  test('the page speaks German', async () => {
    const open = await openPage(browser, { language: 'de' });
    await logInAsFirst(open, service.url, dataDir);
    await open.page.waitForSelector('text=Nicht zur Diagnose. Ergebnisse einer Software');
    assert.equal(await open.page.getAttribute('html', 'lang'), 'de');
    await screenshot(open.page, 'arbeitsliste');
    await open.context.close();
  });

  test('the study is as it was: one current result', async () => {
    await eventuallyOneResult(pacs.dicomWeb, clear!.studyInstanceUID);
  });
});
