import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { join } from 'node:path';
import { startService, type RunningService } from '../../src/service/start-service.js';
import { softwareVersion } from '../../src/software-version.js';
import { openReader } from '../../src/serving/image-reader.js';
import { projectRoot } from '../../src/config.js';
import { PictureCache } from '../../src/dataset/picture-cache.js';
import { writePart10 } from '../../src/dicom/part10.js';
import { derivedUid, type StudyInstanceUID } from '../../src/dicom/uid.js';
import type { Log } from '../../src/log.js';
import { silentLog } from '../../src/log.js';
import type { GreyImage } from '../../src/pixels/image.js';
import { driftReportSchema, type DriftReport } from '../../src/evaluation/drift/drift-report.js';
import { openRegistry } from '../../src/registry/registry.js';
import { startEngine } from '../../src/engine/start-engine.js';
import { retrainModel } from '../../src/retraining/retrain-model.js';
import { recordAssessment } from '../../src/assessments/assessment-story.js';
import { pacsOf } from '../../src/reporting/orthanc-pacs.js';
import { logInFirst } from '../support/access.js';
import { eventually } from '../support/eventually.js';
import { temporaryDirectory, useOrthanc } from '../support/orthanc.js';
import { blindCandidate, phantomRetraining, phantomPatient, plannedPhantoms, usualPart } from '../support/phantom-patients.js';
import { sendByStow } from '../support/send.js';
import { configFor } from '../support/service.js';
import { defaultPromotionRules } from '../../src/evaluation/promotion/promotion-rules.js';
import { fastaiRecipe } from '../../src/training/recipe.js';
import { noTransforms } from '../../src/dataset/augmentation.js';
import { twoFindingModel } from '../support/two-finding-model.js';

const patients = 224;
const studiesOfSite = 40;
const drift = { minStudies: 35, sites: { North: ['NORTH HOSPITAL'], South: ['SOUTH*'] } };

