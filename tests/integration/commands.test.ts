import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import sharp from 'sharp';
import { projectRoot } from '../../src/config.js';
import { readPart10 } from '../../src/dicom/part10.js';
import { legendHeight } from '../../src/pixels/heat-map.js';
import { presentXray } from '../../src/pixels/xray.js';
import { sampleStudies, type SampleStudy } from '../../src/samples/sample-studies.js';
import { readReport } from '../../src/sr/read-report.js';
import { chestStudy } from '../support/chest-study.js';
import { eventually } from '../support/eventually.js';
import { freePort } from '../support/free-port.js';
import { assertNothingRuns, temporaryDirectory, useOrthanc } from '../support/orthanc.js';
import { sendByCStore, sendByStow } from '../support/send.js';
import { startTestService } from '../support/service.js';
import { tinyImage } from '../support/tiny-image.js';
import { validateDocument } from '../support/validate-document.js';

interface Run {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly lines: readonly string[];
}

/** The program as a user calls it, in an environment of its own. */
function chestAi(args: readonly string[], environment: Readonly<Record<string, string>> = {}, timeoutMs = 60_000): Promise<Run> {
  const env = { PATH: process.env['PATH'], DATA_DIR: temporaryDirectory('command'), ENGINE: 'onnx-cpu', PORT: '0', ...environment };
  return new Promise((resolve) => {
    execFile(process.execPath, [join(projectRoot, 'dist/src/cli.js'), ...args], { cwd: projectRoot, env, timeout: timeoutMs, maxBuffer: 2 ** 24 }, (error, stdout, stderr) => {
      const code = error === null ? 0 : typeof error.code === 'number' ? error.code : null;
      resolve({ code, stdout, stderr, lines: stdout.split('\n').filter((line) => line !== '') });
    });
  });
}

const objects = <T>({ lines }: Run): readonly T[] => lines.map((line) => JSON.parse(line) as T);

interface Analyzed {
  readonly file: string;
  readonly studyInstanceUID?: string;
  readonly outcome: 'reported' | 'skipped' | 'failed';
  readonly reason?: string;
  readonly findings: readonly { readonly name: string; readonly code: string; readonly probability: number; readonly decision: string }[];
  readonly engine: string;
  readonly modelVersion: string;
}

/** The contract of `analyze --json`: more keys are welcome, these stay. */
function assertShape(result: Analyzed): void {
  assert.equal(typeof result.file, 'string');
  assert.ok(['reported', 'skipped', 'failed'].includes(result.outcome));
  assert.match(result.engine, /onnxruntime/);
  assert.match(result.modelVersion, /^[0-9a-f]{12}$/);
  assert.ok(Array.isArray(result.findings));
  if (result.outcome === 'reported') {
    assert.equal(result.reason, undefined);
    assert.ok(result.findings.length > 0);
  } else {
    assert.ok(result.reason && !/undefined|\[object|\n/.test(result.reason), `a reason in one sentence, found ${result.reason}`);
    assert.deepEqual(result.findings, []);
  }
  for (const { name, code, probability, decision } of result.findings) {
    assert.ok(name.length > 0 && code.length > 0);
    assert.ok(probability >= 0 && probability <= 1);
    assert.ok(['present', 'absent', 'undetermined'].includes(decision));
  }
}

/** dcmtk's reading of a document, as the text that a person sees. @returns undefined where dcmtk is not installed */
function dsr2html(file: string): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    execFile('dsr2html', [file], (error, stdout) => {
      if ((error as NodeJS.ErrnoException | null)?.code === 'ENOENT') resolve(undefined);
      else if (error) reject(error);
      else resolve(stdout.replace(/<[^>]*>/g, ' ').replace(/\s+/g, ' '));
    });
  });
}

const samples = (): Readonly<Record<'opacity' | 'lateral' | 'hand' | 'ct', SampleStudy>> => {
  const all = sampleStudies('commands', { scale: 0.25, ctSlices: 32 });
  const titled = (text: string): SampleStudy => all.find((one) => one.title.includes(text))!;
  return { opacity: titled('opacity'), lateral: titled('lateral'), hand: titled('hand'), ct: titled('CT') };
};

