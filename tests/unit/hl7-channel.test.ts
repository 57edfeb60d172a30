import assert from 'node:assert/strict';
import type net from 'node:net';
import { after, before, test } from 'node:test';
import { hl7Channel, type Hl7Settings } from '../../src/messages/hl7-channel.js';
import { eventually } from '../support/eventually.js';
import { isFault } from '../support/fault.js';
import { freePort } from '../support/free-port.js';
import { startFaultyMllpServer, startMllpServer, type Misbehaviour, type MllpPeer } from '../support/mllp-server.js';
import { exampleMessage, examplePatient } from '../support/result-messages.js';
import { startTlsProxy, type TlsProxy } from '../support/tls-proxy.js';

/* The HL7 channel against Medplum's MLLP server, and against servers that misbehave. */

const never = new AbortController().signal;
const message = exampleMessage({ study: { patient: examplePatient } });
const settings = (port: number, changes: Partial<Hl7Settings> = {}): Hl7Settings => ({
  host: '127.0.0.1',
  port,
  sendingApplication: 'CHESTAI',
  sendingFacility: 'RADIOLOGY',
  receivingApplication: 'RIS',
  receivingFacility: 'HOSPITAL',
  characterSet: 'UNICODE UTF-8',
  answerTimeoutMs: 5_000,
  ...changes,
});
const send = (port: number, changes: Partial<Hl7Settings> = {}, signal = never) =>
  hl7Channel('ris', settings(port, changes)).send(message, signal);

/** Of what the channel reports about a server, nothing names the patient. */
function withoutPatient(check: (thrown: unknown) => true): (thrown: unknown) => true {
  return (thrown) => {
    const texts = [String((thrown as Error).message), JSON.stringify(thrown), String((thrown as Error).cause)].join('\n');
    for (const word of ['Schr', 'rgen', 'gidius', '4711', '19570312', '12.03.1957', 'Meier']) assert.ok(!texts.includes(word), texts);
    return check(thrown);
  };
}

let peer: MllpPeer;
before(async () => {
  peer = await startMllpServer();
});
after(() => peer.stop());

test('a message arrives with its control ID, once, and the channel returns after the acknowledgment', async () => {
  const before = peer.received.length;
  assert.equal(await send(peer.port), undefined);
  await send(peer.port);
  const received = peer.received.slice(before);
  assert.equal(received.length, 2);
  for (const one of received) {
    assert.equal(one.getSegment('MSH')?.getField(10).toString(), message.messageId);
    assert.equal(one.getSegment('PID')?.getField(5).getComponent(1), 'Schröder-Øster');
  }
  assert.equal(received[0]!.toString(), received[1]!.toString(), 'a repetition is the same message');
});

test('a name with umlauts arrives in Latin-1, and in ASCII without its accents', async () => {
  for (const [characterSet, encoding, family] of [
    ['8859/1', 'latin1', 'Schröder-Øster'],
    ['ASCII', 'ascii', 'Schroder-?ster'],
  ] as const) {
    const server = await startMllpServer(encoding);
    try {
      await send(server.port, { characterSet });
      assert.equal(server.received[0]!.getSegment('PID')?.getField(5).getComponent(1), family);
      assert.equal(server.received[0]!.getSegment('MSH')?.getField(18).toString(), characterSet);
    } finally {
      await server.stop();
    }
  }
});

test('a commit acknowledgment (CA) is an acceptance too', async () => {
  const server = await startMllpServer('utf-8', 'CA');
  try {
    await send(server.port);
  } finally {
    await server.stop();
  }
});

const acknowledgment = (lines: readonly string[]) => Buffer.from(`\u000b${lines.join('\r')}\r\u001c\r`);
const msh = 'MSH|^~\\&|RIS|H|CHESTAI|R|20260102||ACK^R01|1|P|2.5.1';
const replies =
  (...parts: readonly (Buffer | string)[]): Misbehaviour =>
  (socket) => {
    for (const part of parts) socket.write(part);
  };
const acceptance = acknowledgment([msh, `MSA|AA|${message.messageId}`]);

test('an acknowledgment in pieces, in another separator or without the last carriage return is read', async () => {
  const accepting: readonly Misbehaviour[] = [
    (socket) => {
      socket.setNoDelay(true);
      for (const byte of acceptance) socket.write(Buffer.of(byte));
    },
    replies(acceptance.subarray(0, -1)),
    replies(acknowledgment(['MSH#*~\\&#RIS#H#C#R#20260102##ACK#1#P#2.5.1', `MSA#AA#${message.messageId}`])),
    replies(Buffer.from(`\u000b${msh}\nMSA|AA|${message.messageId}\n\u001c\r`)),
    // Two packets, the second one later, cut within the control ID.
    (socket) => {
      const cut = acceptance.indexOf(message.messageId) + 4;
      socket.write(acceptance.subarray(0, cut));
      setTimeout(() => socket.write(acceptance.subarray(cut)), 200);
    },
  ];
  for (const misbehave of accepting) {
    const server = await startFaultyMllpServer(misbehave);
    try {
      await send(server.port);
    } finally {
      await server.stop();
    }
  }
});

