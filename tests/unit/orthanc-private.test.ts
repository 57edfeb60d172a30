import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, stat, writeFile } from 'node:fs/promises';
import net from 'node:net';
import path from 'node:path';
import { after, describe, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { orthancCommandLine, startPrivateOrthanc } from '../../src/orthanc/private-orthanc.js';
import { findOrthanc } from '../../src/orthanc/find-orthanc.js';
import { isRunning, nameProcess, writeRecord } from '../../src/orthanc/process-record.js';
import { clientsOf } from '../support/clients.js';
import { eventually } from '../support/eventually.js';
import { isFault } from '../support/fault.js';
import { freePort } from '../support/free-port.js';
import { assertNothingRuns, temporaryDirectory } from '../support/orthanc.js';
import { tinyImage } from '../support/tiny-image.js';

describe('private Orthanc', () => {
  after(assertNothingRuns);

  test('data, address and password survive a restart and a kill -9', async () => {
    const directory = temporaryDirectory('durable');
    const orthanc = await startPrivateOrthanc({ directory });
    const { dicomWeb, client } = clientsOf(orthanc);
    try {
      const image = tinyImage({ study: 'durable' });
      await dicomWeb.storeInstances([image.bytes]);
      await orthanc.restart();
      assert.ok(await client.findStudy(image.studyInstanceUID));
      await orthanc.kill('SIGKILL');
      await assert.rejects(client.system(), isFault('pacs-unreachable'));
      await orthanc.restart();
      assert.ok(await client.findStudy(image.studyInstanceUID));
      await orthanc.stop();
      await orthanc.stop();
      const later = await startPrivateOrthanc({ directory });
      assert.ok(await clientsOf(later).client.findStudy(image.studyInstanceUID));
      await later.stop();
    } finally {
      await orthanc.kill();
    }
  });

  test('the file with the password is for its owner only', async () => {
    const directory = temporaryDirectory('secret');
    const orthanc = await startPrivateOrthanc({ directory });
    assert.equal((await stat(path.join(directory, 'orthanc.json'))).mode & 0o077, 0);
    assert.ok((await readFile(path.join(directory, 'orthanc.json'), 'utf8')).includes(orthanc.password));
    await orthanc.kill();
  });

  test('a folder in use is refused, and its Orthanc left alone', async () => {
    const directory = temporaryDirectory('in-use');
    const orthanc = await startPrivateOrthanc({ directory });
    await assert.rejects(startPrivateOrthanc({ directory }), isFault('config-invalid'));
    await clientsOf(orthanc).client.system();
    await orthanc.kill();
  });

  test('it ends when its owner is killed', async () => {
    const directory = temporaryDirectory('orphan');
    const script = path.join(directory, 'owner.mjs');
    const module = pathToFileURL(path.resolve(import.meta.dirname, '../../src/orthanc/private-orthanc.js')).href;
    await writeFile(
      script,
      `import { startPrivateOrthanc } from ${JSON.stringify(module)};
      const orthanc = await startPrivateOrthanc({ directory: ${JSON.stringify(directory)} });
      console.log(orthanc.process.pid);
      setInterval(() => {}, 1000);`,
    );
    const owner = spawn(process.execPath, [script], { stdio: ['ignore', 'pipe', 'inherit'] });
    const [line] = (await once(owner.stdout!, 'data')) as [Buffer];
    const orthanc = nameProcess(Number(String(line).trim()));
    assert.ok(isRunning(orthanc));
    owner.kill('SIGKILL');
    await eventually('the orphan has ended', () => assert.equal(isRunning(orthanc), false));
  });

  test('an orphan that the system did not end is ended by the next start in its folder', async () => {
    const directory = temporaryDirectory('leftover');
    const program = await findOrthanc();
    assert.ok(program?.kind === 'program');
    const config = path.join(directory, 'leftover.json');
    await writeFile(
      config,
      JSON.stringify({
        StorageDirectory: directory,
        IndexDirectory: directory,
        HttpPort: await freePort(),
        DicomPort: await freePort(),
        Plugins: [],
      }),
    );
    const leftover = spawn(program.file, [config], { stdio: 'ignore' });
    const name = nameProcess(leftover.pid!);
    writeRecord(directory, { owner: { pid: 2 ** 22 + 1, started: '1' }, orthanc: name });
    const orthanc = await startPrivateOrthanc({ directory });
    assert.equal(isRunning(name), false);
    await orthanc.kill();
  });

  test('a port that is taken is named', async () => {
    const taken = net.createServer().listen(0, '0.0.0.0');
    await once(taken, 'listening');
    const port = (taken.address() as net.AddressInfo).port;
    const directory = temporaryDirectory('taken');
    const rejected = isFault('pacs-unreachable');
    await assert.rejects(
      startPrivateOrthanc({ directory, httpPort: port, dicomPort: await freePort() }),
      (thrown) => rejected(thrown) && /port/i.test(String(thrown)),
    );
    await assert.rejects(startPrivateOrthanc({ directory, dicomPort: port, httpPort: await freePort() }), rejected);
    taken.close();
  });

  test('a container publishes on the loopback interface only', () => {
    const settings = { httpPort: 1111, dicomPort: 2222, username: 'u', password: 'p' };
    const command = orthancCommandLine(
      { kind: 'container', image: 'orthanc:1' },
      { directory: '/data', luaScripts: ['/etc/routing.lua'], environment: { A: 'b' } },
      settings,
      '/data/orthanc.json',
    ).join(' ');
    assert.match(
      command,
      /docker run --rm --init --publish 127\.0\.0\.1:1111:8042 --publish 127\.0\.0\.1:2222:4242 --volume \/data:\/chest-ai --volume \/etc\/routing\.lua:\/chest-ai-lua\/routing\.lua:ro --env A=b orthanc:1 \/chest-ai\/orthanc\.json$/,
    );
    assert.ok(!command.includes('password'));
  });
});