describe('analyze', () => {
  const folder = temporaryDirectory('analyze');
  const path = (name: string): string => join(folder, name);
  const { opacity, lateral, ct } = samples();
  /** What was said of chest.dcm, whose documents lie in sr. */
  let said: Analyzed | undefined;
  const ctFiles = ct.files.map((_, index) => path(`ct/${index}.dcm`));

  before(async () => {
    mkdirSync(path('ct'));
    mkdirSync(path('a-directory.dcm'));
    const chest = opacity.files[0]!;
    writeFileSync(path('chest.dcm'), chest);
    writeFileSync(path('lateral.dcm'), lateral.files[0]!);
    writeFileSync(path('truncated.dcm'), chest.subarray(0, chest.length / 2));
    writeFileSync(path('text.dcm'), 'Dear colleague, this is no DICOM file.\n');
    writeFileSync(path('empty.dcm'), '');
    ct.files.forEach((bytes, index) => writeFileSync(ctFiles[index]!, bytes));
    const { image } = await presentXray(readPart10(chest));
    const grey = () => sharp(Buffer.from(Uint8Array.from(image.values, (value) => Math.round(value * 255))), { raw: { width: image.width, height: image.height, channels: 1 } });
    await grey().png().toFile(path('chest.png'));
    await grey().jpeg({ quality: 95 }).toFile(path('chest.jpg'));
    writeFileSync(path('half.png'), readFileSync(path('chest.png')).subarray(0, 2_000));
  });
  after(() => assertNothingRuns());

  test('X-ray, PNG and JPEG of the same picture: the same verdict, documents and pictures, status 0', async () => {
    const run = await chestAi(['analyze', '--json', '--sr', path('sr'), '--heatmap', path('heat'), ...['chest.dcm', 'chest.png', 'chest.jpg'].map(path)]);
    assert.equal(run.code, 0, run.stderr);
    const results = objects<Analyzed>(run);
    for (const one of results) assertShape(one);
    assert.deepEqual(results.map(({ file, outcome }) => [file, outcome]), [[path('chest.dcm'), 'reported'], [path('chest.png'), 'reported'], [path('chest.jpg'), 'reported']]);
    const [dicom, png, jpeg] = results as [Analyzed, Analyzed, Analyzed];
    said = dicom;
    assert.equal(dicom.studyInstanceUID, opacity.studyInstanceUID);
    assert.equal(png.studyInstanceUID, undefined);
    dicom.findings.forEach(({ name, probability }, index) => {
      assert.deepEqual([png.findings[index]!.name, jpeg.findings[index]!.name], [name, name]);
      assert.ok(Math.abs(png.findings[index]!.probability - probability) < 0.03, `${name}: DICOM ${probability}, PNG ${png.findings[index]!.probability}`);
      assert.ok(Math.abs(jpeg.findings[index]!.probability - probability) < 0.1, `${name}: DICOM ${probability}, JPEG ${jpeg.findings[index]!.probability}`);
    });
    assert.ok(dicom.findings.some((one) => one.decision === 'present'), 'the opacity is seen, so that there is a place to point at');

    // The documents: one text report and one with the place; both say to every reader what the command said.
    const files = readdirSync(path('sr')).map((name) => join(path('sr'), name));
    const reports = files.map((file) => ({ file, report: readReport(readPart10(readFileSync(file)).dataSet) }));
    assert.deepEqual(reports.map(({ report }) => report.kind).sort(), ['measurement', 'text']);
    for (const { file, report } of reports) {
      assert.deepEqual(await validateDocument(readFileSync(file)).then(({ errors, warnings }) => ({ errors, warnings })), { errors: [], warnings: [] });
      assert.equal(report.studyInstanceUID, opacity.studyInstanceUID);
      const read = new Map(report.findings.map((one) => [one.concept.value, one]));
      assert.equal(read.size, dicom.findings.length);
      for (const { code, probability, decision } of dicom.findings) {
        assert.equal(read.get(code)?.decision, decision);
        assert.ok(Math.abs(read.get(code)!.probability - probability) <= 0.0005, `${code}: ${read.get(code)!.probability} in the document, ${probability} on the command line`);
      }
    }
  });

  test('the second reader, dsr2html, shows the same figures', async (t) => {
    assert.ok(said, 'the test before has analysed chest.dcm');
    for (const name of readdirSync(path('sr'))) {
      const text = await dsr2html(join(path('sr'), name));
      if (text === undefined) return t.skip('dsr2html (Debian package dcmtk) is not installed');
      const report = readReport(readPart10(readFileSync(join(path('sr'), name))).dataSet);
      for (const { concept, probability } of report.findings) {
        const ours = said.findings.find((one) => one.code === concept.value)!;
        assert.ok(text.includes(`${concept.meaning}`), concept.meaning);
        const shown = [...text.matchAll(/(\d+(?:\.\d+)?) %/g)].map(([, digits]) => Number(digits));
        assert.ok(shown.some((percent) => Math.abs(percent - ours.probability * 100) <= 0.05), `${concept.meaning} ${ours.probability} among ${shown.join(' ')}`);
        assert.ok(shown.includes(Number((probability * 100).toFixed(6))));
      }
      assert.match(text, /not verified by a physician, not for diagnosis/i);
      if (report.kind === 'text') {
        for (const { decision } of said.findings) assert.match(text, new RegExp(`: ${decision} \\(`, 'i'));
      }
    }
    return undefined;
  });

  test('a picture for each file and finding, in the proportions of the image, none written over another', async () => {
    const names = readdirSync(path('heat')).sort();
    assert.deepEqual(names.length, 3 * 2, `two findings of three files: ${names.join(' ')}`);
    const { width, height } = await sharp(path('chest.png')).metadata();
    for (const name of names) {
      const { format, width: w = 0, height: h = 0 } = await sharp(join(path('heat'), name)).metadata();
      assert.equal(format, 'png');
      const picture = h - legendHeight(w);
      assert.ok(Math.max(w, picture) > 512 && Math.max(w, picture) <= 1024, `reduced by a whole factor to at most 1024: ${w} × ${picture}`);
      assert.ok(Math.abs(w / picture - width! / height!) < 0.01, `${w} × ${picture}`);
      const { channels } = await sharp(join(path('heat'), name)).stats();
      assert.ok(channels.some((one) => one.stdev > 5), 'something is drawn');
    }
  });

  test('CT slices given together are one study', async () => {
    const run = await chestAi(['analyze', '--json', '--sr', path('sr-ct'), '--heatmap', path('heat-ct'), ...ctFiles]);
    assert.equal(run.code, 0, run.stderr);
    const results = objects<Analyzed>(run);
    assert.deepEqual(results.map((one) => one.file).sort(), [...ctFiles].sort());
    for (const one of results) {
      assertShape(one);
      assert.equal(one.studyInstanceUID, ct.studyInstanceUID);
      assert.equal(one.outcome, 'reported');
      assert.deepEqual(one.findings, results[0]!.findings);
    }
    const reports = readdirSync(path('sr-ct')).map((name) => readFileSync(join(path('sr-ct'), name)));
    assert.equal(reports.length, results[0]!.findings.some((one) => one.decision === 'present') ? 2 : 1);
    for (const bytes of reports) assert.deepEqual((await validateDocument(bytes)).errors, []);
    assert.ok(readdirSync(path('heat-ct')).length > 0);
  });

  test('what cannot be read fails with its reason, the others go on, status 1', async () => {
    const bad = ['text.dcm', 'empty.dcm', 'truncated.dcm', 'a-directory.dcm', 'missing.dcm', 'half.png'].map(path);
    const run = await chestAi(['analyze', '--json', ...bad, path('lateral.dcm'), path('chest.dcm')]);
    assert.equal(run.code, 1);
    const results = objects<Analyzed>(run);
    for (const one of results) assertShape(one);
    assert.deepEqual(results.map(({ file, outcome }) => [file, outcome]), [...bad.map((file) => [file, 'failed']), [path('lateral.dcm'), 'skipped'], [path('chest.dcm'), 'reported']]);
    const reasons = results.map((one) => one.reason ?? '');
    assert.match(reasons[3]!, /directory/);
    assert.match(reasons[4]!, /no such file/);
    assert.match(reasons[6]!, /lateral views only/);
    assert.equal(run.stderr, '');
  });

  test('for people: a line a file, and the notice', async () => {
    const run = await chestAi(['analyze', path('chest.dcm'), path('text.dcm')]);
    assert.equal(run.code, 1);
    assert.match(run.lines[0]!, /chest\.dcm {2}reported {2}.*\d+ % (present|absent|undetermined)/);
    assert.match(run.lines[1]!, /text\.dcm {2}failed {2}The DICOM file cannot be read/);
    assert.match(run.stdout, /Not for diagnosis/);
  });

  test('our own document is no image', async () => {
    const [name] = readdirSync(path('sr'));
    const run = await chestAi(['analyze', '--json', join(path('sr'), name!)]);
    assert.equal(run.code, 0);
    assert.equal(objects<Analyzed>(run)[0]!.outcome, 'skipped');
  });

  test('a folder that cannot be made is said in one line', async () => {
    const run = await chestAi(['analyze', '--sr', path('text.dcm'), path('chest.dcm')]);
    assert.equal(run.code, 1);
    assert.match(run.stderr, /^chest-ai: .*text\.dcm/);
    assert.doesNotMatch(run.stderr, /\n\s+at /, 'no stack for a mistake of the caller');
  });

  test('no file, or an unknown option, is refused with the usage', async () => {
    for (const args of [['analyze'], ['analyze', '--jsn', path('chest.dcm')]]) {
      const run = await chestAi(args);
      assert.equal(run.code, 1);
      assert.match(run.stderr, /error: .*[^]*Usage/);
    }
  });
});

