import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { loadConfig, projectRoot } from '../../src/config.js';
import { loadFindings } from '../../src/findings-config.js';
import { checkMessageRules } from '../../src/messages/check-rules.js';
import { openChannels } from '../../src/messages/open-channels.js';
import { testMessage } from '../../src/messages/test-message.js';
import { webhookBodySchema } from '../../src/messages/webhook-body.js';
import { temporaryDirectory } from '../support/orthanc.js';
import { startWebhookReceiver } from '../support/webhook-receiver.js';

/* What docs/guide/messages.md shows is run here. */

const guide = readFileSync(join(projectRoot, 'docs/guide/messages.md'), 'utf8');
const blockOf = (language: string): string => new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``).exec(guide)![1]!;
const noPacs = (): never => assert.fail('these channels use no PACS');
const folder = temporaryDirectory('messages-guide');

test('the setting of the guide is accepted', () => {
  const file = join(folder, 'config.yaml');
  writeFileSync(file, blockOf('yaml').replace('/run/secrets/ris-hook', join(folder, 'secret')));
  writeFileSync(join(folder, 'secret'), 'a secret of this test\n');
  const { messages } = loadConfig({ CONFIG_FILE: file });
  checkMessageRules(messages, loadFindings(join(projectRoot, 'config/findings.json')).findings);
  assert.deepEqual(
    [...openChannels(messages.channels, noPacs).values()].map(({ name, kind }) => [name, kind]),
    [
      ['ris-hook', 'webhook'],
      ['on-call', 'email'],
    ],
  );
  assert.equal(messages.rules.length, 3);
});

test('the templates of the guide are accepted', () => {
  const [block] = /email:\n {2}subject[\s\S]*?(?=```)/.exec(guide)!;
  const file = join(folder, 'templates.yaml');
  const indented = block.replace(/^/gm, '      ').trimEnd();
  writeFileSync(
    file,
    `messages:\n  channels:\n    - name: on-call\n${indented}\n        host: mail\n        from: ai@hospital.example\n        to: [a@hospital.example]\n`,
  );
  const [channel] = loadConfig({ CONFIG_FILE: file }).messages.channels;
  assert.match(channel!.email!.text!, /^Please look[\s\S]*\n\{findings\}\n\{page\}\n$/);
  // Every name that the guide lists.
  const text = [...guide.matchAll(/`(\{\w+\})`/g)].map(([, name]) => name).join(' ');
  assert.ok(text.split(' ').length >= 11);
  writeFileSync(
    file,
    JSON.stringify({
      messages: {
        channels: [
          {
            name: 'a',
            email: { host: 'a', from: 'a@b.example', to: ['a@b.example'], text },
            patient: ['id', 'name', 'birthDate', 'sex'],
          },
        ],
      },
    }),
  );
  assert.equal(loadConfig({ CONFIG_FILE: file }).messages.channels[0]!.email!.text, text);
});

test('the body of the guide is as documented', () => {
  const body: unknown = JSON.parse(blockOf('json'));
  assert.deepEqual(webhookBodySchema.parse(body), body);
});

test('the signature check of the guide accepts what a channel sends, and nothing that was changed', async () => {
  const file = join(folder, 'is-genuine.mjs');
  writeFileSync(file, blockOf('js'));
  const { isGenuine } = (await import(pathToFileURL(file).href)) as {
    readonly isGenuine: (headers: object, body: Buffer, secret: string, now?: number) => boolean;
  };
  const receiver = await startWebhookReceiver();
  try {
    const secret = 'a secret with Umlauts: äöü';
    const channels = openChannels(
      [{ name: 'ris', webhook: { url: receiver.url, plainHttp: true, secret, timeoutMs: 5_000 }, patient: [] }],
      noPacs,
    );
    const message = testMessage({ patient: [] }, new Date());
    const { name, ...patient } = { name: 'MÜLLER^ZOË=山田', id: '4711' };
    await channels
      .get('ris')!
      .send({ ...message, study: { ...message.study, patient: { ...patient, name } } }, new AbortController().signal);
    const { headers, body } = receiver.received[0]!;
    const bytes = Buffer.from(body, 'utf8');
    assert.equal(isGenuine(headers, bytes, secret), true);
    assert.equal(isGenuine(headers, bytes, `${secret}!`), false);
    assert.equal(isGenuine(headers, Buffer.from(body.replace('4711', '4712')), secret), false);
    assert.equal(isGenuine(headers, bytes, secret, Date.now() + 301_000), false, 'too old');
    const later = { ...headers, 'x-chest-ai-timestamp': String(Number(headers['x-chest-ai-timestamp']) + 1) };
    assert.equal(isGenuine(later, bytes, secret), false);
    assert.equal(isGenuine({ ...headers, 'x-chest-ai-signature': undefined }, bytes, secret), false);
  } finally {
    await receiver.close();
  }
});
