import assert from 'node:assert/strict';
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { projectRoot } from '../../src/config.js';
import { chestAi, objects } from '../support/chest-ai-command.js';
import { startFhirServer } from '../support/fhir-server.js';
import { freePort } from '../support/free-port.js';
import { startMailServer } from '../support/mail-server.js';
import { startMllpServer } from '../support/mllp-server.js';
import { temporaryDirectory, useOrthanc } from '../support/orthanc.js';

describe('doctor beside a real Orthanc', () => {
  const pacs = useOrthanc();
  const folder = temporaryDirectory('doctor');
  const written = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  const access = () => ({
    ORTHANC_URL: pacs.orthanc.url,
    ORTHANC_USERNAME: pacs.orthanc.username,
    ORTHANC_PASSWORD: pacs.orthanc.password,
  });

  interface Check {
    readonly name: string;
    readonly state: 'good' | 'note' | 'bad';
    readonly detail: string;
    readonly fix: string;
  }

  // One index for all examinations: making a new one each time would take two seconds.
  const doctorsIndex = { DATA_DIR: temporaryDirectory('doctors-index') };

  test('doctor: all is well', async () => {
    const run = await chestAi(['doctor'], { ...access(), ...doctorsIndex });
    assert.equal(run.code, 0, run.stdout + run.stderr);
    assert.doesNotMatch(run.stdout, /^BAD/m);
    for (const name of [
      'configuration',
      'routing rules',
      'model and codes',
      'disk',
      'database',
      'Orthanc',
      'DICOMweb',
      'plugins',
      'clock',
      'destinations',
      'storing',
      'metadata',
      'search',
    ]) {
      assert.match(run.stdout, new RegExp(`^ok {4}${name}`, 'm'));
    }
    assert.ok(!run.stdout.includes(pacs.orthanc.password) && !run.stderr.includes(pacs.orthanc.password));
  });

  const brokenModel = (): string => {
    const directory = join(folder, 'model');
    cpSync(join(projectRoot, 'models/starter'), directory, { recursive: true });
    const file = join(directory, 'xray.safetensors');
    const bytes = readFileSync(file);
    bytes[bytes.length - 5]! ^= 1;
    writeFileSync(file, bytes);
    return directory;
  };
  const destined =
    'rules: [{ name: all, when: { modality: CR }, action: analyse, destinations: [{ modality: NOWHERE }, { peer: nobody }] }]\n';
  const cases: readonly {
    readonly name: string;
    readonly environment: () => Promise<Record<string, string>> | Record<string, string>;
    readonly bad: readonly string[];
    readonly detail: RegExp;
    readonly fix: RegExp;
  }[] = [
    {
      name: 'a wrong password',
      environment: () => ({ ORTHANC_PASSWORD: 'not-the-password' }),
      bad: ['Orthanc'],
      detail: /refuses our credentials/,
      fix: /ORTHANC_PASSWORD/,
    },
    {
      name: 'an Orthanc that is not there',
      environment: async () => ({ ORTHANC_URL: `http://127.0.0.1:${await freePort()}` }),
      bad: ['Orthanc'],
      detail: /does not answer/,
      fix: /ORTHANC_URL/,
    },
    {
      name: 'a wrong path of DICOMweb',
      environment: () => ({ CONFIG_FILE: written('path.yaml', 'orthanc:\n  dicomWebPath: /dicomweb\n') }),
      bad: ['DICOMweb'],
      detail: /404/,
      fix: /dicomWebPath; tried: .*\/dicomweb$/,
    },
    {
      name: 'destinations that Orthanc does not know',
      environment: () => ({ ROUTING_FILE: written('destined.yaml', destined) }),
      bad: ['destinations'],
      detail: /NOWHERE, nobody/,
      fix: /DicomModalities/,
    },
    {
      name: 'one byte of the weights changed',
      environment: () => ({ MODEL_DIR: brokenModel() }),
      bad: ['model and codes'],
      detail: /sha256.*xray\.safetensors/,
      fix: /restore models/,
    },
    {
      name: 'a mistake in the routing rules',
      environment: () => ({
        ROUTING_FILE: written('broken.yaml', 'rules:\n  - name: all\n    when: { modalty: CR }\n    action: analyse\n'),
      }),
      bad: ['routing rules', 'destinations'],
      detail: /broken\.yaml:3: .*modalty/,
      fix: /where the message says/,
    },
    {
      name: 'a mistake in the configuration',
      environment: () => ({ CONFIG_FILE: written('config.yaml', 'log:\n  level: loud\n') }),
      bad: ['configuration'],
      detail: /config\.yaml:2: log\.level/,
      fix: /that the message names/,
    },
  ];
  for (const { name, environment, bad, detail, fix } of cases) {
    test(`doctor: ${name}`, async () => {
      const run = await chestAi(['doctor', '--json'], { ...access(), ...doctorsIndex, ...(await environment()) });
      assert.equal(run.code, 1, run.stdout);
      const found = objects<Check>(run).filter((one) => one.state === 'bad');
      assert.deepEqual(
        found.map((one) => one.name),
        bad,
        run.stdout,
      );
      assert.match(found[0]!.detail, detail);
      assert.match(found[0]!.fix, fix);
      assert.ok(!run.stdout.includes(pacs.orthanc.password) && run.stderr === '', run.stderr);
    });
  }

  test('doctor: channels for messages, which are sent nothing', async () => {
    const [ris, fhir, mail] = [await startMllpServer(), await startFhirServer(), await startMailServer()];
    try {
      const email = {
        host: '127.0.0.1',
        port: mail.port,
        encryption: 'none',
        from: 'ai@hospital.example',
        to: ['on-call@hospital.example'],
      };
      const patient = ['id', 'name', 'birthDate', 'sex'];
      const channels = [
        { name: 'ris', hl7: { host: '127.0.0.1', port: ris.port } },
        { name: 'fhir', fhir: { url: fhir.url } },
        { name: 'mail', email },
        { name: 'here', dicom: {} },
        { name: 'no-ris', hl7: { host: '127.0.0.1', port: await freePort() } },
        { name: 'no-hook', webhook: { url: `https://127.0.0.1:${ris.port}/`, secret: 'a secret of this test', timeoutMs: 5_000 } },
        { name: 'no-mail', email: { ...email, port: await freePort() } },
        { name: 'no-workstation', dicom: { modality: 'NOWHERE' }, patient },
      ];
      const file = written('channels.json', JSON.stringify({ messages: { channels } }));
      const run = await chestAi(['doctor', '--json'], { ...access(), ...doctorsIndex, CONFIG_FILE: file });
      const checks = objects<Check>(run);
      const detailOf = (name: string): string => {
        const check = checks.find((one) => one.name === `channel ${name}`)!;
        return `${check.state}: ${check.detail}`;
      };
      assert.match(detailOf('ris'), /^good: hl7: .* accepts connections/);
      assert.match(detailOf('fhir'), /^good: fhir: .* accepts the search/);
      assert.match(detailOf('mail'), /^good: email: .* answers/);
      assert.match(detailOf('here'), /^good: dicom: Orthanc 1\./);
      assert.match(detailOf('no-ris'), /^bad: .*no connection \(ECONNREFUSED\)/);
      assert.match(detailOf('no-hook'), /^bad: .*(TLS|connection)/);
      assert.match(detailOf('no-mail'), /^bad: .*ECONN/);
      assert.match(detailOf('no-workstation'), /^bad: .*Orthanc has no modality NOWHERE/);
      assert.deepEqual([ris.received.length, mail.received.length], [0, 0]);
      assert.ok(!run.stdout.includes('a secret of this test'));
    } finally {
      await Promise.all([ris.stop(), fhir.stop(), mail.close()]);
    }
  });
});
