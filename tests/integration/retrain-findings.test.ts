import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { recordAssessment } from '../../src/assessments/assessment-story.js';
import { loadConfig, projectRoot } from '../../src/config.js';
import { conceptsOf, loadFindings, termsOf } from '../../src/findings-config.js';
import type { Candidate, CandidateLayers } from '../../src/registry/candidate.js';
import { openRegistry } from '../../src/registry/registry.js';
import { pacsOf } from '../../src/reporting/orthanc-pacs.js';
import { parsePlan, type RetrainingPlan } from '../../src/retraining/retraining-plan.js';
import { eventually } from '../support/eventually.js';
import { temporaryDirectory, useOrthanc } from '../support/orthanc.js';
import { blindCandidate, phantomRetraining } from '../support/phantom-patients.js';
import { phantomStudy } from '../support/phantom-study.js';
import { sendByStow } from '../support/send.js';

const findings = [
  ...['pneumonia', 'consolidation', 'emphysema', 'pleural-effusion', 'pneumothorax', 'cardiomegaly'],
  ...['atelectasis', 'lung-nodule-or-mass', 'edema', 'fibrosis', 'tuberculosis', 'covid-19'],
];
const patients = 160;

type Decision = 'present' | 'absent';

/** What the first reader states; findings that are not stated are unknown. Pneumonia is what is drawn, the others are arbitrary. */
function statedOf(number: number): ReadonlyMap<string, Decision> {
  const { diseased } = phantomStudy(number);
  const decide = (index: number): boolean => (index === 0 ? diseased : ((number >> (index % 5)) + index) % 2 === 0);
  return new Map(
    findings.flatMap((name, index) => ((number * 7 + index * 3) % 5 === 0 ? [] : [[name, decide(index) ? 'present' : 'absent'] as const])),
  );
}

/** The finding on which the second reader disagrees; every fourth study has a second reader. */
const disputedOf = (number: number): string | undefined => (number % 4 === 0 ? findings[(number / 4) % findings.length]! : undefined);

/** On which both agree, or which only one stated: the labels that the run has to learn from. */
function agreedOf(number: number): ReadonlyMap<string, Decision> {
  return new Map([...statedOf(number)].filter(([name]) => name !== disputedOf(number)));
}

function withoutRegionsFor(finding: string): Candidate {
  const blind = blindCandidate(findings);
  const xray = blind.networks.xray as CandidateLayers;
  const outputs = xray.outputs.map((one) => (one.name === finding && one.kind === 'finding' ? { ...one, regions: false as const } : one));
  return { ...blind, networks: { xray: { ...xray, outputs } } };
}

