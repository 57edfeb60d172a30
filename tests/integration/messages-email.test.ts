import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { RunningService } from '../../src/service/start-service.js';
import { makeCertificate } from '../support/certificate.js';
import { chestStudy } from '../support/chest-study.js';
import { eventually } from '../support/eventually.js';
import { startMailServer, type MailServer, type ReceivedMail } from '../support/mail-server.js';
import { temporaryDirectory, useOrthanc } from '../support/orthanc.js';
import { sendByCStore } from '../support/send.js';
import { startTestService } from '../support/service.js';

const patience = { timeoutMs: 60_000, intervalMs: 100 };

describe('e-mails about results, failures and days', () => {
  let mails: MailServer;
  let service: RunningService;
  after(async () => {
    await service?.stop();
    await mails?.close();
  });
  const pacs = useOrthanc();
  before(async () => {
    const { key, cert, certFile } = makeCertificate(temporaryDirectory('messages-email'));
    mails = await startMailServer({ key, cert });
    const email = { host: '127.0.0.1', port: mails.port, ca: certFile, from: 'ai@hospital.example', timeoutMs: 10_000 };
    service = await startTestService(pacs.orthanc, {
      messages: {
        channels: [
          { name: 'critical', email: { ...email, to: ['doctor@hospital.example'] } },
          // Each second.
          { name: 'it', email: { ...email, to: ['it@hospital.example'], language: 'de', digest: '* * * * * *' } },
        ],
        rules: [
          { channel: 'critical', decision: 'any' },
          { channel: 'it', outcome: 'failed' },
        ],
      },
    });
  });

  const mailTo = (to: string, subject: RegExp): Promise<ReceivedMail> =>
    eventually(
      `a mail to ${to}: ${subject}`,
      () => {
        const found = mails.received.find((one) => one.to.includes(to) && subject.test(one.mail.subject ?? ''));
        assert.ok(found, mails.received.map(({ mail }) => mail.subject).join('; '));
        return found;
      },
      patience,
    );

  test('a result reaches the physician, a failure the administrators, and the digest counts both; no mail names the patient', async () => {
    const good = chestStudy('mail', [{ attributes: { AccessionNumber: 'A-99' } }]);
    // Less pixel data than the image must have.
    const broken = chestStudy('mail of a failure', [{ attributes: { Rows: 5_000, PixelData: new Uint8Array(1_000) } }]);
    await sendByCStore([...good.files, ...broken.files], pacs.orthanc);
    const result = await mailTo('doctor@hospital.example', /not for diagnosis/);
    assert.equal(result.encrypted, true);
    assert.match(result.mail.text!, /Accession number: A-99/);
    assert.match(result.mail.text!, new RegExp(good.studyInstanceUID.replaceAll('.', '\\.')));
    const current = await service.store.results.currentResult(good.studyInstanceUID);
    for (const { meaning } of current!.findings) assert.ok(result.mail.text!.includes(`- ${meaning}: `), meaning);
    const failure = await mailTo('it@hospital.example', /Analyse fehlgeschlagen \(nicht zur Diagnose\)/);
    assert.match(failure.mail.text!, new RegExp(`Grund: .+[\\s\\S]*${broken.studyInstanceUID.replaceAll('.', '\\.')}`));
    assert.equal((await service.store.results.currentResult(broken.studyInstanceUID))!.outcome, 'failed');
    const digest = await eventually(
      'a digest that counts both',
      () => {
        const found = mails.received.find(
          ({ mail }) =>
            /Tagesübersicht/.test(mail.subject ?? '') && /Berichtet: 1\nNicht analysiert: 0\nFehlgeschlagen: 1\n/.test(mail.text ?? ''),
        );
        assert.ok(found);
        return found;
      },
      patience,
    );
    assert.deepEqual(digest.to, ['it@hospital.example']);
    assert.ok(!digest.mail.text!.includes(good.studyInstanceUID) && !digest.mail.text!.includes('A-99'));
    for (const { mail } of mails.received) assert.doesNotMatch(`${mail.subject}${mail.text}`, /PHANTOM|TEST-mail/);
    assert.equal(mails.received.filter((one) => one.to.includes('doctor@hospital.example')).length, 1);
  });
});
