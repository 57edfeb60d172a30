import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { loadConfig } from '../../src/config.js';
import { DicomWeb } from '../../src/dicomweb/client.js';
import { Fault } from '../../src/errors.js';
import { sendSingleRequest } from '../../src/http/single-request.js';
import { silentLog } from '../../src/log.js';
import { downloadWeights } from '../../src/registry/download-weights.js';
import { openIdLogin } from '../../src/server/access/openid.js';
import { openStore } from '../../src/store/store.js';
import { isFault } from '../support/fault.js';
import { logInAtProvider, startOpenIdProvider, TestBrowser, openIdSettingsOf } from '../support/openid-provider.js';
import { startTestServer } from '../support/test-server.js';
import { OrthancClient } from '../../src/orthanc/client.js';
import { startService } from '../../src/service/start-service.js';
import { chestAi } from '../support/chest-ai-command.js';
import { chestStudy } from '../support/chest-study.js';
import { eventually } from '../support/eventually.js';
import { freePort } from '../support/free-port.js';
import { noNginx, startNginx } from '../support/nginx.js';
import { temporaryDirectory, useOrthanc } from '../support/orthanc.js';
import { sendByCStore } from '../support/send.js';
import { configFor, eventuallyOneResult } from '../support/service.js';
import { startTlsProxy } from '../support/tls-proxy.js';

const skip = noNginx();
const tinyproxy = '/usr/bin/tinyproxy';
const withoutProxy = existsSync(tinyproxy) ? undefined : `${tinyproxy} (Debian: tinyproxy-bin) is not installed`;

describe('Orthanc behind a proxy that demands a token, on IPv6', { ...(skip ? { skip } : {}) }, () => {
  let nginx: { stop(): void };
  let url: string;
  const pacs = useOrthanc();
  const tokenFile = join(temporaryDirectory('token'), 'token');
  const token = (value: string): void => {
    writeFileSync(`${tokenFile}.new`, `${value}\n`);
    renameSync(`${tokenFile}.new`, tokenFile);
  };
  after(() => nginx?.stop());
  before(async () => {
    const port = await freePort();
    url = `http://[::1]:${port}`;
    const { url: behind, username, password } = pacs.orthanc;
    const basic = Buffer.from(`${username}:${password}`).toString('base64');
    const location = (path: string, header: string, value: string): string =>
      `location ${path} {\nif (${header} !~ "^${value}$") { return 401; }\nproxy_pass ${behind}/;\nproxy_set_header Authorization "Basic ${basic}";\nclient_max_body_size 0;\n}\n`;
    nginx = await startNginx(
      `server {\nlisten [::1]:${port};\n${location('/', '$http_authorization', 'Bearer (one|two)')}${location('/own/', '$http_x_auth_token', 'one')}}\n`,
      async () => (await fetch(`${url}/system`)).status === 401,
    );
    token('one');
  });

  test('a study is reported through it; a renewed token is used without a restart', async () => {
    const config = configFor(pacs.orthanc, { url, dataDir: temporaryDirectory('token-service') });
    const { username: _name, password: _password, ...orthanc } = config.orthanc;
    const service = await startService(
      { ...config, orthanc: { ...orthanc, tokenFile }, server: { ...config.server, host: '::1', trustedProxies: ['::1'] } },
      silentLog,
    );
    try {
      assert.match(service.url, /^http:\/\/\[::1\]:\d+$/);
      assert.equal((await fetch(`${service.url}/health/live`)).status, 200);
      for (const name of ['one', 'two']) {
        token(name);
        const { studyInstanceUID, files } = chestStudy(`token ${name}`);
        await sendByCStore(files, pacs.orthanc);
        await eventuallyOneResult(pacs.dicomWeb, studyInstanceUID);
      }
    } finally {
      await service.stop();
    }
  });

  test('a token in another header, beside an account; a wrong token and a missing file are named', async () => {
    const { username, password } = pacs.orthanc;
    token('one');
    const own = { url: `${url}/own`, username, password, tokenFile, tokenHeader: 'X-Auth-Token', timeoutMs: 10_000 };
    const client = new OrthancClient(own);
    const dicomWeb = new DicomWeb({ ...own, url: `${url}/own/dicom-web` });
    try {
      assert.equal((await client.system()).dicomAet, 'CHESTAI');
      token('three');
      await assert.rejects(client.system(), (error) => error instanceof Fault && error.code === 'pacs-unauthorized');
      token('two words');
      await assert.rejects(client.system(), /expected one token of printable ASCII in the file of orthanc\.tokenFile/);
    } finally {
      client.close();
      dicomWeb.close();
    }
    const gone = new OrthancClient({ url, tokenFile: '/nowhere/token', timeoutMs: 10_000 });
    await assert.rejects(gone.system(), /the file of orthanc\.tokenFile cannot be read \(ENOENT\)/);
    gone.close();
    assert.throws(
      () => loadConfig({ ORTHANC_TOKEN_FILE: '/a', ORTHANC_USERNAME: 'a' }),
      /expected another tokenHeader beside username: both would stand in the header Authorization/,
    );
  });

  test('doctor reaches Orthanc with the token', async () => {
    token('one');
    const run = await chestAi(['doctor'], { ORTHANC_URL: url, ORTHANC_TOKEN_FILE: tokenFile }, 120_000);
    assert.match(run.stdout, /Orthanc/);
    assert.doesNotMatch(run.stdout + run.stderr, /HTTP 401/);
  });
});

