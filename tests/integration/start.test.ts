import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync, readdirSync, readlinkSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { projectRoot } from '../../src/config.js';
import { silentLog } from '../../src/log.js';
import { openStore } from '../../src/store/store.js';
import { logInFirst } from '../support/access.js';
import { chestStudy } from '../support/chest-study.js';
import { eventually } from '../support/eventually.js';
import { freePort } from '../support/free-port.js';
import { assertNothingRuns, temporaryDirectory, useOrthanc, withOrthanc, type TestOrthanc } from '../support/orthanc.js';
import { sendByCStore, sendByStow } from '../support/send.js';
import { assertOneCurrentResult, eventuallyOneResult, spawnService, type SpawnedService } from '../support/service.js';
import { limitHere } from '../support/machine-speed.js';
import { twoFindingModel } from '../support/two-finding-model.js';

interface Refusal {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** `serve` where it is not to come up. `code` is null if it did and had to be ended. */
function serveExpectingRefusal(environment: Readonly<Record<string, string>>): Promise<Refusal> {
  const env = {
    PATH: process.env['PATH'],
    DATA_DIR: temporaryDirectory('refused'),
    MODEL_DIR: twoFindingModel,
    PORT: '0',
    ORTHANC_URL: 'http://127.0.0.1:9',
    ...environment,
  };
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [join(projectRoot, 'dist/src/cli.js'), 'serve'],
      { cwd: projectRoot, env, timeout: limitHere(30_000), killSignal: 'SIGKILL' },
      (error, stdout, stderr) => {
        resolve({ code: error === null ? 0 : typeof error.code === 'number' ? error.code : null, stdout, stderr });
      },
    );
  });
}

const addressOf = (service: SpawnedService): Promise<string> =>
  eventually('the address', () => {
    const [, url] = /orthanc-chest-ai: (\S+)/.exec(service.output()) ?? [];
    assert.ok(url);
    return url;
  });

describe('a wrong configuration is refused at start', () => {
  after(() => assertNothingRuns());
  const folder = temporaryDirectory('wrong');
  const written = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  const findings = readFileSync(join(projectRoot, 'config/findings.json'), 'utf8');
  const lineIn = (text: string, part: string): number => text.slice(0, text.indexOf(part)).split('\n').length;
  const wrongFinding = findings.replace(/"SCT"/, '17');

  const cases: readonly { readonly name: string; readonly environment: Readonly<Record<string, string>>; readonly says: RegExp }[] = [
    {
      name: 'a setting that does not exist',
      environment: { CONFIG_FILE: written('unknown.yaml', 'log:\n  level: info\northanc:\n  pollintervalMs: 5\n') },
      says: /unknown\.yaml:\d+: .*pollintervalMs/,
    },
    {
      name: 'a wrong value',
      environment: { CONFIG_FILE: written('value.yaml', '# rules\nserver:\n  host: 127.0.0.1\n  port: many\n') },
      says: /value\.yaml:4: server\.port: .*expected number.*"many"/,
    },
    { name: 'no YAML', environment: { CONFIG_FILE: written('no.yaml', 'log:\n  level: "info\n') }, says: /no\.yaml:\d+: / },
    {
      name: 'a configuration that is not there',
      environment: { CONFIG_FILE: join(folder, 'nowhere.yaml') },
      says: /CONFIG_FILE names .*nowhere\.yaml, which does not exist/,
    },
    {
      name: 'a rule with a typing error',
      environment: { ROUTING_FILE: written('routing.yaml', 'rules:\n  - name: a\n    when: { modality: CR }\n    action: analyze\n') },
      says: /routing\.yaml:4: rules\.0\.action: expected analyse or ignore \(found "analyze"\)/,
    },
    {
      name: 'a condition that does not exist',
      environment: { ROUTING_FILE: written('condition.yaml', 'rules:\n  - name: a\n    when: { modallity: CR }\n    action: analyse\n') },
      says: /condition\.yaml:3: .*modallity/,
    },
    {
      name: 'a regular expression that is none',
      environment: {
        ROUTING_FILE: written('expression.yaml', 'rules:\n  - name: a\n    action: analyse\n    when: { bodyPart: "/chest(/" }\n'),
      },
      says: /expression\.yaml:4: .*expected a text/,
    },
    { name: 'routing rules that are not there', environment: { ROUTING_FILE: join(folder, 'no-rules.yaml') }, says: /no-rules\.yaml/ },
    {
      name: 'a code that is none',
      environment: { FINDINGS_FILE: written('findings.json', wrongFinding) },
      says: new RegExp(`findings\\.json:${lineIn(wrongFinding, '17')}: .*expected string`),
    },
    {
      name: 'codes without an output of the model',
      environment: { FINDINGS_FILE: written('renamed.json', findings.replaceAll('pneumonia"', 'something-else"')) },
      says: /pneumonia/,
    },
    { name: 'a variable with a wrong value', environment: { LOG_LEVEL: 'loud' }, says: /environment variable LOG_LEVEL/ },
    { name: 'a port that is no number', environment: { PORT: 'http' }, says: /environment variable PORT/ },
    { name: 'a model folder that is none', environment: { MODEL_DIR: folder }, says: /model\.json/ },
  ];
  for (const { name, environment, says } of cases) {
    test(name, async () => {
      const { code, stdout, stderr } = await serveExpectingRefusal(environment);
      assert.equal(code, 1, stdout + stderr);
      assert.match(stderr, says);
      assert.match(stderr, /^chest-ai: /m);
      assert.doesNotMatch(stderr, /\n\s+at /, 'no stack for a mistake of the user');
      assert.doesNotMatch(stdout + stderr, /service is running/);
    });
  }

  test('a port that is taken', async () => {
    const other = net.createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    try {
      const { port } = other.address() as net.AddressInfo;
      const { code, stderr } = await serveExpectingRefusal({ PORT: String(port) });
      assert.equal(code, 1);
      assert.match(stderr, new RegExp(`cannot listen on 127\\.0\\.0\\.1:${port} \\(EADDRINUSE\\)`));
    } finally {
      await new Promise((resolve) => other.close(resolve));
    }
  });
});

