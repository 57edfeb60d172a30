import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { loadConfig } from '../../src/config.js';
import { examineCertificates, examineDataDir, isTooOld, networkFileSystem, sharedTitles } from '../../src/commands/doctor-dependencies.js';
import { checkServer } from '../../src/store/check-server.js';
import { makeCertificate } from '../support/certificate.js';
import { temporaryDirectory } from '../support/orthanc.js';

test('an Orthanc before 1.10 is too old; a build of today is not', () => {
  assert.deepEqual(['1.9.7', '0.9.3', '1.10.0', '1.12.7', '2.0', 'mainline'].map(isTooOld), [true, true, false, false, false, false]);
});

test('two systems with one AE title are named', () => {
  assert.deepEqual(
    sharedTitles('ORTHANC', [
      { name: 'pacs', aet: 'PACS' },
      { name: 'old', aet: 'PACS' },
      { name: 'second', aet: 'ORTHANC' },
      { name: 'viewer', aet: 'VIEWER' },
    ]),
    ['PACS (pacs, old)', 'ORTHANC (this Orthanc, second)'],
  );
});

test('file systems of other machines, by the number of statfs(2)', () => {
  assert.deepEqual([0x6969, 0xfe534d42, 0xfe534d42 | 0, 0xef53, 0x58465342].map(networkFileSystem), [
    'NFS',
    'SMB2',
    'SMB2',
    undefined,
    undefined,
  ]);
});

test('a DATA_DIR that cannot be written to', async () => {
  const file = join(temporaryDirectory('dependencies-file'), 'file');
  writeFileSync(file, '');
  const [disk] = await examineDataDir({ ...loadConfig({}), dataDir: join(file, 'data') });
  assert.deepEqual([disk!.state, disk!.detail], ['bad', `nothing can be written to ${join(file, 'data')} (ENOTDIR)`]);
  const [inProc] = await examineDataDir({ ...loadConfig({}), dataDir: '/proc/none/data' });
  assert.deepEqual([inProc!.state, inProc!.detail], ['bad', 'nothing can be written to /proc/none/data (ENOENT)']);
  const [readOnly] = await examineDataDir({ ...loadConfig({}), dataDir: '/sys' });
  assert.equal(readOnly!.state, 'bad');
  assert.match(readOnly!.detail, /^nothing can be written to \/sys \(\w+\)$/);
  assert.match(readOnly!.fix, /mount it with write access/);
  const [good] = await examineDataDir({ ...loadConfig({}), dataDir: temporaryDirectory('dependencies') });
  assert.equal(good!.name, 'disk');
});

test('certificates: valid, ending soon, ended', async () => {
  const folder = temporaryDirectory('dependencies-certificate');
  const { certFile, keyFile } = makeCertificate(folder);
  const file = join(folder, 'config.yaml');
  writeFileSync(
    file,
    `messages:\n  channels:\n    - name: ris\n      hl7: { host: 127.0.0.1, port: 1, tls: { cert: ${certFile}, key: ${keyFile} } }\n`,
  );
  const config = loadConfig({ CONFIG_FILE: file });
  const day = 86_400_000;
  const states = await Promise.all([-60, 0, 5].map((days) => examineCertificates(config, Date.now() + days * day)));
  assert.deepEqual(
    states.map(([one]) => [one!.state, /^\S+: (ends|ended) on 20/.exec(one!.detail)?.[1], one!.fix === '']),
    [
      ['good', 'ends', true],
      ['note', 'ends', false],
      ['bad', 'ended', false],
    ],
  );
});

test('PostgreSQL 12 and a database of another encoding are refused, with the correction', () => {
  checkServer({ versionNumber: '130004', encoding: 'UTF8' });
  assert.throws(
    () => checkServer({ versionNumber: '120022', encoding: 'UTF8' }),
    /expected PostgreSQL 13 or later, found 12: update the server/,
  );
  assert.throws(
    () => checkServer({ versionNumber: '150001', encoding: 'SQL_ASCII' }),
    /encoding UTF8, found SQL_ASCII: create it with CREATE DATABASE/,
  );
});
