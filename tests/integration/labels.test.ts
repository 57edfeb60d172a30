import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { projectRoot } from '../../src/config.js';
import { silentLog } from '../../src/log.js';
import { openStore } from '../../src/store/store.js';
import { indexedAssessment } from '../../src/assessments/indexed-assessment.js';
import { readAssessments } from '../../src/assessments/assessments-in-pacs.js';
import { orthancLabelPorts } from '../../src/assessments/orthanc-labels.js';
import { syncOrthancLabels } from '../../src/assessments/sync-orthanc-labels.js';
import { temporaryDirectory, useOrthanc } from '../support/orthanc.js';
import { sendByStow } from '../support/send.js';
import { tinyImage } from '../support/tiny-image.js';
import { twoFindingModel } from '../support/two-finding-model.js';

describe('labels from a list and from Orthanc', () => {
  const pacs = useOrthanc();

  function command(
    args: readonly string[],
    dataDir = temporaryDirectory('labels'),
  ): Promise<{ readonly status: number; readonly out: string; readonly err: string }> {
    const { url, username, password } = pacs.orthanc;
    const env = {
      PATH: process.env['PATH'],
      ORTHANC_URL: url,
      ORTHANC_USERNAME: username,
      ORTHANC_PASSWORD: password,
      DATA_DIR: dataDir,
      MODEL_DIR: twoFindingModel,
    };
    return new Promise((resolve) => {
      execFile(process.execPath, [join(projectRoot, 'dist/src/cli.js'), ...args], { cwd: projectRoot, env }, (error, out, err) =>
        resolve({ status: error ? Number(error.code ?? 1) : 0, out, err }),
      );
    });
  }

  function list(text: string): string {
    const file = join(temporaryDirectory('list'), 'labels.csv');
    writeFileSync(file, text);
    return file;
  }

  test("a list becomes assessments in Orthanc in the reader's name; imported again, nothing new", async () => {
    const [one, two, three] = ['label one', 'label two', 'label three'].map((study, index) =>
      tinyImage({ study }, { AccessionNumber: index < 2 ? `ACC-${index}` : 'ACC-twice', PatientID: `LABEL-${index}` }),
    );
    const twin = tinyImage({ study: 'label twin' }, { AccessionNumber: 'ACC-twice', PatientID: 'LABEL-4' });
    await sendByStow(
      [one!, two!, three!, twin].map(({ bytes }) => bytes),
      pacs.dicomWeb,
    );
    const file = list(
      `accession,StudyInstanceUID,pneumonia,covid-19\nACC-0,,1,0\n,${two!.studyInstanceUID},0,\nACC-9,,1,1\nACC-twice,,1,\nACC-*,,1,\n`,
    );
    const first = await command(['labels', 'import', file, '--reader', 'meier', '--json']);
    assert.equal(first.status, 1, first.err);
    const { stored, known, refused } = JSON.parse(first.out) as {
      stored: number;
      known: number;
      refused: { line: number; code: string }[];
    };
    assert.deepEqual(
      { stored, known, refused: refused.map(({ line, code }) => `${line} ${code}`) },
      { stored: 2, known: 0, refused: ['4 pacs-not-found', '5 study-ambiguous', '6 dataset-invalid'] },
    );
    assert.ok(!first.out.includes('ACC-'), "an accession number is the patient's");

    const [assessment, ...others] = readAssessments(await pacs.dicomWeb.retrieveStudyMetadata(one!.studyInstanceUID));
    assert.equal(others.length, 0);
    assert.deepEqual(
      [assessment!.assessment.reader, assessment!.assessment.origin, assessment!.assessment.verified],
      ['meier', 'csv', false],
    );
    assert.deepEqual(
      assessment!.assessment.findings.map(({ concept, decision, comparison }) => `${concept.meaning} ${decision} ${comparison}`),
      ['COVID-19 absent added', 'Pneumonia present added'],
    );

    const again = JSON.parse((await command(['labels', 'import', file, '--reader', 'meier', '--json'])).out) as {
      stored: number;
      known: number;
    };
    assert.deepEqual([again.stored, again.known], [0, 2]);
    assert.equal((await pacs.dicomWeb.retrieveStudyMetadata(one!.studyInstanceUID)).length, 2);
  });

  test('the command lists what readers say together, and where they disagree', async () => {
    const dataDir = temporaryDirectory('labels');
    const { studyInstanceUID, bytes } = tinyImage({ study: 'label listed' });
    await sendByStow([bytes], pacs.dicomWeb);
    for (const [reader, value] of [
      ['meier', '1'],
      ['schulz', '0'],
    ] as const) {
      assert.equal(
        (await command(['labels', 'import', list(`study,pneumonia,covid-19\n${studyInstanceUID},${value},0\n`), '--reader', reader]))
          .status,
        0,
      );
    }
    const store = await openStore({ dataDir: join(dataDir, 'index') }, silentLog);
    const names: Readonly<Record<string, string>> = { '233604007': 'pneumonia', '840539006': 'covid-19' };
    for (const { reference, assessment } of readAssessments(await pacs.dicomWeb.retrieveStudyMetadata(studyInstanceUID)))
      await store.assessments.record(indexedAssessment(reference, assessment, ({ value }) => names[value])!);
    await store.close();
    const all = (await command(['labels', 'list', '--json'], dataDir)).out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { finding: string; state: string; decision?: string });
    assert.deepEqual(
      all.map(({ finding, state, decision }) => [finding, state, decision]),
      [
        ['covid-19', 'agreed', 'absent'],
        ['pneumonia', 'disagreed', undefined],
      ],
    );
    const text = (await command(['labels', 'list', '--disagreed'], dataDir)).out;
    assert.match(text, /pneumonia {2}DISAGREED {2}meier: present, csv .*; schulz: absent, csv/);
    assert.match(text, /1 agreed, 1 disagreed/);
  });

  test('labels of Orthanc itself, where it has them', async (context) => {
    const { version } = await pacs.client.system();
    const { studyInstanceUID, bytes } = tinyImage({ study: 'label in orthanc' });
    await sendByStow([bytes], pacs.dicomWeb);
    const store = await openStore({ dataDir: temporaryDirectory('labels') }, silentLog);
    try {
      const tools = orthancLabelPorts({ orthanc: pacs.client, store, findings: ['pneumonia', 'covid-19'], log: silentLog });
      if ((await pacs.client.labels()) === undefined) {
        assert.equal(await syncOrthancLabels(tools), false, 'an older Orthanc is no fault');
        context.skip(`Orthanc ${version} has no labels (1.12 has)`);
        return;
      }
      const id = (await pacs.client.findStudy(studyInstanceUID))!;
      await pacs.client.setLabel(id, 'pneumonia');
      await pacs.client.setLabel(id, 'no-covid-19');
      assert.equal(await syncOrthancLabels(tools), true);
      assert.deepEqual(
        (await store.labels.ofStudy(studyInstanceUID)).map(({ finding, decision, source }) => [finding, decision, source]),
        [
          ['covid-19', 'absent', 'orthanc-label'],
          ['pneumonia', 'present', 'orthanc-label'],
        ],
      );
      await syncOrthancLabels(tools);
      assert.equal(await store.labels.count(), 2);
    } finally {
      await store.close();
    }
  });
});
