import assert from 'node:assert/strict';
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { Readable } from 'node:stream';
import { after, describe, test } from 'node:test';
import { memoryFiles } from '../../src/retraining/retraining-memory.js';
import { PictureCache } from '../../src/dataset/picture-cache.js';
import { closeOpenFiles, findOpenFiles } from '../../src/lib/private-files.js';
import { silentLog } from '../../src/log.js';
import { openRegistry } from '../../src/registry/registry.js';
import { openStore } from '../../src/store/store.js';
import { receiveUpload } from '../../src/uploads/receive-upload.js';
import { uploadFolder } from '../../src/uploads/process-folder.js';
import { chestAi } from '../support/chest-ai-command.js';
import { chestStudy } from '../support/chest-study.js';
import { useOrthanc } from '../support/orthanc.js';
import { decodersOf } from '../support/processes.js';
import { sendByCStore } from '../support/send.js';
import { eventuallyOneResult, spawnService } from '../support/service.js';
import { tinyCandidate } from '../support/tiny-model.js';

const folders: string[] = [];
after(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

/** As `mkdir` makes it under the usual umask: open to everybody. */
function openFolder(): string {
  const folder = join(mkdtempSync(join(tmpdir(), 'chest-ai-private-')), 'data');
  folders.push(join(folder, '..'));
  mkdirSync(folder);
  chmodSync(folder, 0o755);
  return folder;
}

function walk(path: string): readonly string[] {
  return lstatSync(path).isDirectory() ? [path, ...readdirSync(path).flatMap((name) => walk(join(path, name)))] : [path];
}

/** What group or others may do, by path; empty if they may do nothing. */
function openPaths(dataDir: string): readonly string[] {
  return walk(dataDir).flatMap((path) => {
    const { mode } = lstatSync(path);
    return lstatSync(path).isSymbolicLink() || (mode & 0o077) === 0
      ? []
      : [`${relative(dataDir, path) || '.'} ${(mode & 0o777).toString(8)}`];
  });
}

/** Every kind of file below DATA_DIR, and where it is found; regular expressions are of the path below DATA_DIR. */
const kinds: readonly (readonly [string, RegExp])[] = [
  ['the folder itself', /^\.$/],
  ['first password', /^first-login\.txt$/],
  ['database: catalog', /^index\/database\/base\/\d+\/\d+/],
  ['database: write-ahead log', /^index\/database\/pg_wal\/[0-9A-F]{24}$/],
  ['database: cache of the catalog', /^index\/database\/(base\/\d+|global)\/pg_internal\.init$/],
  ['database: control file', /^index\/database\/global\/pg_control$/],
  ['lock of the database', /^index\/database\.lock\.\d+$/],
  ['model', /^models\/versions\/[0-9a-f]{12}\/xray\.safetensors$/],
  ['change of aliases', /^models\/aliases\/\d{8}\.json$/],
];

describe('H6: DATA_DIR is for the account of the service alone', () => {
  const pacs = useOrthanc();

  test('H6: every kind of file of a running service under umask 022, also of an installation that was open before', {
    timeout: 600_000,
  }, async () => {
    const dataDir = openFolder();
    // As release 0.2.0 left it.
    const retraining = join(dataDir, 'retraining');
    mkdirSync(join(retraining, 'pictures', 'ab'), { recursive: true });
    writeFileSync(join(retraining, 'pictures', 'ab', '1.2.grey'), 'pixels');
    writeFileSync(join(retraining, 'patient-key'), Buffer.alloc(32, 1));
    for (const path of walk(retraining)) chmodSync(path, statSync(path).isDirectory() ? 0o777 : 0o666);
    const outside = join(dataDir, '..', 'outside');
    writeFileSync(outside, 'of somebody else');
    chmodSync(outside, 0o644);
    symlinkSync(outside, join(retraining, 'link'));
    const service = await spawnService(pacs.orthanc, { dataDir, environment: { ENGINE: 'onnx-cpu' } });
    try {
      const study = chestStudy('private');
      await sendByCStore(study.files, pacs.orthanc);
      await eventuallyOneResult(pacs.dicomWeb, study.studyInstanceUID);
      assert.deepEqual(openPaths(dataDir), []);
      const paths = walk(dataDir).map((path) => relative(dataDir, path) || '.');
      for (const [what, where] of kinds)
        assert.ok(
          paths.some((path) => where.test(path)),
          `no ${what} was made: the test proves nothing of it`,
        );
      assert.match(service.output(), /other accounts .*could read.*their modes were changed/);
      assert.equal(statSync(outside).mode & 0o777, 0o644, 'what a link leads to is not ours');
      assert.match(readFileSync(`/proc/${service.process.pid}/status`, 'utf8'), /Umask:\s+0077/);
      for (const pid of decodersOf(service.process.pid!)) assert.match(readFileSync(`/proc/${pid}/status`, 'utf8'), /Umask:\s+0077/);
    } finally {
      await service.end();
    }
    assert.deepEqual(openPaths(dataDir), [], 'also after its end');
  });

  test('H6: doctor finds what is open and names the fix', { timeout: 600_000 }, async () => {
    const dataDir = openFolder();
    mkdirSync(join(dataDir, 'retraining'));
    writeFileSync(join(dataDir, 'retraining', 'patient-key'), 'x');
    chmodSync(join(dataDir, 'retraining', 'patient-key'), 0o644);
    const environment = {
      DATA_DIR: dataDir,
      ORTHANC_URL: pacs.orthanc.url,
      ORTHANC_USERNAME: pacs.orthanc.username,
      ORTHANC_PASSWORD: pacs.orthanc.password,
    };
    const line = async () => {
      const { stdout } = await chestAi(['doctor', '--json'], environment, 300_000);
      return stdout
        .trim()
        .split('\n')
        .map((one) => JSON.parse(one) as { name: string; state: string; detail: string; fix: string; mend: string })
        .find(({ name }) => name === 'private files')!;
    };
    const before = await line();
    assert.equal(before.state, 'bad');
    assert.match(before.fix, /chmod -R go-rwx/);
    assert.equal(before.mend, before.fix, 'the former name of the field');
    closeOpenFiles(dataDir);
    assert.equal((await line()).state, 'good');
  });
});

test('H6: files that are made while the service runs: pictures, keys, uploads, versions, database', async () => {
  const before = process.umask(0o022);
  const dataDir = openFolder();
  try {
    process.umask(0o077);
    await new PictureCache(join(dataDir, 'retraining/pictures'), { width: 32, height: 32 } as never).put('2.25.1', {
      width: 32,
      height: 32,
      values: new Float32Array(1024),
      pixelAspect: 1,
    });
    await memoryFiles(join(dataDir, 'retraining')).patientKey();
    await memoryFiles(join(dataDir, 'retraining')).storeLabels(['a']);
    await receiveUpload(Readable.from([Buffer.from('x')]), { directory: uploadFolder(join(dataDir, 'uploads')), maxBytes: 10 });
    const registry = openRegistry(join(dataDir, 'models'));
    const { version } = await registry.add(tinyCandidate());
    await registry.putFirst(version, { by: 'test', why: 'test', at: new Date() });
    const store = await openStore({ dataDir: join(dataDir, 'index') }, silentLog);
    await store.sql.query({ text: 'CREATE TABLE filler (x text)' });
    for (let n = 0; n < 30; n++) await store.sql.query({ text: `INSERT INTO filler SELECT repeat(md5(random()::text), 20000)` });
    await store.sql.query({ text: 'VACUUM FULL filler' });
    await store.sql.query({ text: 'CHECKPOINT' });
    assert.deepEqual(
      openPaths(dataDir).filter((path) => !path.startsWith('. ')),
      [],
    );
    await store.close();
    assert.deepEqual(
      openPaths(dataDir).filter((path) => !path.startsWith('. ')),
      [],
    );
  } finally {
    process.umask(before);
  }
});

test('H6: only what this program keeps is changed, and DATA_DIR itself unless it is a home or a shared folder', () => {
  const dataDir = openFolder();
  writeFileSync(join(dataDir, 'letter.txt'), 'of somebody else');
  chmodSync(join(dataDir, 'letter.txt'), 0o644);
  assert.deepEqual(findOpenFiles(dataDir).paths, [dataDir]);
  assert.deepEqual(closeOpenFiles(dataDir), { changed: 1, failed: [] });
  assert.equal(statSync(join(dataDir, 'letter.txt')).mode & 0o777, 0o644);
  chmodSync(dataDir, 0o1777);
  assert.deepEqual(findOpenFiles(dataDir).paths, [], 'a folder such as /tmp');
  assert.deepEqual(
    findOpenFiles(homedir()).paths.filter((path) => path === homedir()),
    [],
  );
  assert.deepEqual(closeOpenFiles(join(dataDir, 'absent')), { changed: 0, failed: [] });
});