const faults: readonly {
  readonly name: string;
  readonly misbehave: Misbehaviour;
  readonly refused?: true;
  readonly detail: RegExp;
  readonly timeoutMs?: number;
}[] = [
  {
    name: 'AE, with a text that names a patient',
    misbehave: replies(
      acknowledgment([
        msh,
        `MSA|AE|${message.messageId}|Patient Schröder-Øster^Jürgen (12.03.1957) unknown`,
        'ERR||PID^1^3|204^Unknown key^HL70357|E',
      ]),
    ),
    detail: /^the receiver answered AE \(error\), 204 unknown key identifier at PID\[1\]-3: "Patient … unknown"$/,
  },
  { name: 'CE', misbehave: replies(acknowledgment([msh, `MSA|CE|${message.messageId}`])), detail: /^the receiver answered CE \(error\)$/ },
  {
    name: 'AR, with the reason in ERR-8',
    misbehave: replies(acknowledgment([msh, `MSA|AR|${message.messageId}`, 'ERR||OBR^1^18|101|E||||Auftragsnummer fehlt: Meier|Meier'])),
    refused: true,
    detail: /^the receiver answered AR \(rejected\), 101 required field missing at OBR\[1\]-18: "Auftragsnummer fehlt: …"$/,
  },
  { name: 'CR', misbehave: replies(acknowledgment([msh, `MSA|CR|${message.messageId}`])), refused: true, detail: /CR \(rejected\)$/ },
  { name: 'nothing', misbehave: () => undefined, detail: /^no complete answer within 300 ms$/, timeoutMs: 300 },
  { name: 'half an answer, then nothing', misbehave: replies(acceptance.subarray(0, 30)), detail: /^no complete answer/, timeoutMs: 300 },
  { name: 'a closed connection', misbehave: (socket) => socket.end(), detail: /^it closed the connection without an answer$/ },
  { name: 'a reset connection', misbehave: (socket) => socket.resetAndDestroy(), detail: /without an answer \(ECONNRESET\)$/ },
  {
    name: 'half an answer, then a closed connection',
    misbehave: (socket) => socket.end(acceptance.subarray(0, 30)),
    detail: /^it closed the connection before the end of its answer$/,
  },
  {
    name: 'an answer to another message',
    misbehave: replies(acknowledgment([msh, 'MSA|AA|4711'])),
    detail: /^expected an answer to message M7F3A9C20D41E85B6 \(MSA-2\), found an answer to another one$/,
  },
  {
    name: 'AA in lower case, which is no code',
    misbehave: replies(acknowledgment([msh, `MSA|aa|${message.messageId}`])),
    detail: /found another code$/,
  },
  {
    name: 'our control ID with something behind it',
    misbehave: replies(acknowledgment([msh, `MSA|AA|${message.messageId}1`])),
    detail: /found an answer to another one$/,
  },
  {
    name: 'an acceptance without the start block (VT)',
    misbehave: replies(acceptance.subarray(1)),
    detail: /^expected an answer in an MLLP frame, found 0x4d instead of its start block 0x0b$/,
  },
  {
    name: 'an acceptance without the end block (FS)',
    misbehave: replies(acceptance.subarray(0, -2)),
    detail: /^no complete answer within 300 ms$/,
    timeoutMs: 300,
  },
  {
    name: 'AR to another message, which says nothing about this one',
    misbehave: replies(acknowledgment([msh, 'MSA|AR|4711|Meier'])),
    detail: /found an answer to another one$/,
  },
  {
    name: 'a code that there is not',
    misbehave: replies(acknowledgment([msh, `MSA|XX|${message.messageId}`])),
    detail: /found another code$/,
  },
  { name: 'no MSA', misbehave: replies(acknowledgment([msh])), detail: /found a message without MSA$/ },
  { name: 'an empty frame', misbehave: replies(acknowledgment([])), detail: /found an empty answer$/ },
  {
    name: 'our own message',
    misbehave: (socket, received) => socket.write(received),
    detail: /found a message without MSA$/,
  },
  {
    name: 'garbage in a frame',
    misbehave: replies(acknowledgment(['Meier \u0000\u00ff garbage'])),
    detail: /found an answer of 17 characters that does not begin with MSH$/,
  },
  {
    name: 'HTTP',
    misbehave: replies('HTTP/1.1 400 Bad Request\r\n\r\n'),
    detail: /^expected an answer in an MLLP frame, found 0x48 instead of its start block 0x0b$/,
  },
  {
    name: 'an answer without end',
    misbehave: replies(Buffer.concat([Buffer.of(0x0b), Buffer.alloc(70_000, 0x41)])),
    detail: /found more than 65536 bytes without an end block$/,
  },
];

