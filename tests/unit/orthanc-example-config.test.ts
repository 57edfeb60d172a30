import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { after, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { assertNothingRuns, temporaryDirectory, withOrthanc } from '../support/orthanc.js';

const withoutComments = (text: string) => text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/^\s*\/\/.*$/gm, '');
const readConfig = async (file: string) => JSON.parse(withoutComments(await readFile(file, 'utf8'))) as Record<string, unknown>;

describe('orthanc/orthanc.json', () => {
  after(assertNothingRuns);

  test('names only what Orthanc knows', async () => {
    const defaults = path.join(temporaryDirectory('config'), 'defaults.json');
    await promisify(execFile)('Orthanc', [`--config=${defaults}`]);
    // Orthanc shows some of its settings in comments only.
    const known = await readFile(defaults, 'utf8');
    for (const key of Object.keys(await readConfig('orthanc/orthanc.json'))) {
      if (key !== 'DicomWeb') assert.ok(known.includes(`"${key}"`), `Orthanc has no setting ${key}`);
    }
  });

  test('an Orthanc starts with it', async () => {
    const { Plugins, LuaScripts, StorageDirectory, IndexDirectory, HttpPort, DicomPort, RegisteredUsers, ...rest } =
      await readConfig('orthanc/orthanc.json');
    assert.ok(Plugins && LuaScripts && StorageDirectory && IndexDirectory && HttpPort && DicomPort && RegisteredUsers);
    // Not open to the network while it is tried out.
    await withOrthanc(async ({ client }) => assert.ok(await client.dicomWebPlugin()), {
      extraConfig: { ...rest, RemoteAccessAllowed: false },
    });
  });
});