describe('drift at a site', () => {
  const pacs = useOrthanc();
  const dataDir = temporaryDirectory('drift');
  const warnings: { readonly message: string; readonly fields: Readonly<Record<string, unknown>> }[] = [];
  const log: Log = { ...silentLog, warn: (message, fields = {}) => void warnings.push({ message, fields }) };
  let service: RunningService;

  before(async () => {
    // A model that was really trained here, so that it brings its own reference.
    const directory = temporaryDirectory('drift-model');
    const registry = openRegistry(join(directory, 'models'));
    const blind = await registry.add(blindCandidate());
    const pictures = join(directory, 'pictures');
    const cache = new PictureCache(pictures, blind.networks.xray!.input);
    // Read as in a retraining run: the decoded picture differs from the phantom.
    const reader = openReader(configFor(pacs.orthanc), { xray: { width: cache.width, height: cache.height }, ct: undefined });
    const images = await plannedPhantoms(
      cache,
      0,
      patients,
      usualPart,
      undefined,
      async ({ number, image }) => (await reader.readXray(fileOf('training', number, image, 'Phantom'))).image,
    );
    await reader.close();
    const tagged = images.map((image) => ({
      ...image,
      site: 'North',
      tags: { Modality: 'CR', Manufacturer: 'PHANTOM', ViewPosition: 'PA' },
    }));
    const engine = await startEngine({ prefer: 'onnx-cpu', log: silentLog });
    try {
      const recipe = {
        ...fastaiRecipe,
        seed: 1,
        batch: phantomRetraining.batch,
        stages: [{ what: 'all' as const, epochs: 2, rate: phantomRetraining.rate, firstRate: phantomRetraining.rate }],
        augmentation: noTransforms,
      };
      const plan = {
        id: 'retraining-1',
        startedAt: '2026-01-01T00:00:00.000Z',
        by: 'test',
        champion: blind.version,
        best: [],
        classes: ['pneumonia'],
        objective: 'several' as const,
        images: tagged,
        recipe,
        rules: defaultPromotionRules,
        lock: 'l',
        warnings: [],
      };
      const trained = await retrainModel(plan, {
        registry,
        engine,
        pictures,
        directory,
        findings: {},
        workers: 1,
        codeVersion: softwareVersion,
        clock: { now: () => new Date() },
      });
      assert.ok(trained.finished);
      const version = await registry.load(trained.challenger);
      const reference = version.reference!.xray!;
      assert.deepEqual(Object.keys(reference.sites), ['North']);
      assert.equal(reference.all.images, images.filter(({ part }) => part !== 'test').length);
      assert.deepEqual(Object.keys(reference.all.numbers).sort(), [
        'feature:distance',
        'input:mean',
        'input:p05',
        'input:p50',
        'input:p95',
        'input:sd',
        'output:pneumonia',
      ]);
      assert.deepEqual(reference.all.names['tag:Manufacturer'], { PHANTOM: reference.all.images });
      const config = configFor(pacs.orthanc, { dataDir, work: { studies: 4 } });
      service = await startService(
        {
          ...config,
          model: { ...config.model, directory: version.directory },
          report: { ...config.report, heatMaps: false },
          drift: { ...config.drift, ...drift },
        },
        log,
      );
    } finally {
      await engine.close();
    }
  });
  after(async () => {
    await service.stop();
  });

  function study(
    site: string,
    number: number,
    seed: number,
    inverted: boolean,
    manufacturer: string,
  ): { readonly studyInstanceUID: StudyInstanceUID; readonly file: Uint8Array } {
    const { image } = phantomPatient(10_000 * seed + number);
    const name = `${site} ${seed} ${number}`;
    const shown = inverted ? { ...image, values: image.values.map((value) => 1 - value) } : image;
    return { studyInstanceUID: derivedUid<StudyInstanceUID>('drift study', name), file: fileOf(name, number, shown, manufacturer, site) };
  }

  function fileOf(name: string, number: number, image: GreyImage, manufacturer: string, site = 'NORTH HOSPITAL'): Uint8Array {
    const studyInstanceUID = derivedUid<StudyInstanceUID>('drift study', name);
    const stored = Uint16Array.from(image.values, (value) => Math.round(value * 4095));
    return writePart10({
      SOPClassUID: '1.2.840.10008.5.1.4.1.1.1',
      SOPInstanceUID: derivedUid('drift image', name, String(number)),
      StudyInstanceUID: studyInstanceUID,
      SeriesInstanceUID: derivedUid('drift series', name),
      StudyDate: '20260102',
      StudyTime: '101112',
      AccessionNumber: '',
      StudyID: '1',
      PatientName: `SECRET^${number}`,
      PatientID: `SECRET-${name}`,
      PatientBirthDate: '',
      PatientSex: 'O',
      ReferringPhysicianName: '',
      Modality: 'CR',
      BodyPartExamined: 'CHEST',
      ViewPosition: 'PA',
      Manufacturer: manufacturer,
      InstitutionName: site,
      SeriesNumber: 1,
      InstanceNumber: 1,
      SamplesPerPixel: 1,
      PhotometricInterpretation: 'MONOCHROME2',
      Rows: image.height,
      Columns: image.width,
      BitsAllocated: 16,
      BitsStored: 12,
      HighBit: 11,
      PixelRepresentation: 0,
      PixelData: new Uint8Array(stored.buffer),
    });
  }

  async function send(studies: readonly { readonly studyInstanceUID: StudyInstanceUID; readonly file: Uint8Array }[]): Promise<void> {
    await sendByStow(
      studies.map(({ file }) => file),
      pacs.dicomWeb,
    );
    await eventually(
      'every study is analyzed',
      async () => {
        const counts = await service.store.statistics.since(new Date(0));
        const analyzed = new Set(counts.map(({ studyInstanceUID }) => studyInstanceUID));
        assert.equal(studies.filter(({ studyInstanceUID }) => !analyzed.has(studyInstanceUID)).length, 0);
      },
      { timeoutMs: 150_000, intervalMs: 500 },
    );
  }

  test('a site whose pictures are turned round raises the alarm, one whose machine is another too, the site of the training does not', {
    timeout: 300_000,
  }, async () => {
    const many = (site: string, seed: number, inverted = false, manufacturer = 'Phantom'): ReturnType<typeof study>[] =>
      Array.from({ length: studiesOfSite }, (_, number) => study(site, number, seed, inverted, manufacturer));
    await send([...many('NORTH HOSPITAL', 1), ...many('South Clinic', 2, true), ...many('A third house', 3, false, 'Other')]);
    const { base, headers } = await signedIn();
    assert.equal((await fetch(`${base}/api/drift/check`, { method: 'POST', headers })).status, 202);
    const shown = await eventually(
      'a look',
      async () => {
        const drift = (await (await fetch(`${base}/api/drift`, { headers })).json()) as {
          report?: { groups: { site: string; studies: number }[]; withoutReference: string[] };
          alarms: { id: string; site: string; quantity: string; acknowledged?: unknown }[];
        };
        assert.ok(drift.report);
        return drift;
      },
      { timeoutMs: 30_000 },
    );
    assert.deepEqual(shown.report!.withoutReference, []);
    const alarmsOf = (site: string): readonly string[] => shown.alarms.filter((one) => one.site === site).map(({ quantity }) => quantity);
    const third = shown.report!.groups.map(({ site }) => site).find((site) => site !== 'North' && site !== 'South')!;
    assert.match(third, /^site-[0-9a-f]{8}$/, 'an institution that nobody named is a keyed hash');
    assert.deepEqual(alarmsOf('North'), [], JSON.stringify(shown.report));
    assert.ok(
      alarmsOf('South').some((quantity) => quantity.startsWith('input:')),
      alarmsOf('South').join(' '),
    );
    assert.deepEqual(alarmsOf(third), ['tag:Manufacturer']);

    const driftWarnings = warnings.filter(({ message }) => message.startsWith('drift'));
    assert.equal(driftWarnings.length, shown.alarms.length);
    const text = JSON.stringify(warnings);
    for (const secret of ['SECRET', 'NORTH HOSPITAL', 'South Clinic', 'A third house', 'OTHER', 'Other'])
      assert.ok(!text.includes(secret), secret);

    const figures = await (await fetch(`${base}/metrics`, { headers })).text();
    assert.match(figures, new RegExp(`chest_ai_drift_alarm{site="${third}",network="xray",quantity="tag:Manufacturer"} 1`));
    assert.match(figures, /chest_ai_drift_alarm{site="North",network="xray",quantity="input:mean"} 0/);
    assert.match(figures, new RegExp(`chest_ai_drift_alarms_unacknowledged ${shown.alarms.length}\\n`));
    assert.match(figures, new RegExp(`chest_ai_info{version="${softwareVersion}",model="${service.model.version}"} 1`));

    const health = (await (await fetch(`${base}/health`, { headers })).json()) as { ok: boolean; drift: string };
    assert.deepEqual([health.ok, health.drift], [true, `${shown.alarms.length} alarms to acknowledge`], 'drift is no reason not to serve');
    for (const { id } of shown.alarms)
      assert.equal((await fetch(`${base}/api/drift/alarms/${id}/acknowledge`, { method: 'POST', headers })).status, 204);
    assert.equal((await fetch(`${base}/api/drift/alarms/${shown.alarms[0]!.id}/acknowledge`, { method: 'POST', headers })).status, 400);
    // /health shares one check among all requests within a second.
    await eventually('health without an alarm', async () =>
      assert.equal(((await (await fetch(`${base}/health`, { headers })).json()) as { drift: string }).drift, 'none'),
    );
    assert.ok((await service.store.audit.list({ limit: 50 })).some(({ action }) => action === 'drift.acknowledge'));
  });

  test("an alarm lasts while it lasts, acknowledged stays acknowledged, and readers' assessments give the agreement", async () => {
    const { settings } = service;
    const reported = (await service.store.results.listResults({ outcome: 'reported', limit: 200 })).results.find(({ findings }) =>
      findings.some(({ decision }) => decision !== 'undetermined'),
    );
    assert.ok(reported, 'a study with a decided finding');
    const tools = {
      pacs: pacsOf(pacs.dicomWeb),
      clock: { now: () => new Date() },
      softwareVersion: 'test',
      seriesNumber: 9910,
      termsOf: settings.termsOf,
      codes: settings.codes,
    };
    await recordAssessment(
      {
        studyInstanceUID: reported.studyInstanceUID as StudyInstanceUID,
        reader: { name: 'meier' },
        findings: [{ name: 'pneumonia', decision: reported.findings[0]!.decision }],
        origin: 'page',
      },
      tools,
    );
    await service.assessments.index(reported.studyInstanceUID as StudyInstanceUID);
    const before = warnings.length;
    const lookedAt = async (): Promise<DriftReport> => driftReportSchema.parse(await service.store.drift.report());
    const first = (await lookedAt()).madeAt;
    const alarms = await service.store.drift.alarms();
    const { base, headers } = await signedIn();
    await fetch(`${base}/api/drift/check`, { method: 'POST', headers });
    await eventually('a second look', async () => assert.ok((await lookedAt()).madeAt > first), { timeoutMs: 30_000 });
    assert.deepEqual(
      (await lookedAt()).groups.flatMap(({ agreement }) =>
        agreement.map(({ finding, lately, alarm }) => [finding, lately.confirmed, lately.n, alarm]),
      ),
      [['pneumonia', 1, 1, false]],
    );
    const after = await service.store.drift.alarms();
    assert.deepEqual(
      after.map(({ id, acknowledgedBy }) => [id, acknowledgedBy]),
      alarms.map(({ id, acknowledgedBy }) => [id, acknowledgedBy]),
    );
    assert.equal(warnings.slice(before).filter(({ message }) => message.startsWith('drift')).length, 0, 'logged once');
  });

  test('the command line lists the same alarms and exits with the status for them', async () => {
    const alarms = (await service.store.drift.alarms()).map(({ site, quantity }) => `${site} ${quantity}`).sort();
    await service.stop();
    const settings = join(dataDir, 'settings.yaml');
    writeFileSync(settings, JSON.stringify({ drift }));
    const { status, out } = await new Promise<{ readonly status: number; readonly out: string }>((resolve) =>
      execFile(
        process.execPath,
        [join(projectRoot, 'dist/src/cli.js'), 'drift', '--json'],
        { cwd: projectRoot, env: { PATH: process.env['PATH'], CONFIG_FILE: settings, DATA_DIR: dataDir, MODEL_DIR: twoFindingModel } },
        (error, text) => resolve({ status: error ? Number(error.code) : 0, out: text }),
      ),
    );
    assert.equal(status, 3, 'something has moved');
    const report = driftReportSchema.parse(JSON.parse(out));
    assert.deepEqual(
      report.groups
        .flatMap(({ site, quantities }) => quantities.filter(({ alarm }) => alarm).map(({ quantity }) => `${site} ${quantity}`))
        .sort(),
      alarms,
    );
  });

  async function signedIn(): Promise<{ readonly base: string; readonly headers: Record<string, string> }> {
    signed ??= await logInFirst(service.url, dataDir);
    return { base: service.url, headers: { cookie: signed.cookie, origin: signed.origin } };
  }
  let signed: Awaited<ReturnType<typeof logInFirst>> | undefined;
});
