import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { accessParts } from '../support/access.js';
import { accessibilityFaults, logIn, logInAsFirst, noBrowser, openPage, screenshot } from '../support/browser.js';
import { eventually } from '../support/eventually.js';
import { pageStudies, usePageService } from '../support/page-service.js';
import { sendByCStore } from '../support/send.js';
import { startWebhookReceiver, type WebhookReceiver } from '../support/webhook-receiver.js';

const skip = noBrowser();
const patience = { timeout: 60_000 };

describe('the page: outbound messages', { ...(skip ? { skip } : {}) }, () => {
  let receiver: WebhookReceiver;
  before(async () => void (receiver = await startWebhookReceiver()));
  after(() => receiver?.close());
  const webhook = (): object => ({ url: receiver.url, plainHttp: true, secret: 'a secret of this test', timeoutMs: 5_000 });
  const pages = usePageService({
    messages: () => ({
      channels: [
        { name: 'ris', webhook: webhook() },
        { name: 'phone', webhook: webhook() },
      ],
      rules: [{ channel: 'ris', decision: 'any' }],
    }),
  });
  const { opacity } = pageStudies();
  const { studyInstanceUID } = opacity;
  before(async () => {
    await logInAsFirst(pages.desk, pages.service.url, pages.dataDir);
  });

  test('a refused message needs attention; its reason is shown, and a retry sends it again', async () => {
    const { page } = pages.desk;
    receiver.answerAll(422);
    await sendByCStore(opacity.files, pages.pacs.orthanc);
    await eventually(
      'refused',
      async () => assert.equal((await pages.service.store.messages.ofStudy(studyInstanceUID))[0]?.state, 'refused'),
      {
        timeoutMs: 60_000,
      },
    );
    await page.goto(`${pages.service.url}/operations`);
    const ris = page.locator('section[aria-label=ris]');
    await ris.getByText('Needs attention').waitFor(patience);
    await ris.getByText('0 accepted, 0 waiting, 1 refused').waitFor(patience);
    await page.locator('section[aria-label=phone]').getByText('No errors').waitFor(patience);
    await ris.getByRole('button', { name: 'Last messages' }).click();
    await ris.getByText('the receiver answered HTTP 422, expected 2xx').waitFor(patience);
    assert.equal(await ris.locator(`a:has-text("${studyInstanceUID}")`).count(), 1);
    assert.deepEqual(await accessibilityFaults(page), []);
    await screenshot(page, 'operations-messages');
    receiver.answerAll(204);
    await ris.getByRole('button', { name: 'Retry' }).click();
    await ris.getByText('1 accepted, 0 waiting, 0 refused').waitFor(patience);
    await ris.locator('[data-message]').getByText('Accepted').waitFor(patience);
    assert.deepEqual(
      receiver.of(studyInstanceUID).map(({ json }) => json.isTest),
      [false, false],
    );
  });

  test('the study page lists the messages about the study, and looking is on record', async () => {
    const { page } = pages.desk;
    await page.goto(`${pages.service.url}/study/${studyInstanceUID}`);
    const messages = page.locator('[data-testid=study-messages]');
    await messages.getByText('ris', { exact: true }).waitFor(patience);
    await messages.getByText('Accepted').waitFor(patience);
    assert.deepEqual(await accessibilityFaults(page), []);
    await screenshot(page, 'study-messages');
    const views = await pages.service.store.audit.list({ action: 'message.view' });
    assert.ok(views.some(({ subject }) => subject.includes(studyInstanceUID)));
  });

  test('an administrator sends a test message, and sees whether it was accepted; it is in the audit log', async () => {
    const { page } = pages.desk;
    await page.goto(`${pages.service.url}/operations`);
    const phone = page.locator('section[aria-label=phone]');
    const before = receiver.received.length;
    await phone.getByRole('button', { name: 'Send test message' }).click();
    await phone.getByText(/The receiver accepted the test message TEST[0-9a-f]{16}/).waitFor(patience);
    const [hook, ...others] = receiver.received.slice(before);
    assert.deepEqual(others, []);
    assert.deepEqual([hook!.json.isTest, hook!.json.study.accessionNumber], [true, 'TEST-0000']);
    receiver.answer(503);
    await phone.getByRole('button', { name: 'Send test message' }).click();
    await phone.getByText(/the receiver answered HTTP 503/).waitFor(patience);
    const entries = (await pages.service.store.audit.list({ action: 'message.test' })).map(({ actor, outcome, subject }) => ({
      actor,
      outcome,
      ...(JSON.parse(subject) as { readonly channel: string; readonly message: string }),
    }));
    assert.deepEqual(entries.map(({ actor, outcome, channel }) => [actor, outcome, channel]).reverse(), [
      ['admin', 'intended', 'phone'],
      ['admin', 'done', 'phone'],
      ['admin', 'intended', 'phone'],
      ['admin', 'failed', 'phone'],
    ]);
    assert.equal(entries.at(-1)!.message, hook!.key);
  });

  test('in German; a viewer sees the channels and cannot send a test', async () => {
    const open = await openPage(pages.browser, { language: 'de' });
    try {
      const { administration } = accessParts(pages.service.store);
      await administration.addAccount({ name: 'looker', roles: ['viewer'], password: 'correct horse battery' }, { actor: 'test' });
      await logIn(open, pages.service.url, 'looker', 'correct horse battery');
      await open.page.goto(`${pages.service.url}/operations`);
      await open.page.locator('section[aria-label=ris]').getByText('1 angenommen, 0 wartend, 0 abgelehnt').waitFor(patience);
      assert.equal(await open.page.locator('[data-testid=message-channels] button').count(), 2, 'the last messages of each channel');
      await screenshot(open.page, 'operations-messages-de');
      const status = await open.page.evaluate(
        async () => (await fetch('/api/messages/ris/test', { method: 'POST', headers: { 'X-Chest-Ai': 'page' } })).status,
      );
      assert.equal(status, 403);
    } finally {
      await open.page.context().close();
    }
  });
});