for (const { name, misbehave, refused, detail, timeoutMs } of faults) {
  test(`a server that answers ${name}: ${refused ? 'refused' : 'to be repeated'}`, async () => {
    const server = await startFaultyMllpServer(misbehave);
    try {
      const check = refused
        ? isFault('message-refused', { retryable: false, detail })
        : isFault('channel-unavailable', { retryable: true, detail });
      await assert.rejects(send(server.port, timeoutMs === undefined ? {} : { answerTimeoutMs: timeoutMs }), withoutPatient(check));
    } finally {
      await server.stop();
    }
  });
}

test('no server: to be repeated, and the fault names the address', async () => {
  const port = await freePort();
  await assert.rejects(send(port), (thrown) => {
    assert.match((thrown as Error).message, new RegExp(`no connection \\(ECONNREFUSED\\) \\[.*mllp://127\\.0\\.0\\.1:${port}\\]$`));
    return isFault('channel-unavailable', { retryable: true })(thrown);
  });
});

test('an aborted message ends its connection at once', async () => {
  let isClosed = false;
  const abort = new AbortController();
  const server = await startFaultyMllpServer((socket: net.Socket) => {
    socket.on('close', () => (isClosed = true));
    abort.abort(new Error('the service ends'));
  });
  try {
    await assert.rejects(send(server.port, { answerTimeoutMs: 60_000 }, abort.signal), /the service ends/);
    await eventually('the connection is closed', () => assert.ok(isClosed));
    await assert.rejects(send(server.port, {}, abort.signal), /the service ends/);
  } finally {
    await server.stop();
  }
});

async function withTls(options: { readonly requiresClientCertificate?: boolean }, use: (proxy: TlsProxy, port: number) => Promise<void>) {
  const proxy = await startTlsProxy({ url: `http://127.0.0.1:${peer.port}` }, options);
  try {
    await use(proxy, Number(new URL(proxy.url).port));
  } finally {
    await proxy.close();
  }
}

test('TLS with the authority of the hospital; an unknown authority and a wrong name are refused', () =>
  withTls({}, async (proxy, port) => {
    const before = peer.received.length;
    await send(port, { host: 'localhost', tls: { ca: proxy.caFile } });
    assert.equal(peer.received.length, before + 1);
    await assert.rejects(
      send(port, { host: 'localhost', tls: {} }),
      isFault('channel-unavailable', {
        retryable: true,
        detail: /^its certificate is not trusted \(\w+\); name its authority's file in tls\.ca$/,
      }),
    );
    await assert.rejects(
      send(port, { host: 'localhost', tls: { ca: proxy.caFile, serverName: 'ris.hospital.example' } }),
      isFault('channel-unavailable', { detail: /ERR_TLS_CERT_ALTNAME_INVALID/ }),
    );
    await assert.rejects(send(peer.port, { tls: { ca: proxy.caFile }, answerTimeoutMs: 300 }), isFault('channel-unavailable'));
    await assert.rejects(send(port), isFault('channel-unavailable', { detail: /MLLP frame|without an answer/ }));
    assert.equal(peer.received.length, before + 1);
  }));

test('TLS with a client certificate; without one the connection is refused', () =>
  withTls({ requiresClientCertificate: true }, async (proxy, port) => {
    const before = peer.received.length;
    const tls = { ca: proxy.caFile, ...proxy.clientCertificate };
    await send(port, { host: 'localhost', tls });
    assert.equal(peer.received.length, before + 1);
    await assert.rejects(send(port, { host: 'localhost', tls: { ca: proxy.caFile } }), isFault('channel-unavailable', { retryable: true }));
    assert.throws(
      () => hl7Channel('ris', settings(port, { tls: { cert: proxy.clientCertificate.cert } })),
      isFault('config-invalid', { detail: /found only the certificate$/ }),
    );
    assert.throws(
      () => hl7Channel('ris', settings(port, { tls: { ca: '/no/such/ca.pem' } })),
      isFault('config-invalid', { detail: /^the TLS file \/no\/such\/ca\.pem cannot be read \(ENOENT\)$/ }),
    );
    assert.throws(
      () => hl7Channel('ris', settings(port, { tls: { cert: proxy.caFile, key: proxy.clientCertificate.key } })),
      isFault('config-invalid', { detail: /^expected PEM files/ }),
    );
  }));
