import assert from 'node:assert/strict';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { readFileSync } from 'node:fs';
import net from 'node:net';
import tls from 'node:tls';
import { test } from 'node:test';
import { listenMllp, type MllpListener, type MllpListenerSettings, type MllpReceiver } from '../../src/hl7/mllp-listener.js';
import { makeCertificate } from '../support/certificate.js';
import { eventually } from '../support/eventually.js';
import { isFault } from '../support/fault.js';
import { exchangeBytes, framed } from '../support/mllp-sender.js';
import { temporaryDirectory } from '../support/orthanc.js';

/* The listener by its bytes; tests/integration/radiology-reports.test.ts lets another program's client send to it. */

interface Listening {
  readonly listener: MllpListener;
  readonly received: string[];
  readonly refused: string[];
}

async function withListener(
  changes: Partial<MllpListenerSettings>,
  use: (listening: Listening) => Promise<void>,
  receive: MllpReceiver['receive'] = async (message) => Buffer.from(`ack ${message.toString()}`),
): Promise<void> {
  const [received, refused] = [[] as string[], [] as string[]];
  const settings = { host: '127.0.0.1', port: 0, allowFrom: [], maxMessageBytes: 1_000, maxConnections: 10, timeoutMs: 10_000, ...changes };
  const listener = await listenMllp(settings, {
    receive: async (message, from) => {
      received.push(message.toString());
      return receive(message, from);
    },
    refuseLarge: (beginning) => Buffer.from(`too large ${beginning.length}`),
    onRefused: (why) => void refused.push(why),
    onError: ({ code }) => void refused.push(String(code)),
  });
  try {
    await use({ listener, received, refused });
  } finally {
    await listener.close();
  }
}

const answers = (count: number) => ({ isDone: (bytes: Buffer) => bytes.filter((byte) => byte === 0x1c).length === count });

test('messages of one connection are answered in their order, also byte by byte and with line ends between frames', async () => {
  await withListener({}, async ({ listener: { port }, received }) => {
    const three = Buffer.concat([framed('one'), Buffer.from('\n'), framed('two'), framed('three')]);
    assert.equal(
      (await exchangeBytes(port, three, answers(3))).toString(),
      ['one', 'two', 'three'].map((text) => framed(`ack ${text}`).toString()).join(''),
    );
    const socket = net.connect(port, '127.0.0.1').setNoDelay(true);
    for (const byte of framed('slow')) await new Promise<void>((resolve) => socket.write(Buffer.of(byte), () => resolve()));
    await eventually('received', () => assert.deepEqual(received, ['one', 'two', 'three', 'slow']));
    socket.destroy();
  });
});

test('a message that cannot be stored is not answered; the connection ends', async () => {
  await withListener(
    {},
    async ({ listener: { port }, received }) => {
      assert.equal((await exchangeBytes(port, framed('one'))).length, 0);
      assert.deepEqual(received, ['one']);
    },
    async () => undefined,
  );
});

test('a message that is too large is answered from its beginning, and no more than its limit is read', async () => {
  await withListener({}, async ({ listener: { port }, received, refused }) => {
    assert.match((await exchangeBytes(port, framed('x'.repeat(5_000)))).toString(), /too large \d+/);
    assert.equal((await exchangeBytes(port, framed('x'.repeat(1_000)), answers(1))).length, 1_007);
    assert.equal(received.length, 1);
    assert.deepEqual(refused, ['too-large']);
  });
});

test('a sender that is refused while it still writes reads the answer', async () => {
  await withListener({}, async ({ listener: { port }, refused }) => {
    const socket = net.connect(port, '127.0.0.1');
    const errors: string[] = [];
    socket.on('error', (error: NodeJS.ErrnoException) => errors.push(String(error.code)));
    const chunk = Buffer.alloc(1_000_000, 'x');
    // It reads only when it has written everything, more than the buffers of both sides contain.
    socket.write(Buffer.of(0x0b));
    for (let n = 0; n < 19; n++) socket.write(chunk);
    await new Promise<void>((resolve) => socket.write(chunk, () => resolve()));
    let answer = '';
    socket.on('data', (bytes: Buffer) => (answer += bytes.toString()));
    await new Promise((resolve) => socket.once('close', resolve));
    assert.match(answer, /too large \d+/);
    assert.deepEqual([errors, refused], [[], ['too-large']]);
  });
});

test('errors of the server after it listens are passed on, and it goes on', async () => {
  const servers: net.Server[] = [];
  const note = (message: unknown): void => void servers.push((message as { readonly server: net.Server }).server);
  subscribe('tracing:net.server.listen:asyncStart', note);
  try {
    await withListener({}, async ({ listener: { port }, refused }) => {
      const server = servers.find((one) => (one.address() as net.AddressInfo | null)?.port === port)!;
      // As Node does where accept fails; without a listener the second one would end the process.
      for (const code of ['EMFILE', 'ENFILE']) server.emit('error', Object.assign(new Error('accept'), { code }));
      assert.deepEqual(refused, ['EMFILE', 'ENFILE']);
      assert.equal((await exchangeBytes(port, framed('one'), answers(1))).toString(), framed('ack one').toString());
    });
  } finally {
    unsubscribe('tracing:net.server.listen:asyncStart', note);
  }
});

test('only addresses that are allowed; one connection more than allowed is closed', async () => {
  await withListener({ allowFrom: ['10.0.0.0/8', '192.168.1.7'] }, async ({ listener: { port }, refused }) => {
    assert.equal((await exchangeBytes(port, framed('one'))).length, 0);
    assert.deepEqual(refused, ['address']);
  });
  await withListener({ allowFrom: ['127.0.0.0/8'], maxConnections: 1 }, async ({ listener: { port } }) => {
    const first = net.connect(port, '127.0.0.1');
    await new Promise((resolve) => first.once('connect', resolve));
    assert.equal((await exchangeBytes(port, framed('one'))).length, 0);
    first.destroy();
    await eventually('there is room again', async () => assert.ok((await exchangeBytes(port, framed('one'), answers(1))).length > 0));
  });
});

test('with an authority, a client without its certificate is refused', async () => {
  const folder = temporaryDirectory('mllp');
  const [server, client] = [makeCertificate(folder, 'server'), makeCertificate(folder, 'client')];
  await withListener(
    { tls: { cert: server.cert, key: server.key, ca: client.cert } },
    async ({ listener: { port }, received, refused }) => {
      const send = (own: { readonly cert?: Buffer; readonly key?: Buffer }): Promise<string> =>
        new Promise((resolve) => {
          let text = '';
          const socket = tls.connect({ port, host: '127.0.0.1', ca: readFileSync(server.certFile), ...own }, () =>
            socket.write(framed('one')),
          );
          socket.on('data', (bytes: Buffer) => {
            text += bytes.toString();
            socket.end();
          });
          socket.on('error', () => undefined);
          socket.on('close', () => resolve(text));
        });
      assert.equal(await send({}), '');
      assert.deepEqual(received, []);
      assert.equal(await send({ cert: client.cert, key: client.key }), framed('ack one').toString());
      assert.deepEqual(refused, ['tls']);
    },
  );
});

test('a port that is taken is named', async () => {
  await withListener({}, async ({ listener: { port } }) => {
    await assert.rejects(
      withListener({ port }, async () => undefined),
      isFault('config-invalid', { detail: new RegExp(`127\\.0\\.0\\.1:${port} \\(EADDRINUSE\\)`) }),
    );
  });
});
