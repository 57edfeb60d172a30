import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { accessParts } from '../support/access.js';
import { accessibilityFaults, logIn, logInAsFirst, noBrowser, openPage, screenshot } from '../support/browser.js';
import { eventually } from '../support/eventually.js';
import { freePort } from '../support/free-port.js';
import { acknowledged, oru, sendHl7 } from '../support/mllp-sender.js';
import { pageStudies, usePageService } from '../support/page-service.js';
import { sendByCStore } from '../support/send.js';

const skip = noBrowser();
const patience = { timeout: 60_000 };

describe('the page: where AI and report differ', { ...(skip ? { skip } : {}) }, () => {
  let port = 0;
  before(async () => void (port = await freePort()));
  const pages = usePageService({ reports: () => ({ hl7: { port } }) });
  const { opacity, clear } = pageStudies();
  const discordances = async () =>
    (await pages.service.store.discordances.page({ limit: 50 })).rows.map(({ studyInstanceUID, finding, kind }) => ({
      studyInstanceUID,
      finding,
      kind,
    }));

  before(async () => {
    await sendByCStore([...opacity.files, ...clear.files], pages.pacs.orthanc);
    for (const [accession, patient, line] of [
      ['PH2', 'PHANTOM-2^^^PHANTOMS^PI', 'Keine Pneumonie. Kein Erguss.'],
      ['PH6', 'PHANTOM-6^^^PHANTOMS^PI', 'Pneumonie rechts.'],
    ] as const)
      assert.equal(acknowledged(await sendHl7(port, oru({ controlId: accession, accession, patient, lines: [line] }))).code, 'AA');
    await eventually(
      'both reports are compared with their results',
      async () =>
        assert.deepEqual(
          new Set((await discordances()).map((one) => JSON.stringify(one))),
          new Set(
            [
              { studyInstanceUID: opacity.studyInstanceUID, finding: 'pneumonia', kind: 'report-absent' },
              { studyInstanceUID: clear.studyInstanceUID, finding: 'pneumonia', kind: 'ai-absent' },
            ].map((one) => JSON.stringify(one)),
          ),
        ),
      { timeoutMs: 90_000 },
    );
    await logInAsFirst(pages.desk, pages.service.url, pages.dataDir);
  });

  const rowOf = (page: typeof pages.desk.page, study: string) => page.locator(`[data-discordance="${study} pneumonia"]`);

  test('the greatest difference is first; a filter shows one kind; a row leads to its study', async () => {
    const { page } = pages.desk;
    await page.goto(`${pages.service.url}/worklist`);
    await page.getByRole('link', { name: 'Second look' }).first().click();
    await rowOf(page, opacity.studyInstanceUID).getByText('AI present, report absent').waitFor(patience);
    await rowOf(page, clear.studyInstanceUID).getByText('AI absent, report present').waitFor(patience);
    await page.getByText('2 matched to a study, 0 waiting for their study').waitFor(patience);
    const { rows } = await pages.service.store.discordances.page({ limit: 50 });
    assert.ok(rows[0]!.gap >= rows[1]!.gap);
    assert.deepEqual(
      await page.locator('[data-discordance]').evaluateAll((found) => found.map((one) => one.getAttribute('data-discordance'))),
      rows.map(({ studyInstanceUID, finding }) => `${studyInstanceUID} ${finding}`),
    );
    assert.deepEqual(await accessibilityFaults(page), []);
    await screenshot(page, 'discordances');
    await page.getByText('AI absent, report present 1').click();
    await rowOf(page, opacity.studyInstanceUID).waitFor({ ...patience, state: 'detached' });
    await rowOf(page, clear.studyInstanceUID).getByRole('link').click();
    await page.waitForURL(`**/study/${clear.studyInstanceUID}`);
  });

  test('a reader marks one as looked at; the name stays with it, in the list and in the audit log', async () => {
    const { page } = pages.desk;
    await page.goto(`${pages.service.url}/discordances`);
    await rowOf(page, opacity.studyInstanceUID).getByRole('button', { name: 'Mark as looked at' }).click();
    await rowOf(page, opacity.studyInstanceUID).waitFor({ ...patience, state: 'detached' });
    await page.getByLabel('Looked at').selectOption('reviewed');
    await rowOf(page, opacity.studyInstanceUID).getByText('Looked at by admin').waitFor(patience);
    const [entry] = await pages.service.store.audit.list({ action: 'discordance.review' });
    assert.deepEqual([entry?.actor, entry?.outcome], ['admin', 'done']);
    assert.match(entry!.subject, new RegExp(opacity.studyInstanceUID));
  });

  test('in German for a reader; a viewer sees neither the view nor the list', async () => {
    const { administration } = accessParts(pages.service.store);
    for (const role of ['reader', 'viewer'] as const)
      await administration.addAccount({ name: `a-${role}`, roles: [role], password: 'correct horse battery' }, { actor: 'test' });
    const german = await openPage(pages.browser, { language: 'de' });
    try {
      await logIn(german, pages.service.url, 'a-reader', 'correct horse battery');
      await german.page.getByRole('link', { name: 'Zweiter Blick' }).first().click();
      await rowOf(german.page, clear.studyInstanceUID).getByText('KI nicht vorhanden, Befundtext nennt').waitFor(patience);
      await screenshot(german.page, 'discordances-de');
    } finally {
      await german.page.context().close();
    }
    const viewer = await openPage(pages.browser);
    try {
      await logIn(viewer, pages.service.url, 'a-viewer', 'correct horse battery');
      await viewer.page.getByRole('link', { name: 'Operations' }).first().waitFor(patience);
      assert.equal(await viewer.page.getByRole('link', { name: 'Second look' }).count(), 0);
      const status = await viewer.page.evaluate(async () => (await fetch('/api/discordances')).status);
      assert.equal(status, 403);
    } finally {
      await viewer.page.context().close();
    }
  });
});