describe('retraining of twelve findings', () => {
  const children: ReturnType<typeof spawn>[] = [];
  after(() => {
    for (const child of children) child.kill('SIGKILL');
  });
  const pacs = useOrthanc();

  test('what nobody stated and what readers disagree on is unknown; all else is learned and evaluated', {
    timeout: 14 * 60_000,
  }, async () => {
    const dataDir = temporaryDirectory('retrain-findings');
    const untrained = await openRegistry(join(temporaryDirectory('model'), 'models')).add(withoutRegionsFor('fibrosis'));
    const settings = join(dataDir, 'settings.yaml');
    const { epochs, rate, batch } = phantomRetraining;
    writeFileSync(
      settings,
      JSON.stringify({
        retraining: { testShare: 0.4, minNewLabels: 50, headEpochs: 0, epochs, rate, batch, seed: 1, augmentation: 'none' },
      }),
    );
    const env = {
      PATH: process.env['PATH'],
      CONFIG_FILE: settings,
      ORTHANC_URL: pacs.orthanc.url,
      ORTHANC_USERNAME: pacs.orthanc.username,
      ORTHANC_PASSWORD: pacs.orthanc.password,
      DATA_DIR: dataDir,
      MODEL_DIR: untrained.directory,
      ENGINE: 'onnx-cpu',
    };
    const program = join(projectRoot, 'dist/src/cli.js');
    const command = (...args: readonly string[]): Promise<{ readonly out: string; readonly err: string }> =>
      new Promise((resolve) =>
        execFile(process.execPath, [program, ...args], { cwd: projectRoot, env, maxBuffer: 2 ** 24 }, (_, out, err) =>
          resolve({ out, err }),
        ),
      );

    const studies = Array.from({ length: patients }, (_, number) => phantomStudy(number));
    for (let from = 0; from < patients; from += 40)
      await sendByStow(
        studies.slice(from, from + 40).map(({ file }) => file),
        pacs.dicomWeb,
      );
    const known = loadFindings(loadConfig({}).findingsFile);
    const ports = {
      pacs: pacsOf(pacs.dicomWeb),
      clock: { now: () => new Date() },
      softwareVersion: 'test',
      seriesNumber: 9910,
      termsOf: (name: string) => termsOf(known, name),
      codes: conceptsOf(known),
    };
    const assess = (number: number, reader: string, decisions: ReadonlyMap<string, Decision>): Promise<unknown> =>
      recordAssessment(
        {
          studyInstanceUID: studies[number]!.studyInstanceUID,
          reader: { name: reader },
          findings: [...decisions].map(([name, decision]) => ({ name, decision })),
          origin: 'page',
        },
        ports,
      );
    for (let number = 0; number < patients; number++) {
      const stated = statedOf(number);
      await assess(number, 'meier', stated);
      const disputed = disputedOf(number);
      if (disputed === undefined) continue;
      const other = stated.get(disputed) === 'present' ? 'absent' : 'present';
      // Of a finding that the first reader did not state the second alone decides: it is left out here.
      const second = new Map([...stated].map(([name, decision]) => [name, name === disputed ? other : decision] as const));
      await assess(number, 'schulz', second);
    }
    await command('rebuild', '--json');

    // The plan exists while the run goes on: it is read, then the run goes on to its end.
    const run = spawn(process.execPath, [program, 'retrain', '--now', '--json'], {
      cwd: projectRoot,
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    children.push(run);
    let output = '';
    for (const stream of [run.stdout, run.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
    const ended = new Promise((resolve) => run.once('exit', resolve));
    const planFile = join(dataDir, 'retraining/run/plan.json');
    let plan: RetrainingPlan | undefined;
    const planned = eventually(
      'the plan is written',
      () => {
        assert.ok(existsSync(planFile));
        plan = parsePlan(readFileSync(planFile, 'utf8'));
        assert.ok(plan);
      },
      { timeoutMs: 120_000, intervalMs: 20 },
    );
    await Promise.race([planned, ended.then(() => assert.ok(plan, `ended without a plan: ${output}`))]);
    await ended;

    const numbers = new Map(studies.map(({ studyInstanceUID }, number) => [studyInstanceUID as string, number]));
    const { images, classes } = plan!;
    assert.deepEqual(classes, findings);
    assert.equal(images.length, patients);
    for (const { studyInstanceUID, labels, unknown } of images) {
      const number = numbers.get(studyInstanceUID)!;
      const agreed = agreedOf(number);
      const context = `patient ${number}`;
      assert.deepEqual(
        labels,
        findings.filter((name) => agreed.get(name) === 'present'),
        context,
      );
      assert.deepEqual(
        unknown,
        findings.filter((name) => !agreed.has(name)),
        context,
      );
    }

    const registry = openRegistry(join(dataDir, 'models'));
    const record = (await registry.lastRun())!;
    assert.ok(['promoted', 'refused', 'shadow'].includes(record.outcome), `${record.outcome}: ${record.why}\n${output}`);
    const tested = images.filter(({ part }) => part === 'test');
    const decision = record.decision!;
    for (const name of findings) {
      const labelled = tested.filter(({ unknown }) => !unknown.includes(name));
      const about = decision.criteria.filter((criterion) => criterion.class === name && criterion.figure !== null);
      assert.ok(about.length > 0, `the gate asks about ${name}`);
      assert.ok(labelled.length < tested.length, `${name} is unknown in some test images`);
    }
    const version = await registry.load(record.challenger!);
    const report = JSON.parse(readFileSync(join(version.directory, 'metrics.json'), 'utf8')) as {
      readonly xray: {
        readonly perClass: Record<string, { readonly n: number; readonly positives: number; readonly auroc: { value: number } }>;
      };
    };
    assert.deepEqual(
      version.file.networks.xray!.outputs.filter((one) => one.kind === 'finding' && one.regions === false).map(({ name }) => name),
      ['fibrosis'],
      'what has no regions keeps none',
    );
    const validated = images.filter(({ part }) => part === 'validation');
    for (const name of findings) {
      // COVID-19 is a kind of pneumonia: if it is present, so is pneumonia, and if pneumonia is absent, so is COVID-19.
      const isPresent = ({ labels }: (typeof images)[number]): boolean =>
        labels.includes(name) || (name === 'pneumonia' && labels.includes('covid-19'));
      const isStated = ({ labels, unknown }: (typeof images)[number]): boolean =>
        !unknown.includes(name) ||
        (name === 'covid-19' && !labels.some((one) => ['pneumonia', 'covid-19'].includes(one)) && !unknown.includes('pneumonia'));
      const present = validated.filter(isPresent);
      const { n, positives } = report.xray.perClass[name]!;
      assert.deepEqual([n, positives], [validated.filter((one) => isPresent(one) || isStated(one)).length, present.length], name);
    }
  });
});
