import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { checkPacs } from '../../src/monitoring/pacs-checks.js';
import { studySearch } from '../../src/reporting/study-search.js';
import { textOf } from '../../src/dicom/data-set.js';
import { everyStudyRow } from '../../src/reporting/every-study.js';
import { chestAi, objects } from '../support/chest-ai-command.js';
import { eventually } from '../support/eventually.js';
import { isFault } from '../support/fault.js';
import { assertNothingRuns, temporaryDirectory, withOrthanc, type TestOrthanc } from '../support/orthanc.js';
import { spawnService } from '../support/service.js';
import { tinyImage } from '../support/tiny-image.js';

interface Check {
  readonly name: string;
  readonly state: string;
  readonly detail: string;
  readonly fix: string;
}

const environmentOf = ({ orthanc }: TestOrthanc) => ({
  ORTHANC_URL: orthanc.url,
  ORTHANC_USERNAME: orthanc.username,
  ORTHANC_PASSWORD: orthanc.password,
});

async function doctorSays(pacs: TestOrthanc, name: string): Promise<{ readonly check: Check; readonly code: number | null }> {
  const run = await chestAi(['doctor', '--json'], environmentOf(pacs), 300_000);
  const check = objects<Check>(run).find((one) => one.name === name);
  assert.ok(check, run.stdout + run.stderr);
  return { check, code: run.code };
}

/** What the service writes in its first seconds. */
async function startSays(pacs: TestOrthanc, expected: RegExp): Promise<void> {
  const service = await spawnService(pacs.orthanc, { dataDir: temporaryDirectory('settings'), environment: { ENGINE: 'onnx-cpu' } });
  try {
    await eventually('the line', () => assert.match(service.output(), expected), { timeoutMs: 60_000 });
    assert.equal(
      service
        .output()
        .split('\n')
        .filter((line) => expected.test(line)).length,
      1,
      'one line',
    );
  } finally {
    await service.kill();
  }
}

describe('settings of Orthanc that hospitals have', () => {
  after(assertNothingRuns);

  for (const limit of [1, 4]) {
    test(`LimitFindResults ${limit}: every study is reached, by date too, and doctor says what it costs`, async () => {
      await withOrthanc(
        async (pacs) => {
          const dates = Array.from({ length: 12 }, (_, index) => `2026010${index % 3}`);
          await pacs.dicomWeb.storeInstances(
            dates.map((StudyDate, index) => tinyImage({ study: `limited ${limit} ${index}` }, { StudyDate }).bytes),
          );
          const found = async (query: Readonly<Record<string, string>>): Promise<number> => {
            const uids = new Set<string>();
            for await (const page of everyStudyRow(studySearch({ dicomWeb: pacs.dicomWeb, orthanc: pacs.client }), query))
              for (const one of page) uids.add(textOf(one, 'StudyInstanceUID')!);
            return uids.size;
          };
          assert.equal(await found({}), 12);
          assert.equal(await found({ StudyDate: '20260101-' }), 8);
          const run = await chestAi(['routes', 'test', '--json'], environmentOf(pacs), 300_000);
          assert.equal(objects(run).length, 12, run.stderr);
          // Orthanc 1.12 gives the rest on further pages; 1.10 gives none.
          const search = (await checkPacs({ orthanc: pacs.client, dicomWeb: pacs.dicomWeb })).find((one) => one.name === 'search')!;
          if ((await pacs.client.system()).version.startsWith('1.10'))
            assert.deepEqual([search.state, /LimitFindResults.*to 0/.test(search.fix)], ['note', true]);
        },
        { extraConfig: { LimitFindResults: limit } },
      );
    });
  }

  for (const [setting, mode] of [
    ['StudiesMetadata', 'MainDicomTags'],
    ['StudiesMetadata', 'Extrapolate'],
    ['SeriesMetadata', 'MainDicomTags'],
  ] as const) {
    test(`DicomWeb.${setting} ${mode}: doctor says so, with the correction, and so does the fault`, async () => {
      await withOrthanc(
        async (pacs) => {
          const image = tinyImage({ study: `partial ${setting} ${mode}` });
          await pacs.dicomWeb.storeInstances([image.bytes]);
          const { check, code } = await doctorSays(pacs, 'metadata');
          assert.deepEqual([check.state, code], ['bad', 1]);
          assert.match(check.detail, new RegExp(setting));
          assert.match(check.fix, /StudiesMetadata and SeriesMetadata to "Full" under DicomWeb/);
          const ask =
            setting === 'StudiesMetadata'
              ? pacs.dicomWeb.retrieveStudyMetadata(image.studyInstanceUID)
              : pacs.dicomWeb.retrieveSeriesMetadata(image.studyInstanceUID, image.seriesInstanceUID);
          await assert.rejects(ask, isFault('pacs-malformed', { detail: new RegExp(`set DicomWeb\\.${setting} to "Full"`) }));
        },
        {
          extraConfig: {
            DicomWeb: { Enable: true, Root: '/dicom-web/', StudiesMetadata: 'Full', SeriesMetadata: 'Full', [setting]: mode },
          },
        },
      );
    });
  }

  test('an account that may not store: doctor and the start say so in one line, with the correction', async () => {
    const filter = join(temporaryDirectory('filter'), 'read-only.lua');
    writeFileSync(
      filter,
      "function IncomingHttpRequestFilter(method, uri, ip, username, httpHeaders)\n  return not (method == 'POST' and uri:match('^/dicom%-web/studies'))\nend\n",
    );
    await withOrthanc(
      async (pacs) => {
        const { check, code } = await doctorSays(pacs, 'storing');
        assert.deepEqual([check.state, code], ['bad', 1]);
        assert.match(check.detail, /refuses STOW-RS/);
        assert.match(check.fix, /ORTHANC_USERNAME/);
        await startSays(pacs, /warn .*refuses STOW-RS.*fix=.*ORTHANC_USERNAME/);
      },
      { luaScripts: [filter] },
    );
  });

  test('a PACS with nothing in the way: asking whether it stores stores nothing', async () => {
    await withOrthanc(async (pacs) => {
      assert.deepEqual(
        (await checkPacs({ orthanc: pacs.client, dicomWeb: pacs.dicomWeb })).map((one) => one.state),
        ['good', 'good', 'good'],
      );
      assert.equal(await pacs.client.countStudies(), 0);
      assert.equal(await pacs.client.lastChange(), 0);
    });
  });

  test('an Orthanc that says that it is read-only', async () => {
    await withOrthanc(async (pacs) => {
      const orthanc = {
        system: async () => ({ ...(await pacs.client.system()), isReadOnly: true }),
        countStudies: () => pacs.client.countStudies(),
        listStudies: (since: number, limit: number) => pacs.client.listStudies(since, limit),
      };
      const [storing] = await checkPacs({ orthanc, dicomWeb: pacs.dicomWeb });
      assert.deepEqual([storing!.state, /read-only/.test(storing!.detail), /ReadOnly to false/.test(storing!.fix)], ['bad', true, true]);
    });
  });
});