describe('doctor, routes test and results beside a real Orthanc', () => {
  const pacs = useOrthanc();
  const folder = temporaryDirectory('doctor');
  const written = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  const access = () => ({ ORTHANC_URL: pacs.orthanc.url, ORTHANC_USERNAME: pacs.orthanc.username, ORTHANC_PASSWORD: pacs.orthanc.password });

  interface Check {
    readonly name: string;
    readonly state: 'good' | 'note' | 'bad';
    readonly detail: string;
    readonly mend: string;
  }

  // One index for all examinations: making a new one each time would take two seconds.
  const doctorsIndex = { DATA_DIR: temporaryDirectory('doctors-index') };

  test('doctor: all is well', async () => {
    const run = await chestAi(['doctor'], { ...access(), ...doctorsIndex });
    assert.equal(run.code, 0, run.stdout + run.stderr);
    assert.doesNotMatch(run.stdout, /^BAD/m);
    for (const name of ['configuration', 'routing rules', 'model and codes', 'disk', 'database', 'Orthanc', 'DICOMweb', 'plugins', 'clock', 'destinations']) {
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
  const destined = 'rules: [{ name: all, when: { modality: CR }, action: analyse, destinations: [{ modality: NOWHERE }, { peer: nobody }] }]\n';
  const cases: readonly { readonly name: string; readonly environment: () => Promise<Record<string, string>> | Record<string, string>; readonly bad: readonly string[]; readonly detail: RegExp; readonly mend: RegExp }[] = [
    { name: 'a wrong password', environment: () => ({ ORTHANC_PASSWORD: 'not-the-password' }), bad: ['Orthanc'], detail: /refuses our credentials/, mend: /ORTHANC_PASSWORD/ },
    { name: 'an Orthanc that is not there', environment: async () => ({ ORTHANC_URL: `http://127.0.0.1:${await freePort()}` }), bad: ['Orthanc'], detail: /does not answer/, mend: /ORTHANC_URL/ },
    { name: 'a wrong path of DICOMweb', environment: () => ({ CONFIG_FILE: written('path.yaml', 'orthanc:\n  dicomWebPath: /dicomweb\n') }), bad: ['DICOMweb'], detail: /404/, mend: /dicomWebPath; .*\/dicomweb was asked/ },
    { name: 'destinations that Orthanc does not know', environment: () => ({ ROUTING_FILE: written('destined.yaml', destined) }), bad: ['destinations'], detail: /NOWHERE, nobody/, mend: /DicomModalities/ },
    { name: 'one byte of the weights changed', environment: () => ({ MODEL_DIR: brokenModel() }), bad: ['model and codes'], detail: /sha256.*xray\.safetensors/, mend: /restore models/ },
    { name: 'a mistake in the routing rules', environment: () => ({ ROUTING_FILE: written('broken.yaml', 'rules:\n  - name: all\n    when: { modalty: CR }\n    action: analyse\n') }), bad: ['routing rules', 'destinations'], detail: /broken\.yaml:3: .*modalty/, mend: /where the message says/ },
    { name: 'a mistake in the configuration', environment: () => ({ CONFIG_FILE: written('config.yaml', 'log:\n  level: loud\n') }), bad: ['configuration'], detail: /config\.yaml:2: log\.level/, mend: /that the message names/ },
  ];
  for (const { name, environment, bad, detail, mend } of cases) {
    test(`doctor: ${name}`, async () => {
      const run = await chestAi(['doctor', '--json'], { ...access(), ...doctorsIndex, ...(await environment()) });
      assert.equal(run.code, 1, run.stdout);
      const found = objects<Check>(run).filter((one) => one.state === 'bad');
      assert.deepEqual(found.map((one) => one.name), bad, run.stdout);
      assert.match(found[0]!.detail, detail);
      assert.match(found[0]!.mend, mend);
      assert.ok(!run.stdout.includes(pacs.orthanc.password) && run.stderr === '', run.stderr);
    });
  }

  test('routes test: each study with its rule or the reason, rules by AE title included', async () => {
    const routingFile = written('routes.yaml', [
      'rules:',
      '  - { name: film-scanner, when: { callingAeTitle: FILMSCANNER }, action: ignore }',
      '  - { name: chest, when: { modality: [CR, DX], bodyPart: CHEST }, action: analyse, priority: 7, destinations: [{ modality: READING }] }',
      '  - { name: ct, when: { modality: CT, bodyPart: CHEST }, action: analyse }',
    ].join('\n'));
    const { hand, ct } = samples();
    const chest = chestStudy('routes', [{ view: 'frontal' }, { view: 'lateral' }]);
    const scanned = chestStudy('routes scanned', [{ attributes: { StudyDate: '20250601' } }]);
    const pdf = tinyImage({ study: 'routes pdf' }, { SOPClassUID: '1.2.840.10008.5.1.4.1.1.104.1', Modality: 'DOC', BodyPartExamined: undefined, Rows: undefined, Columns: undefined, PixelData: undefined, MIMETypeOfEncapsulatedDocument: 'application/pdf', EncapsulatedDocument: new Uint8Array([0x25, 0x50, 0x44, 0x46]) });
    await sendByStow([...chest.files, ...hand.files, pdf.bytes], pacs.dicomWeb);
    await sendByCStore(ct.files, pacs.orthanc, { calling: 'SCANNER' });
    await sendByCStore(scanned.files, pacs.orthanc, { calling: 'FILMSCANNER' });
    const environment = { ...access(), ROUTING_FILE: routingFile };

    const text = await chestAi(['routes', 'test'], environment);
    assert.equal(text.code, 0, text.stderr);
    const lineOf = (uid: string): string => text.lines.find((line) => line.startsWith(uid)) ?? '';
    assert.match(lineOf(chest.studyInstanceUID), /analyse by chest, priority 7, 1 frontal, left out: lateral$/);
    assert.match(lineOf(hand.studyInstanceUID), /no rule \(film-scanner: callingAeTitle is missing, expected FILMSCANNER; chest: bodyPart is HAND, expected CHEST; ct: modality is CR, expected CT\)$/);
    assert.match(lineOf(pdf.studyInstanceUID), /no rule \(.*chest: modality is DOC, expected CR, DX/);
    assert.match(lineOf(ct.studyInstanceUID), new RegExp(`analyse by ct, .*${ct.files.length} CT instances$`));
    assert.match(lineOf(scanned.studyInstanceUID), /ignore by film-scanner/);
    for (const count of ['ct: 1', 'film-scanner: 1', 'chest: 1', 'no rule: 2']) assert.ok(text.lines.at(-1)!.includes(count), text.lines.at(-1));

    const json = objects<{ studyInstanceUID: string; action: string; rule?: string; priority?: number; reason?: string }>(await chestAi(['routes', 'test', '--json'], environment));
    assert.deepEqual(
      Object.fromEntries(json.map(({ studyInstanceUID, action, rule }) => [studyInstanceUID, [action, rule]])),
      {
        [chest.studyInstanceUID]: ['analyse', 'chest'], [hand.studyInstanceUID]: ['none', undefined], [pdf.studyInstanceUID]: ['none', undefined],
        [ct.studyInstanceUID]: ['analyse', 'ct'], [scanned.studyInstanceUID]: ['ignore', 'film-scanner'],
      },
    );
    assert.ok(json.every((one) => (one.action === 'none') === (one.reason !== undefined)));

    const since = objects<{ studyInstanceUID: string }>(await chestAi(['routes', 'test', '--json', '--since', '2025-12-31'], environment));
    assert.equal(since.length, json.length - 1);
    assert.ok(!since.some((one) => one.studyInstanceUID === scanned.studyInstanceUID), 'a study from before');
    assert.deepEqual((await pacs.dicomWeb.searchForStudies({ ModalitiesInStudy: 'SR' }, { limit: 10 })).length, 0, 'nothing was written');
  });

  test('routes test: what was given wrongly is said in one line', async () => {
    const { ORTHANC_URL: _url, ...withoutUrl } = access();
    const wrong: readonly (readonly [readonly string[], Record<string, string>, RegExp])[] = [
      [['routes', 'test', '--since', 'yesterday'], access(), /expected --since YYYY-MM-DD, found yesterday/],
      [['routes', 'test'], withoutUrl, /expected ORTHANC_URL/],
      [['routes', 'test'], { ...access(), ROUTING_FILE: written('routes-broken.yaml', 'rules:\n  - { name: a, when: { modality: CR }, action: analyze }\n') }, /routes-broken\.yaml:2: rules\.0\.action: expected analyse or ignore/],
      [['results', '--limit', '0'], access(), /expected --limit/],
    ];
    for (const [args, environment, message] of wrong) {
      const run = await chestAi(args, environment);
      assert.equal(run.code, 1);
      assert.match(run.stderr, message);
      assert.equal(run.stderr.trim().split('\n').length, 1, run.stderr);
    }
  });

  test('results: what the index holds, newest first; not beside a running service', async () => {
    const dataDir = temporaryDirectory('results');
    // Not what the tests before have sent; and so only after the first look at the PACS.
    const service = await startTestService(pacs.orthanc, { dataDir, orthanc: { analyseArchive: false } });
    const first = chestStudy('results chest');
    const second = tinyImage({ study: 'results hand' }, { BodyPartExamined: 'HAND' });
    const outcomeOf = async (uid: string): Promise<string | undefined> => (await service.store.results.currentResult(uid))?.outcome;
    try {
      await eventually('the first look', async () => assert.ok(await service.store.cursors.read(pacs.orthanc.url)));
      for (const [{ studyInstanceUID }, files, outcome] of [[first, first.files, 'reported'], [second, [second.bytes], 'skipped']] as const) {
        await sendByCStore(files, pacs.orthanc);
        await eventually(`a result of ${studyInstanceUID}`, async () => assert.equal(await outcomeOf(studyInstanceUID), outcome), { timeoutMs: 60_000 });
      }
      const beside = await chestAi(['results'], { DATA_DIR: dataDir });
      assert.equal(beside.code, 1);
      assert.match(beside.stderr, new RegExp(`^chest-ai: .*process ${process.pid} already uses this data directory`));
    } finally {
      await service.stop();
    }
    const json = objects<Analyzed & { srSOPInstanceUID?: string }>(await chestAi(['results', '--json'], { DATA_DIR: dataDir }));
    const ours = json.find((one) => one.studyInstanceUID === first.studyInstanceUID)!;
    assert.equal(ours.outcome, 'reported');
    assert.match(ours.srSOPInstanceUID ?? '', /^2\.25\.\d+$/);
    for (const one of json) assertShape({ ...one, file: '' });
    const hand = json.find((one) => one.studyInstanceUID === second.studyInstanceUID)!;
    assert.deepEqual([hand.outcome, hand.srSOPInstanceUID], ['skipped', undefined]);
    assert.match(hand.reason!, /bodyPart is HAND/);
    assert.ok(json.indexOf(hand) < json.indexOf(ours), 'newest first');
    const one = await chestAi(['results', '--limit', '1'], { DATA_DIR: dataDir });
    assert.equal(one.lines.length, 1);
    assert.ok(one.lines[0]!.startsWith(`${json[0]!.studyInstanceUID}  ${json[0]!.outcome}`), 'the newest');
    assert.equal((await chestAi(['results'])).stdout, 'No result yet.\n');
  });
});

describe('demo --once', () => {
  after(() => assertNothingRuns());
  test('ends with 0 and one line a study', async () => {
    const run = await chestAi(['demo', '--once'], {}, 150_000);
    assert.equal(run.code, 0, run.stdout + run.stderr);
    const lines = run.lines.map((line) => /^(2\.25\.\d+) {2}(reported|skipped) +(.+?) {2}(2\.25\.\d+|no document) {2}\((.*)\)$/.exec(line));
    assert.equal(lines.length, 7, run.stdout);
    assert.ok(lines.every((one) => one !== null), run.stdout);
    assert.equal(new Set(lines.map((one) => one![1])).size, 7);
    for (const [, , outcome, said] of lines as RegExpExecArray[]) if (outcome === 'reported') assert.match(said!, / \d+ % (present|absent|undetermined)$/);
    assert.equal(lines.filter((one) => one![2] === 'reported').length, 5);
    assert.match(lines.find((one) => one![5]!.includes('opacity'))![3]!, /present$/);
  });
});
