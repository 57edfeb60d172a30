import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { openAnalyser, type Analyser } from '../../src/service/open-analyser.js';
import { FilePacs } from '../../src/commands/file-pacs.js';
import { loadConfig, projectRoot } from '../../src/config.js';
import { textOf, type DataSet } from '../../src/dicom/data-set.js';
import { readPart10, writePart10 } from '../../src/dicom/part10.js';
import { derivedUid } from '../../src/dicom/uid.js';
import { Fault } from '../../src/errors.js';
import { silentLog } from '../../src/log.js';
import { supportedTransferSyntaxes } from '../../src/pixels/decode/decode.js';
import { chestPhantom } from '../../src/samples/chest-phantom.js';
import { reportFailure } from '../../src/reporting/report-failure.js';
import { reportStudy } from '../../src/reporting/report-story.js';
import { mutatedCase } from '../support/mutate.js';
import { limitHere } from '../support/machine-speed.js';
import { twoFindingModel } from '../support/two-finding-model.js';

/*
 * Damaged files of every transfer syntax through the whole pipeline: read, route, decode, classify, write the document. To repeat
 * one case: FUZZ_SEED=… FUZZ_CASE=… npm test -- malformed-dicom. To run more cases: FUZZ_CASES=100000.
 */
const seed = process.env['FUZZ_SEED'] ?? 'orthanc-chest-ai';
const only = process.env['FUZZ_CASE'] === undefined ? undefined : Number(process.env['FUZZ_CASE']);
const cases = Number(process.env['FUZZ_CASES'] ?? 10_000);
/** What the issue calls a hang. */
const maxMs = 5_000;
const atOnce = 4;

