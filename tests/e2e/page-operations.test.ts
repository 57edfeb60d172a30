import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { before, describe, test } from 'node:test';
import { textOf } from '../../src/dicom/data-set.js';
import { readPart10 } from '../../src/dicom/part10.js';
import type { StudyStatisticsRow } from '../../src/store/study-statistics.js';
import { accessibilityFaults, logInAsFirst, noBrowser, screenshot } from '../support/browser.js';
import { eventually } from '../support/eventually.js';
import { pageStudies, usePageService } from '../support/page-service.js';
import { studiesOf } from '../support/seen-studies.js';
import { sendByCStore } from '../support/send.js';
import { tinyCandidate } from '../support/tiny-model.js';

const skip = noBrowser();
const patience = { timeout: 60_000 };

describe('the page: operations, drift and models', { ...(skip ? { skip } : {}) }, () => {
  const pages = usePageService();
  const { opacity, hand } = pageStudies();
  before(async () => {
    await logInAsFirst(pages.desk, pages.service.url, pages.dataDir);
    await sendByCStore([...opacity.files, ...hand.files], pages.pacs.orthanc);
    for (const { studyInstanceUID } of [opacity, hand])
      await pages.desk.page.waitForSelector(`tr[data-study="${studyInstanceUID}"]`, patience);
  });

  /** A view in German, then in English again. */
  const inGerman = async (path: string, check: (text: (selector: string) => Promise<string>) => Promise<void>): Promise<void> => {
    const { page } = pages.desk;
    const setLanguage = (language: string): Promise<void> =>
      page.evaluate((code) => localStorage.setItem('chest-ai-language', code), language);
    await setLanguage('de');
    await page.goto(`${pages.service.url}${path}`);
    await check(async (selector) => {
      await page.waitForSelector(selector, patience);
      return (await page.locator(selector).first().textContent()) ?? '';
    });
    await setLanguage('en');
  };

  test('operations: queues, rules, and their dry run on a dropped file', async () => {
    const { page } = pages.desk;
    await page.goto(`${pages.service.url}/operations`);
    await page.waitForSelector('text=chest-x-ray', patience);
    await page.setInputFiles('input[type=file]', [
      { name: 'hand.dcm', mimeType: 'application/dicom', buffer: Buffer.from(hand.files[0]!) },
    ]);
    await page.waitForSelector('[data-testid=rule-tests] >> text=Not a chest study (body part HAND)', patience);
    await page.click('[data-testid=rule-tests] >> text=Details');
    await page.locator('[data-testid=rule-tests] >> text=/bodyPart is HAND, expected CHEST/').waitFor(patience);
    await page.click('[data-testid=test-rules]');
    const { dataSet } = readPart10(opacity.files[0]!);
    const description = textOf(dataSet, 'StudyDescription')!;
    const tested = page.locator(`[data-testid=rule-tests] a[title="${opacity.studyInstanceUID}"]`);
    await tested.waitFor(patience);
    await eventually('the patient, read from the PACS', async () => {
      const text = (await tested.textContent())!;
      assert.match(text, /20\d\d/);
      assert.ok(text.includes(description) && !/^[0-9.]+$/.test(text), text);
    });
    await screenshot(page, 'operations');
  });

  test('usability 12: disk, clock, versions, certificates, and the trends of the day and the week', async () => {
    const { page } = pages.desk;
    await page.goto(`${pages.service.url}/operations`);
    await page.waitForSelector('section[aria-label=Disk] >> text=/\\d (GB|MB) free/', patience);
    await page.waitForSelector('section[aria-label=Clock] >> text=Agrees with Orthanc');
    const versions = (await page.textContent('section[aria-label=Versions]'))!;
    for (const one of [process.versions.node, 'DICOMweb plugin', 'PostgreSQL', 'onnxruntime'])
      assert.ok(versions.includes(one), `${one} in ${versions}`);
    await page.waitForSelector('section[aria-label="TLS certificates"] >> text=No encrypted connection is configured');
    await eventually('three plots', async () => assert.equal(await page.locator('[data-testid=trends] canvas').count(), 3));
    await pages.service.store.hourlyFigures.record(new Date(), 3);
    await page.reload();
    const [svg] = await Promise.all([page.waitForEvent('download'), page.click('button[aria-label="SVG: Studies per hour"]')]);
    assert.equal(svg.suggestedFilename(), 'trend-studies.svg');
    assert.match(readFileSync((await svg.path())!, 'utf8'), /^<svg [^>]*>.*Studies per hour.*<\/svg>\n$/s);
    const [json] = await Promise.all([page.waitForEvent('download'), page.click('button[aria-label^="JSON: Analysis time"]')]);
    const figure = JSON.parse(readFileSync((await json.path())!, 'utf8')) as { curves: { points: unknown[] }[]; xIsTime: boolean };
    assert.ok(figure.xIsTime && figure.curves.length === 2);
    await page.click('text=Show figures as a table');
    await eventually('the present hour', async () => {
      const cells = await page.locator('.figures tbody tr').first().locator('td').allTextContents();
      assert.ok(Number(cells[0]) >= 1 && Number(cells[1]) >= 1, cells.join(' '));
    });
    assert.deepEqual(await accessibilityFaults(page), []);
    await screenshot(page, 'operations-trends', { fullPage: true });
    await page.click('label:has-text("Last 7 days")');
    await eventually('a week', async () => assert.equal(await page.locator('.figures tbody tr').count(), 168));
  });

  test('models: the deployed one, its figures and its card', async () => {
    const { page } = pages.desk;
    await page.goto(`${pages.service.url}/models`);
    await page.waitForSelector('text=Deployed', patience);
    await page.click(`a:has-text("${pages.service.model.version}")`);
    await page.waitForSelector('.markdown >> text=/not for diagnosis/i', patience);
    await screenshot(page, 'model');
  });

  test('drift: an alarm stays on Models and Operations until it is acknowledged', async () => {
    const { page } = pages.desk;
    const now = new Date();
    const row = (site: string, index: number, daysAgo: number, darker: boolean): StudyStatisticsRow => ({
      ...studiesOf({ site, darker }, 1, 1000 * daysAgo + index, () => daysAgo, now)[0]!,
      modelVersion: pages.service.model.version,
    });
    for (let index = 0; index < 60; index++)
      for (const one of [
        row('North', index, 20, false),
        row('North', index, 2, false),
        row('South', index, 20, false),
        row('South', index, 2, true),
      ])
        await pages.service.store.statistics.record(one);
    await page.goto(`${pages.service.url}/models`);
    await page.click('section[aria-labelledby=drift] button:has-text("Check now")');
    await page.waitForSelector('text=The check is queued');
    await eventually('the check', async () => assert.ok((await pages.service.store.drift.alarms()).length > 0), { timeoutMs: 60_000 });
    const raised = await pages.service.store.drift.alarms();
    assert.ok(
      raised.every(({ site }) => site === 'South'),
      JSON.stringify(raised),
    );
    await page.goto(`${pages.service.url}/models`);
    const alarms = page.locator('[data-testid=drift-alarms]');
    await page.waitForSelector('h3:has-text("South")');
    await page.locator('#drift').scrollIntoViewIfNeeded();
    await screenshot(page, 'drift');
    await inGerman('/models', async (text) => {
      assert.match(await text('[data-testid=drift-alarms]'), /Stabilitätsindex \d+,\d\d, Zufallswert \d,\d\d; \d+ Studien, davor \d+/);
      await screenshot(page, 'drift-de');
    });
    await page.goto(`${pages.service.url}/operations`);
    await page.waitForSelector('[data-testid=drift-alarms]');
    for (let left = raised.length; left > 0; left--) {
      await alarms.locator('button:has-text("Acknowledge")').first().click();
      await eventually('one alarm less', async () =>
        assert.equal(await alarms.locator('button:has-text("Acknowledge")').count(), left - 1),
      );
    }
    await page.waitForSelector('text=acknowledged by admin');
    await screenshot(page, 'operations-drift');
  });

  test('models: an operator deploys a version with a reason, sees why the gate refused it, and rolls back', async () => {
    const { page } = pages.desk;
    const before = pages.service.model.version;
    const { version, lineage } = await pages.service.registry.add(tinyCandidate());
    const at = '2026-01-31T02:00:00.000Z';
    const criterion = {
      name: 'auroc-in-view',
      class: 'pneumonia',
      group: 'view AP',
      figure: 0.4,
      interval: null,
      comparison: 'at-least' as const,
      bound: 0.9,
      passed: false,
      counts: true,
      words:
        'AUROC for pneumonia is 0.400 in view AP, the worst of 2 views; it may be as low as 0.310, at least 0.900 is needed. 1 group with fewer than 20 patients with and 20 without it is not asked.',
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
      why: `${criterion.words} 1 more criterion is failed: lungs-matter.`,
    };
    await pages.service.registry.recordChange({
      id: 'retraining-2026-01-31T02-00-00-000Z',
      startedAt: at,
      endedAt: at,
      by: 'schedule',
      codeVersion: '0',
      engine: 'none',
      seed: 1,
      challenger: version,
      champion: before,
      lineage: lineage!,
      decision,
      outcome: 'refused',
      why: decision.why,
      figures: { challenger: null, champion: null },
      notes: [],
    });

    await page.goto(`${pages.service.url}/models/${version}`);
    await page.waitForSelector(`td:has-text("${criterion.words}")`, patience);
    const words =
      'AUROC für Pneumonie: 0,400 (Projektion AP, ungünstigste von 2 Projektionen); der Wert kann bis 0,310 hinunterreichen, nötig ist mindestens 0,900. 1 Gruppe mit weniger als 20 Patienten mit und 20 ohne diesen Befund wird nicht geprüft.';
    const why = `${words} 1 weiteres Kriterium ist nicht bestanden: auf die Lungen kommt es an.`;
    await inGerman(`/models/${version}`, async (text) => {
      await eventually('the change record', async () => {
        const change = await text('section[aria-label^="Entscheidung der Freigabeprüfung"]');
        for (const expected of [why, words, 'Zeitplan']) assert.ok(change.includes(expected), change);
        assert.match(change, /Projektion AP0,400/);
      });
      await screenshot(page, 'model-gate-de');
    });
    await inGerman('/models', (text) =>
      eventually('the last retraining run, which comes after the section', async () => {
        const last = await text('section[aria-labelledby=retraining]');
        for (const expected of [why, 'gestartet von Zeitplan']) assert.ok(last.includes(expected), last);
      }),
    );
    await page.goto(`${pages.service.url}/models`);
    await page.waitForSelector('[data-testid=retraining-state]', patience);
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
    assert.equal(pages.service.model.version, before);

    await page.click(`[data-testid=promote-${version}]`);
    await page.waitForSelector(`text=${version} did not pass the gate`);
    assert.deepEqual(await accessibilityFaults(page), []);
    await page.fill('main form input', 'a test of the page');
    await screenshot(page, 'models-promote');
    await page.click('main form button[type=submit]');
    await page.waitForSelector(`text=${version} is deployed.`, patience);
    await page.waitForSelector(`section[aria-label="${version}"] >> text=Deployed`, patience);
    assert.equal(pages.service.model.version, version);
    await page.click('[data-testid=rollback]');
    await page.click('main form button[type=submit]');
    await page.waitForSelector(`text=${before} is deployed.`, patience);
    assert.equal(pages.service.model.version, before);
    assert.deepEqual(
      (await pages.service.registry.history()).slice(-2).map(({ action, by, why }) => ({ action, by, why })),
      [
        { action: 'promote', by: 'admin', why: 'without the gate: a test of the page' },
        { action: 'rollback', by: 'admin', why: 'requested' },
      ],
    );
    const entries = await page.evaluate(
      async () => (await (await fetch('/api/audit?action=model.promote')).json()) as { outcome: string; actor: string }[],
    );
    assert.ok(entries.length >= 3 && entries.every(({ actor }) => actor === 'admin'), JSON.stringify(entries));
    assert.ok(
      entries.some(({ outcome }) => outcome === 'failed'),
      'refused ones are on record too',
    );
  });
});