describe('start and stop beside a real Orthanc', () => {
  let service: SpawnedService | undefined;
  // Before useOrthanc, which checks at its end that nothing is left running.
  after(async () => {
    await service?.kill();
  });
  const pacs = useOrthanc();

  test('a second process on the same embedded index is refused, and does no harm', async () => {
    const dataDir = temporaryDirectory('shared');
    service = await spawnService(pacs.orthanc, { dataDir });
    const { code, stderr } = await serveExpectingRefusal({ DATA_DIR: dataDir, ORTHANC_URL: pacs.orthanc.url });
    assert.equal(code, 1);
    assert.match(stderr, new RegExp(`process ${service.process.pid} already uses this data directory`));
    const { studyInstanceUID, files } = chestStudy('start shared');
    await sendByCStore(files, pacs.orthanc);
    await eventuallyOneResult(pacs.dicomWeb, studyInstanceUID);
    assert.equal(service.process.exitCode, null);
  });

  test('only the loopback interface is listened on', async (t) => {
    if (process.platform !== 'linux') return t.skip('listening sockets are read from /proc');
    const port = Number(new URL(await addressOf(service!)).port);
    const listening = listeningSockets(service!.process.pid!);
    assert.ok(
      listening.some((one) => one.port === port),
      'the port of the service is among them',
    );
    assert.deepEqual(
      listening.filter((one) => !one.loopback),
      [],
    );
    return undefined;
  });

  test('SIGTERM with ten studies in progress ends the service within ten seconds; the next start finishes them, one result each', async () => {
    await service?.kill();
    const dataDir = temporaryDirectory('ended');
    service = await spawnService(pacs.orthanc, { dataDir });
    const first = service;
    const studies = Array.from({ length: 10 }, (_, index) => chestStudy(`start ended ${index}`));
    await sendByCStore(
      studies.flatMap((one) => one.files),
      pacs.orthanc,
    );
    const reported = (): number => studies.filter((one) => first.output().includes(`study reported  study=${one.studyInstanceUID}`)).length;
    await eventually('the first result', () => assert.ok(reported() > 0), { timeoutMs: 60_000, intervalMs: 10 });
    const before = Date.now();
    assert.equal(await first.end(), 0, first.output());
    const tookMs = Date.now() - before;
    assert.ok(tookMs < limitHere(10_500), `${tookMs} ms`);
    const done = reported();
    assert.ok(done < studies.length, 'some were still in progress');
    assert.match(first.output(), /stopped/);
    console.log(`SIGTERM with ${studies.length - done} of ${studies.length} studies not done: ended after ${tookMs} ms`);

    service = await spawnService(pacs.orthanc, { dataDir });
    for (const { studyInstanceUID } of studies) await eventuallyOneResult(pacs.dicomWeb, studyInstanceUID);
    // Recorded once as well, not only written once.
    await eventually('all are reported once', () =>
      assert.equal(
        studies.filter((one) => `${first.output()}${service!.output()}`.includes(`study reported  study=${one.studyInstanceUID}`)).length,
        10,
      ),
    );
    await service.end();
    service = undefined;
    const store = await openStore({ dataDir: join(dataDir, 'index') }, silentLog);
    try {
      for (const { studyInstanceUID } of studies) assert.equal((await store.results.ofStudy(studyInstanceUID)).length, 1, studyInstanceUID);
    } finally {
      await store.close();
    }
    for (const { studyInstanceUID } of studies) await assertOneCurrentResult(pacs.dicomWeb, studyInstanceUID);
  });
});

