import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { SMTPServerOptions } from 'smtp-server';
import { messagesSettings } from '../../src/config/messages.js';
import { openEmail, type EmailChannel } from '../../src/messages/email-channel.js';
import type { Digest } from '../../src/messages/email-text.js';
import type { ResultMessage } from '../../src/messages/ports.js';
import { testMessage } from '../../src/messages/test-message.js';
import { makeCertificate, type TestCertificate } from '../support/certificate.js';
import { isFault } from '../support/fault.js';
import { startMailServer, type MailServer } from '../support/mail-server.js';
import { temporaryDirectory } from '../support/orthanc.js';

const now = new Date('2026-03-01T08:00:00Z');
const message: ResultMessage = { ...testMessage({ patient: ['id', 'name'] }, now), isTest: false };
const { signal } = new AbortController();

describe('e-mails reach a real SMTP server', () => {
  let certificate: TestCertificate;
  const servers: MailServer[] = [];
  before(() => void (certificate = makeCertificate(temporaryDirectory('mail'))));
  after(() => Promise.all(servers.map((one) => one.close())));

  async function serve(options: SMTPServerOptions = {}): Promise<MailServer> {
    const server = await startMailServer({ key: certificate.key, cert: certificate.cert, ...options });
    servers.push(server);
    return server;
  }
  function channelTo({ port }: MailServer, settings: object = {}): EmailChannel {
    const email = {
      host: '127.0.0.1',
      port,
      ca: certificate.certFile,
      from: 'ai@hospital.example',
      to: ['xray@hospital.example', 'it@hospital.example'],
      timeoutMs: 5_000,
    };
    const parsed = messagesSettings.parse({ channels: [{ name: 'mail', email: { ...email, ...settings } }] });
    return openEmail('mail', parsed.channels[0]!.email!);
  }

  test('encrypted by STARTTLS, with a login, to every recipient; a repetition has the same Message-ID', async () => {
    const server = await serve();
    const channel = channelTo(server, { username: 'chest-ai', password: 'correct horse' });
    assert.equal(await channel.send(message, signal), '4D7C1A');
    await channel.send(message, signal);
    const [first, second] = server.received;
    assert.deepEqual(
      [first!.encrypted, first!.user, first!.from, first!.to],
      [true, 'chest-ai', 'ai@hospital.example', ['xray@hospital.example', 'it@hospital.example']],
    );
    const { mail } = first!;
    assert.equal(mail.subject, 'Chest AI: Pneumothorax: present (not for diagnosis)');
    assert.equal(mail.messageId, `<${message.messageId}@hospital.example>`);
    assert.equal(second!.mail.messageId, mail.messageId);
    assert.equal(second!.mail.text, mail.text);
    for (const line of [
      'Result of software, not verified by a physician, not for diagnosis.',
      '- Pneumothorax: present, 91 % (appearance compatible with pneumothorax)',
      'Accession number: TEST-0000',
      `Study Instance UID: ${message.study.studyInstanceUID}`,
      'Patient ID: TEST-0000',
      'Patient name: TEST^MESSAGE',
    ])
      assert.ok(mail.text!.split('\n').includes(line), `${line} in\n${mail.text}`);
    assert.doesNotMatch(mail.text!, /Date of birth|Sex|Test message/);
    assert.deepEqual(mail.attachments, []);
  });

  test('TLS from the first byte', async () => {
    const server = await serve({ secure: true });
    await channelTo(server, { encryption: 'tls' }).send(message, signal);
    assert.equal(server.received[0]!.encrypted, true);
  });

  test('in German; a correction, a test and a failure say so in subject and body', async () => {
    const server = await serve();
    const channel = channelTo(server, { language: 'de' });
    const failed: ResultMessage = {
      ...message,
      result: {
        ...message.result,
        outcome: 'failed',
        reason: 'The pixel data cannot be decoded',
        findings: [],
        documents: [],
        isCorrection: true,
      },
    };
    await channel.send(failed, signal);
    await channel.send({ ...message, isTest: true }, signal);
    const [first, second] = server.received.map(({ mail }) => mail);
    assert.equal(first!.subject, 'Chest AI: Korrektur: Analyse fehlgeschlagen (nicht zur Diagnose)');
    assert.match(
      first!.text!,
      /nicht ärztlich geprüft, nicht zur Diagnose[\s\S]*ersetzt ein früher gesendetes[\s\S]*Grund: The pixel data cannot be decoded/,
    );
    assert.equal(second!.subject, 'Chest AI: Testnachricht: Pneumothorax: vorhanden (nicht zur Diagnose)');
    assert.match(second!.text!, /Alle Werte sind erfunden/);
  });

  test('templates replace subject and text; what the message is stays in both, and a value is no template', async () => {
    const server = await serve();
    const channel = channelTo(server, {
      subject: 'Chest: {findings} / {accessionNumber}',
      text: 'Please look at {accessionNumber} ({outcome}).\n{findings}\nPage: {page}. {not a name',
    });
    const accessionNumber = 'A-1 {studyInstanceUID}\r\nBcc: other@elsewhere.example';
    await channel.send({ ...message, study: { ...message.study, accessionNumber } }, signal);
    await channel.send({ ...message, isTest: true, result: { ...message.result, isCorrection: true } }, signal);
    const [first, second] = server.received.map(({ mail }) => mail);
    assert.equal(first!.subject, 'Chest: Pneumothorax: present / A-1 {studyInstanceUID} Bcc: other@elsewhere.example (not for diagnosis)');
    assert.equal(first!.bcc, undefined);
    assert.match(
      first!.text!.replaceAll('\r\n', '\n'),
      /^Result of software, not verified by a physician, not for diagnosis\.\n\nPlease look at A-1 \{studyInstanceUID\}\n?[\s\S]*\(Reported\)\.\n- Pneumothorax: present, 91 %[\s\S]*Page: \. \{not a name/,
    );
    assert.doesNotMatch(first!.text!, /TEST\^MESSAGE|Patient ID/, 'only what the template names');
    assert.match(second!.subject!, /^Test message: Correction: Chest: Pneumothorax: present \/ TEST-0000 \(not for diagnosis\)$/);
    assert.match(second!.text!, /All values are invented[\s\S]*replaces one that was sent earlier/);
  });

  test('a name that contains line breaks and headers stays text of the body', async () => {
    const server = await serve();
    const name = 'DOE^JANE\r\nBcc: other@elsewhere.example\r\n\r\n.\r\nQUIT';
    await channelTo(server).send({ ...message, study: { ...message.study, patient: { name } } }, signal);
    assert.equal(server.received.length, 1);
    assert.deepEqual(server.received[0]!.to, ['xray@hospital.example', 'it@hospital.example']);
    assert.equal(server.received[0]!.mail.bcc, undefined);
    assert.ok(server.received[0]!.mail.text!.includes('QUIT'));
  });

  test('a digest: counts and failures, and nothing about a study', async () => {
    const server = await serve();
    const digest: Digest = {
      until: now,
      outcomes: { reported: 12, skipped: 3, failed: 1 },
      present: { pneumothorax: 2 },
      failedJobs: { 'outbound-message': 1 },
      channels: { ris: { waiting: 4, refused: 1 } },
    };
    await channelTo(server).sendDigest(digest, signal);
    await channelTo(server, { language: 'de' }).sendDigest({ ...digest, present: {}, failedJobs: {} }, signal);
    const [english, german] = server.received.map(({ mail }) => mail);
    assert.equal(english!.subject, 'Chest AI: Daily digest (not for diagnosis)');
    assert.match(english!.text!, /Reported: 12\nNot analysed: 3\nFailed: 1\n/);
    assert.match(english!.text!, /pneumothorax: 2[\s\S]*outbound-message: 1[\s\S]*ris: 4 waiting, 1 refused/);
    assert.match(german!.text!, /Studien mit vorhandenem Befund:\n {2}keine\n/);
    assert.doesNotMatch(english!.text! + german!.text!, /\d(\.\d+){4}/, 'no UID');
  });

  describe('what can fail', () => {
    const unavailable = (detail: RegExp) => isFault('channel-unavailable', { detail });
    const refused = (detail: RegExp) => isFault('message-refused', { detail });

    test('a server without STARTTLS gets nothing, unless encryption is none', async () => {
      const server = await serve({ hideSTARTTLS: true, disabledCommands: ['STARTTLS'] });
      await assert.rejects(channelTo(server).send(message, signal), unavailable(/STARTTLS/));
      assert.equal(server.received.length, 0);
      await channelTo(server, { encryption: 'none' }).send(message, signal);
      assert.equal(server.received[0]!.encrypted, false);
    });

    test('a certificate that is not trusted', async () => {
      const server = await serve();
      const other = makeCertificate(temporaryDirectory('mail-other'), 'other');
      await assert.rejects(channelTo(server, { ca: other.certFile }).send(message, signal), unavailable(/127\.0\.0\.1:\d+/));
      assert.equal(server.received.length, 0);
    });

    test('a wrong password is refused', async () => {
      const server = await serve();
      await assert.rejects(channelTo(server, { username: 'a', password: 'wrong' }).send(message, signal), refused(/SMTP 535/));
    });

    test('a recipient that does not exist is refused, also beside one that exists; a full mailbox is tried again', async () => {
      const answering = (responseCode: number, which: RegExp): Promise<MailServer> =>
        serve({
          onRcptTo: ({ address }, _session, done) =>
            which.test(address) ? done(Object.assign(new Error(`not ${address}`), { responseCode })) : done(),
        });
      for (const which of [/./, /^it@/]) {
        const detail = await channelTo(await answering(550, which))
          .send(message, signal)
          .then(
            () => assert.fail('accepted'),
            (error: unknown) => (assert.ok(refused(/./)(error)), (error as Error).message),
          );
        assert.doesNotMatch(detail, /xray@|it@/, 'addresses stay out of the log');
      }
      await assert.rejects(channelTo(await answering(452, /./)).send(message, signal), unavailable(/SMTP 452/));
    });

    test('a mail that the server refuses after its content', async () => {
      const answering = (responseCode: number): Promise<MailServer> =>
        serve({
          onData(stream, _session, done) {
            stream.resume();
            stream.on('end', () => done(Object.assign(new Error('no'), { responseCode })));
          },
        });
      await assert.rejects(channelTo(await answering(554)).send(message, signal), refused(/SMTP 554/));
      await assert.rejects(channelTo(await answering(451)).send(message, signal), unavailable(/SMTP 451/));
    });

    for (const [code, when] of [
      [421, 'at the connection'],
      [450, 'at the recipient'],
      [550, 'at the sender'],
    ] as const)
      test(`SMTP ${code} ${when}: ${code < 500 ? 'to be repeated' : 'refused'}, and nothing is sent`, async () => {
        const answer = (at: string, done: (error?: Error) => void) =>
          at === when ? done(Object.assign(new Error('not now, Meier'), { responseCode: code })) : done();
        const server = await serve({
          onConnect: (_session, done) => answer('at the connection', done),
          onMailFrom: (_address, _session, done) => answer('at the sender', done),
          onRcptTo: (_address, _session, done) => answer('at the recipient', done),
        });
        const expected = code < 500 ? unavailable(new RegExp(`SMTP ${code}`)) : refused(new RegExp(`SMTP ${code}`));
        await assert.rejects(channelTo(server).send(message, signal), (error: unknown) => {
          assert.doesNotMatch((error as Error).message, /Meier/);
          return expected(error);
        });
        assert.equal(server.received.length, 0);
      });

    test('no server, and one that says nothing', async () => {
      const server = await serve({ onConnect: () => undefined });
      await assert.rejects(channelTo(server, { timeoutMs: 300 }).send(message, signal), unavailable(/127\.0\.0\.1:\d+: ETIMEDOUT/));
      const gone = await serve();
      await gone.close();
      await assert.rejects(channelTo(gone).send(message, signal), unavailable(/ECONNREFUSED|ESOCKET|ECONNECTION/));
    });

    test('a process that stops does not wait for the server', async () => {
      const server = await serve({ onConnect: () => undefined });
      const stopping = new AbortController();
      const sending = channelTo(server, { timeoutMs: 5_000 }).send(message, stopping.signal);
      const begun = Date.now();
      stopping.abort(new Error('the process stops'));
      await assert.rejects(sending, /the process stops/);
      assert.ok(Date.now() - begun < 4_000);
    });
  });

  test('an account without a password, and an authority that cannot be read, are refused at the start', () => {
    const channel = (settings: object) => () => channelTo({ port: 25 } as MailServer, settings);
    assert.throws(channel({ username: 'a' }), isFault('config-invalid', { detail: /expected email\.passwordFile for the account a/ }));
    assert.throws(channel({ ca: '/missing.pem' }), isFault('config-invalid', { detail: /email\.ca \/missing\.pem cannot be read/ }));
  });
});