describe('an HTTP proxy for what leaves the hospital', { ...(withoutProxy ? { skip: withoutProxy } : {}) }, () => {
  let child: ChildProcess;
  let proxy: string;
  let log = '';
  const received: IncomingMessage[] = [];
  const receiver = createServer((request, response) => {
    received.push(request);
    response.end('taken');
  });
  let plain: string;
  after(() => {
    child?.kill('SIGKILL');
    receiver.close();
  });
  before(async () => {
    await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
    plain = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}`;
    const port = await freePort();
    proxy = `http://127.0.0.1:${port}`;
    const file = join(temporaryDirectory('tinyproxy'), 'tinyproxy.conf');
    writeFileSync(file, `Port ${port}\nListen 127.0.0.1\nTimeout 30\nLogLevel Connect\nMaxClients 10\nAllow 127.0.0.1\n`);
    child = spawn(tinyproxy, ['-d', '-c', file], { stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [child.stdout!, child.stderr!]) stream.on('data', (chunk: Buffer) => (log += chunk.toString()));
    await eventually('the proxy answers', async () => assert.ok((await fetch(proxy)).status > 0));
  });
  const send = (url: string, rest: { readonly proxy?: string; readonly tls?: { readonly ca: Buffer } }) =>
    sendSingleRequest({
      method: 'POST',
      url,
      headers: { 'content-type': 'text/plain' },
      body: 'result',
      timeoutMs: 10_000,
      maxAnswerBytes: 1_000,
      signal: new AbortController().signal,
      ...rest,
    });

  test('http and https go through it; https as a tunnel that is trusted by the own authority', async () => {
    const tls = await startTlsProxy({ url: plain });
    try {
      const ca = readFileSync(tls.caFile);
      for (const [url, options] of [
        [`${plain}/a`, {}],
        [`${tls.url}/a`, { tls: { ca } }],
      ] as const) {
        const before = log.length;
        const reply = await send(url, { ...options, proxy });
        assert.deepEqual([reply.status, reply.body.toString()], [200, 'taken']);
        await eventually('the proxy has it in its log', async () => assert.match(log.slice(before), /POST|CONNECT/));
      }
      assert.match(log, /CONNECT localhost:\d+/);
      await assert.rejects(send(`${tls.url}/a`, { proxy }), /its certificate is not trusted.*through the proxy http:/);
    } finally {
      await tls.close();
    }
  });

  /** As if the system had these variables, and no others of the kind. */
  const withVariables = async (variables: Readonly<Record<string, string>>, act: () => Promise<void>): Promise<void> => {
    const names = ['HTTP_PROXY', 'http_proxy', 'HTTPS_PROXY', 'https_proxy', 'NO_PROXY', 'no_proxy'];
    const saved = names.map((name) => [name, process.env[name]] as const);
    for (const name of names) delete process.env[name];
    Object.assign(process.env, variables);
    try {
      await act();
    } finally {
      for (const [name, value] of saved)
        if (value === undefined) delete process.env[name];
        else process.env[name] = value;
    }
  };

  test('OpenID: description, token and claims are asked for through access.oidc.proxy; a proxy that is down is no answer', async () => {
    const port = await freePort();
    const redirectUrl = `http://127.0.0.1:${port}/api/login/oidc/callback`;
    const provider = await startOpenIdProvider(redirectUrl, { anna: ['radiology'] });
    const store = await openStore({ dataDir: temporaryDirectory('openid-proxy') }, silentLog);
    const settings = openIdSettingsOf(provider, redirectUrl, { radiology: 'reader' });
    const server = await startTestServer(store, {
      port,
      settings: { openId: { ...settings, proxy }, publicUrl: `http://127.0.0.1:${port}` },
    });
    const before = log.length;
    try {
      const browser = new TestBrowser();
      await browser.request(await logInAtProvider(browser, server.url, 'anna', /api\/login\/oidc\/callback/));
      assert.deepEqual(await (await browser.request(`${server.url}/api/me`)).json(), { name: 'anna', roles: ['reader'] });
      const { origin } = new URL(provider.issuer);
      await eventually('the proxy has the requests in its log', async () => {
        assert.match(log.slice(before), new RegExp(`GET ${origin}/\\.well-known/openid-configuration`));
        assert.match(log.slice(before), new RegExp(`POST ${origin}/token`));
        assert.match(log.slice(before), new RegExp(`GET ${origin}/me`));
      });
      const closed = openIdLogin({ ...settings, proxy: `http://127.0.0.1:${await freePort()}` });
      await assert.rejects(closed.begin(), isFault('login-provider-unavailable'));
    } finally {
      await server.close();
      await store.close();
      await provider.stop();
    }
  });

  test('downloads of weights follow HTTP_PROXY and NO_PROXY, as npm does', async () => {
    const sha256 = createHash('sha256').update('taken').digest('hex');
    const into = join(temporaryDirectory('download'), 'weights');
    const download = async (): Promise<string> => {
      const before = log.length;
      await downloadWeights(`${plain}/weights`, { sha256, into });
      assert.equal(readFileSync(into, 'utf8'), 'taken');
      await send(`${plain}/afterwards`, { proxy });
      await eventually('the proxy has what came afterwards in its log', async () => assert.match(log.slice(before), /afterwards/));
      return log.slice(before);
    };
    await withVariables({ http_proxy: proxy }, async () => assert.match(await download(), /GET .*\/weights/));
    await withVariables({ http_proxy: proxy, no_proxy: '127.0.0.1' }, async () => assert.doesNotMatch(await download(), /weights/));
    await withVariables({}, async () => assert.doesNotMatch(await download(), /weights/));
  });

  test('without the setting it is passed by, whatever the environment states; a proxy that is down is named', async () => {
    const before = log.length;
    await withVariables({ HTTP_PROXY: proxy, http_proxy: proxy }, async () => {
      assert.equal((await send(`${plain}/direct`, {})).status, 200);
    });
    assert.doesNotMatch(log.slice(before), /POST/);
    const closed = `http://127.0.0.1:${await freePort()}`;
    await assert.rejects(send(`${plain}/a`, { proxy: closed }), new RegExp(`no connection.*through the proxy ${closed}`));
  });
});