describe('Orthanc is not there yet', () => {
  after(() => assertNothingRuns());

  test('the service starts, says so, and reports when Orthanc comes', async () => {
    const httpPort = await freePort();
    const credentials = { username: 'late', password: 'late-password' };
    const url = `http://127.0.0.1:${httpPort}`;
    const dataDir = temporaryDirectory('early');
    const service = await spawnService({ url, ...credentials } as TestOrthanc['orthanc'], { dataDir });
    try {
      const address = await addressOf(service);
      const unauthenticated = await fetch(`${address}/health`);
      assert.deepEqual(
        [unauthenticated.status, await unauthenticated.json()],
        [503, { ok: false }],
        'an unauthenticated request gets no details',
      );
      const headers = { ...(await logInFirst(address, dataDir)) };
      const before = await fetch(`${address}/health`, { headers });
      assert.equal(before.status, 503);
      const health = (await before.json()) as { ok: boolean; orthanc: string; database: string };
      assert.deepEqual([health.ok, health.orthanc, health.database], [false, 'pacs-unreachable', 'answers']);
      assert.equal((await fetch(address, { headers })).status, 200, 'the page for people answers too');
      await eventually('it is logged', () => assert.match(service.output(), /the PACS cannot be read.*pacs-unreachable/));
      // Logged once, not every second.
      await new Promise((resolve) => setTimeout(resolve, 2_500));
      assert.equal([...service.output().matchAll(/the PACS cannot be read.*name=changes/g)].length, 1, service.output());
      await withOrthanc(
        async ({ orthanc, dicomWeb }) => {
          assert.equal(orthanc.url, url);
          await eventually('it is noticed', () => assert.match(service.output(), /the PACS can be read again.*name=changes/));
          const { studyInstanceUID, files } = chestStudy('start early');
          await sendByStow(files, dicomWeb);
          await eventuallyOneResult(dicomWeb, studyInstanceUID);
          assert.equal((await fetch(`${address}/health`)).status, 200);
        },
        { httpPort, credentials },
      );
    } finally {
      await service.kill();
    }
  });
});

interface Listening {
  readonly port: number;
  readonly loopback: boolean;
}

/** proc_net_tcp(5): state 0A is LISTEN; the inode in field 10 is the socket that a file descriptor names. */
function listeningSockets(pid: number): readonly Listening[] {
  const inodes = new Set(
    readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
      try {
        return [/^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`))?.[1]];
      } catch {
        return [];
      }
    }),
  );
  return ['tcp', 'tcp6'].flatMap((kind) =>
    readFileSync(`/proc/net/${kind}`, 'latin1')
      .trim()
      .split('\n')
      .slice(1)
      .flatMap((line) => {
        const fields = line.trim().split(/\s+/);
        const [address, port] = fields[1]!.split(':');
        if (fields[3] !== '0A' || !inodes.has(fields[9])) return [];
        const loopback =
          address === '0100007F' || address === '00000000000000000000000001000000' || address === '0000000000000000FFFF00000100007F';
        return [{ port: Number.parseInt(port!, 16), loopback }];
      }),
  );
}
