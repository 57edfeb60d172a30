import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import net, { type AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { describe, test } from 'node:test';
import { DicomWebProxy } from '../../src/dicomweb/proxy.js';
import { Slots } from '../../src/http/slots.js';
import { pacsAddress } from '../../src/http/pacs-address.js';
import { eventually } from '../support/eventually.js';

const seenAs = { host: 'page.example', protocol: 'https' };
const address = pacsAddress(['studies', '1.2', 'metadata']);

async function listening(server: net.Server): Promise<string> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

describe('what viewers ask is passed on within the limits of the PACS', () => {
  test('M8, D17: never more at once than the slots that all share, and one is held until the last byte', async () => {
    const waiting: http.ServerResponse[] = [];
    const server = http.createServer((_request, response) => {
      response.writeHead(200).write('first');
      waiting.push(response);
    });
    const slots = new Slots(3);
    const proxyDicomWeb = new DicomWebProxy({ url: await listening(server), timeoutMs: 20_000, maxConcurrent: slots });
    const signal = new AbortController().signal;
    const answers = Array.from({ length: 10 }, () => proxyDicomWeb.get(address, undefined, seenAs, signal).then((one) => buffer(one.body)));
    let answered = 0;
    await eventually(
      'all are answered',
      () => {
        assert.ok(waiting.length - answered <= 2, `${waiting.length - answered} at once`);
        assert.ok(slots.inUse <= 2);
        if (waiting.length > answered) waiting[answered++]!.end('last');
        assert.equal(answered, 10);
      },
      { timeoutMs: 20_000, intervalMs: 10 },
    );
    for (const one of answers) assert.equal((await one).toString(), 'firstlast');
    await eventually('every slot is free', () => assert.equal(slots.inUse, 0), { timeoutMs: 5_000 });
    proxyDicomWeb.close();
    server.close();
  });

  test('M8: a viewer who goes away frees the slot, in turn or waiting', async () => {
    const server = http.createServer((_request, response) => void response.writeHead(200).write('x'));
    const slots = new Slots(2);
    const proxyDicomWeb = new DicomWebProxy({ url: await listening(server), timeoutMs: 20_000, maxConcurrent: slots });
    const leaving = new AbortController();
    const first = proxyDicomWeb.get(address, undefined, seenAs, leaving.signal);
    (await first).body.on('error', () => undefined);
    const second = proxyDicomWeb.get(address, undefined, seenAs, leaving.signal);
    leaving.abort();
    await assert.rejects(second);
    await eventually('every slot is free', () => assert.equal(slots.inUse, 0), { timeoutMs: 5_000 });
    proxyDicomWeb.close();
    server.closeAllConnections();
    server.close();
  });

  test('D17: a kept connection that the PACS has closed meanwhile is no fault', async () => {
    let requests = 0;
    // Answers one request a connection, then breaks it off as the next one arrives: what an idle limit does at the wrong moment.
    const server = net.createServer((socket) => {
      let served = false;
      socket.on('error', () => undefined);
      socket.on('data', () => {
        if (served) return void socket.resetAndDestroy();
        served = true;
        requests++;
        socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: keep-alive\r\n\r\nok');
      });
    });
    const proxyDicomWeb = new DicomWebProxy({ url: await listening(server), timeoutMs: 10_000, maxConcurrent: new Slots(1) });
    for (let n = 0; n < 5; n++) {
      const { status, body } = await proxyDicomWeb.get(address, undefined, seenAs, new AbortController().signal);
      assert.deepEqual([status, (await buffer(body)).toString()], [200, 'ok']);
    }
    assert.equal(requests, 5);
    proxyDicomWeb.close();
    server.close();
  });
});