interface BaseFile {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** What a file has to say of itself to be taken by the shipped rules; laid under what the damaged file still says. */
const asChestXray: DataSet = {
  Modality: 'CR',
  BodyPartExamined: 'CHEST',
  ViewPosition: 'PA',
  SOPClassUID: '1.2.840.10008.5.1.4.1.1.1',
  StudyInstanceUID: derivedUid('fuzz', 'study'),
  SeriesInstanceUID: derivedUid('fuzz', 'series'),
  SOPInstanceUID: derivedUid('fuzz', 'instance'),
};
const asChestCt: DataSet = {
  ...asChestXray,
  Modality: 'CT',
  SOPClassUID: '1.2.840.10008.5.1.4.1.1.2',
  ImageOrientationPatient: [1, 0, 0, 0, 1, 0],
  ImagePositionPatient: [0, 0, 0],
  PixelSpacing: [1, 1],
  RescaleSlope: 1,
  RescaleIntercept: -1024,
  ImageType: ['ORIGINAL', 'PRIMARY', 'AXIAL'],
};

function baseFiles(): readonly BaseFile[] {
  const folder = join(projectRoot, 'tests/fixtures/pixels/synthetic');
  const fixtures = readdirSync(folder)
    .filter((name) => name.endsWith('.dcm'))
    .sort()
    .map((name) => ({ name, bytes: new Uint8Array(readFileSync(join(folder, name))) }));
  const { values, rows, columns, bitsStored, photometricInterpretation } = chestPhantom({
    seed: 'fuzz',
    view: 'frontal',
    rows: 120,
    columns: 100,
  });
  const phantom = writePart10({
    ...asChestXray,
    PatientName: 'FUZZ',
    PatientID: 'FUZZ',
    SamplesPerPixel: 1,
    PhotometricInterpretation: photometricInterpretation,
    Rows: rows,
    Columns: columns,
    BitsAllocated: 16,
    BitsStored: bitsStored,
    HighBit: bitsStored - 1,
    PixelRepresentation: 0,
    PixelData: new Uint8Array(values.buffer),
  });
  return [...fixtures, { name: 'a frontal chest, whole', bytes: phantom }];
}

describe('malformed DICOM files', () => {
  const files = baseFiles();
  let analyser: Analyser;
  before(async () => {
    const config = loadConfig({ MODEL_DIR: twoFindingModel });
    analyser = await openAnalyser(
      {
        ...config,
        engine: { ...config.engine, prefer: 'onnx-cpu', threads: 1 },
        work: { ...config.work, decoders: 2, decodeTimeoutMs: maxMs - 1_000 },
      },
      silentLog,
    );
  });
  after(() => analyser.close());

  test('every transfer syntax is among the files', () => {
    const syntaxes = new Set(files.map(({ bytes }) => readPart10(bytes, { untilPixelData: true }).transferSyntaxUID));
    assert.deepEqual(
      supportedTransferSyntaxes.filter((uid) => !syntaxes.has(uid)),
      [],
    );
  });

  test(`${only === undefined ? `${cases} damaged files` : `case ${only}`} of seed ${seed}: each a result, a skip or a fault`, {
    timeout: 600_000,
  }, async () => {
    const outcomes = new Map<string, number>();
    const slowest = { ms: 0, index: -1 };
    const rssBefore = process.memoryUsage().rss;
    let rssPeak = rssBefore;
    const list = only === undefined ? Array.from({ length: cases }, (_, index) => index) : [only];
    const startedAt = performance.now();
    const cpuBefore = process.cpuUsage();
    const work = async (): Promise<void> => {
      for (let index = list.shift(); index !== undefined; index = list.shift()) {
        const start = performance.now();
        const outcome = await runCase(index).catch((error: unknown) => {
          throw new Error(
            `not a fault; to repeat it: FUZZ_SEED=${seed} FUZZ_CASE=${index} npm test -- malformed-dicom (${files[index % files.length]!.name})\n${error instanceof Error ? error.stack : String(error)}`,
          );
        });
        const ms = performance.now() - start;
        if (ms > slowest.ms) Object.assign(slowest, { ms, index });
        outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
        rssPeak = Math.max(rssPeak, process.memoryUsage().rss);
      }
    };
    await Promise.all(Array.from({ length: atOnce }, work));
    const counted = [...outcomes]
      .sort((a, b) => b[1] - a[1])
      .map(([outcome, n]) => `${outcome} ${n}`)
      .join(', ');
    console.log(
      `${cases} cases of seed ${seed} in ${((performance.now() - startedAt) / 1000).toFixed(1)} s, ${cpuSeconds(cpuBefore).toFixed(1)} s of processor: ${counted}; slowest ${Math.round(slowest.ms)} ms (case ${slowest.index}); memory ${Math.round(rssBefore / 1e6)} MB, at most ${Math.round(rssPeak / 1e6)} MB`,
    );
    assert.ok(rssPeak - rssBefore < 1.5e9, `${Math.round((rssPeak - rssBefore) / 1e6)} MB more than before`);
    if (only === undefined) {
      // The cases reach every part of the story, or they show nothing.
      for (const outcome of ['reported', 'skipped', 'fault dicom-unreadable', 'fault pixels-unreadable', 'fault dicom-attribute'])
        assert.ok((outcomes.get(outcome) ?? 0) > cases / 1000, `${outcome}: ${counted}`);
      assert.ok((outcomes.get('fault timed-out') ?? 0) <= cases / 1000, counted);
    }
  });

  /** @returns what became of it; throws only what is no fault, or too late */
  async function runCase(index: number): Promise<string> {
    const { bytes, random } = mutatedCase(files, seed, index);
    const under = random() < 0.85 ? asChestXray : asChestCt;
    const start = performance.now();
    let dataSet: DataSet;
    let pacs: FilePacs;
    try {
      dataSet = {
        ...under,
        ...readPart10(bytes, { untilPixelData: true }).dataSet,
        ...(random() < 0.9 ? { Modality: under['Modality'], BodyPartExamined: 'CHEST', ViewPosition: 'PA' } : {}),
      };
      pacs = new FilePacs([{ file: 'case', read: async () => bytes, dataSet }]);
    } catch (error) {
      return outcomeOf(error);
    } finally {
      assert.ok(performance.now() - start < limitHere(maxMs), `reading took ${performance.now() - start} ms`);
    }
    const tools = {
      pacs,
      reader: analyser.reader,
      model: () => analyser.model,
      settings: analyser.settings,
      clock: { now: () => new Date(0) },
      log: silentLog,
    };
    const study = { studyInstanceUID: pacs.studyInstanceUID, arrival: {} };
    try {
      const { outcome, documents } = await reportStudy(study, tools);
      assert.ok(outcome !== 'reported' || documents.length > 0);
      for (const { sopInstanceUID } of documents)
        assert.equal(textOf(readPart10(pacs.stored.get(`${sopInstanceUID}.dcm`)!).dataSet, 'StudyInstanceUID'), pacs.studyInstanceUID);
      return outcome;
    } catch (error) {
      const outcome = outcomeOf(error);
      // Either a document reports the failure, or writing it fails as a fault too. Not for every case, because it is slow.
      if (random() < 0.3) await reportFailure(study, error as Fault, tools).catch(outcomeOf);
      return outcome;
    }
  }
});

function cpuSeconds(since: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(since);
  return (user + system) / 1e6;
}

/** What JavaScript says of a mistake of ours; a decoder's thread turns it into a fault, which must not hide it. */
const ours = /Cannot (read|set|destructure|convert)|is not (a function|iterable|defined|a constructor)|Maximum call stack|undefined \(/;

function outcomeOf(error: unknown): string {
  if (error instanceof Fault && !ours.test(error.detail)) return `fault ${error.code}`;
  throw error;
}
