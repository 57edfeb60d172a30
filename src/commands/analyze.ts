import { mkdir, open, writeFile, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { deserialize, serialize } from 'node:v8';
import { openAnalyser, type Analyser } from '../service/open-analyser.js';
import { openFileModels } from '../service/open-file-models.js';
import sharp from 'sharp';
import { loadConfig } from '../config.js';
import { textOf } from '../dicom/data-set.js';
import { readPart10 } from '../dicom/part10.js';
import { asFault, Fault } from '../errors.js';
import { pluralise } from '../evaluation/pluralise.js';
import { createLog, silentLog } from '../log.js';
import { drawHeatMap } from '../pixels/heat-map.js';
import { pictureFormat } from '../pixels/decode/picture-format.js';
import { previewOf, type Preview } from '../pixels/preview.js';
import { presentXray } from '../pixels/xray/xray.js';
import { presentCtSlice } from '../pixels/ct/present-ct-slice.js';
import { lungWindow } from '../pixels/window.js';
import type { ModelVersion } from '../registry/model-version.js';
import { notCalibratedIn } from '../server/page/not-calibrated.js';
import type { RoutingRule } from '../routing/rules.js';
import { percentOf } from '../sr/wording.js';
import { withIdentity } from '../reporting/instance-identity.js';
import { chooseModels } from '../reporting/choose-models.js';
import { predictFiles } from '../reporting/predict-by-models.js';
import { reportFiles } from '../reporting/report-files.js';
import { skip } from '../reporting/skip.js';
import type { FindingPrediction, ServedModel } from '../serving/model.js';
import type { ReportPorts } from '../reporting/ports.js';
import { FilePacs, type StudyFile } from './file-pacs.js';
import { resultFormat, type FileResult } from './file-result.js';
import { givenFiles, type GivenFile } from './given-files.js';
import { inOrder } from './in-order.js';
import { progressLine } from './progress-line.js';

export interface AnalyzeOptions {
  readonly json: boolean;
  readonly csv: boolean;
  /** Instead of `json` and `csv`. */
  readonly format?: string | undefined;
  /** File for the results; standard output without it. */
  readonly output?: string | undefined;
  readonly sr?: string;
  readonly heatmap?: string;
}

/** While the engine computes for one file, the next ones are read and decoded. */
const filesAtOnce = 4;

/**
 * `analyze`: findings for files, without a PACS. An X-ray or a picture stands for itself, and its result is printed as soon as it
 * is there; CT slices of one study are predicted together, after all files were read. The exit status is 0 only if no file failed.
 *
 * @param version predicts instead of the champions of the model lines
 */
export async function analyze(names: readonly string[], options: AnalyzeOptions, version?: ModelVersion): Promise<void> {
  const chosenFormat = formatOf(options);
  const config = loadConfig();
  for (const directory of [options.sr, options.heatmap]) if (directory) await mkdir(directory, { recursive: true });
  const log = chosenFormat === 'text' ? createLog({ ...config.log, level: 'warn' }) : silentLog;
  // Before the model is loaded: a file that cannot be written is told at once.
  const output = options.output === undefined ? undefined : await open(options.output, 'w', 0o600);
  const write = (line: string): Promise<unknown> | void => (output ? output.write(`${line}\n`) : console.log(line));
  const opened = await openAnalyser(config, log, version);
  try {
    const models = version === undefined && config.models.length > 0 ? await openFileModels(config, opened, log) : undefined;
    const notCalibratedHere = new Map((models?.versions ?? [opened.version]).map((one) => [one.version, notCalibratedIn(one)]));
    const analyser: FileAnalyser = { ...opened, notCalibratedHere, ...(models ? { models: () => models } : {}) };
    const format = resultFormat(chosenFormat, models ? Object.keys(opened.findings.findings) : findingsOf(opened));
    // A terminal that shows the results shows no count between them.
    const progress = progressLine('Analyzed', output === undefined && process.stdout.isTTY === true);
    const counts = { reported: 0, skipped: 0, failed: 0 };
    const print = async (results: readonly FileResult[]): Promise<void> => {
      for (const result of results) {
        await write(format.line(result));
        counts[result.outcome]++;
        if (result.outcome === 'failed') process.exitCode = 1;
      }
      progress.show(summaryOf(counts));
    };
    if (format.head) await write(format.head);
    const studies = new Map<string, DicomInput[]>();
    for await (const opened of inOrder(givenFiles(names), filesAtOnce, (given) => openAndAnalyze(given, analyser, options))) {
      if ('results' in opened) await print(opened.results);
      else studies.set(opened.study, [...(studies.get(opened.study) ?? []), opened.slice]);
    }
    for (const slices of studies.values()) await print(await analyzeStudy(slices, analyser, options));
    if (format.foot) await write(format.foot);
    progress.end();
    if (output) console.error(summaryOf(counts));
  } finally {
    await output?.close();
    await opened.close();
  }
}

/** @throws Fault 'config-invalid' where the options contradict each other */
export function formatOf({ json, csv, format }: Pick<AnalyzeOptions, 'json' | 'csv' | 'format'>): 'text' | 'json' | 'csv' {
  if (json && csv) throw new Fault('config-invalid', 'expected --json or --csv, found both');
  const short = json ? 'json' : csv ? 'csv' : undefined;
  if (format === undefined) return short ?? 'text';
  if (format !== 'text' && format !== 'json' && format !== 'csv')
    throw new Fault('config-invalid', `expected --format text, json or csv, found ${format}`);
  if (short !== undefined && short !== format)
    throw new Fault('config-invalid', `expected one format, found --format ${format} and --${short}`);
  return format;
}

function summaryOf({ reported, skipped, failed }: Readonly<Record<FileResult['outcome'], number>>): string {
  return `Analyzed ${pluralise(reported + skipped + failed, 'file')}: ${reported} reported, ${skipped} skipped, ${failed} failed`;
}

/** With the champions of all model lines, where there are several. */
type FileAnalyser = Analyser &
  Pick<ReportPorts, 'models'> & {
    /** Findings of each version whose probabilities and thresholds are the publisher's. */
    readonly notCalibratedHere: ReadonlyMap<string, ReadonlySet<string>>;
  };

interface DicomInput extends StudyFile {
  readonly label: string;
  /** As in the file; not one that was generated. */
  readonly studyInstanceUID: string | undefined;
}

/** A slice of a CT waits for the others. */
type Opened = { readonly results: readonly FileResult[] } | { readonly study: string; readonly slice: DicomInput };

async function openAndAnalyze(given: GivenFile, analyser: FileAnalyser, options: AnalyzeOptions): Promise<Opened> {
  const { file, found, label } = given;
  let bytes: Uint8Array | undefined;
  try {
    bytes = await readFile(file);
    if (pictureFormat(bytes)) return { results: [await analyzePicture(given, bytes, analyser, options)] };
    const { dataSet } = readPart10(bytes, { untilPixelData: true });
    // Documents refer to their images, so the UIDs of the file itself are used.
    const identified = options.sr ? dataSet : withIdentity(dataSet, file);
    const studyInstanceUID = textOf(dataSet, 'StudyInstanceUID');
    if (textOf(dataSet, 'Modality')?.toUpperCase() === 'CT') {
      // a copy, because values are views of the file's bytes, and those of a whole CT need not stay in memory
      const slice = {
        file,
        label,
        studyInstanceUID,
        dataSet: deserialize(serialize(identified)) as typeof identified,
        read: () => readFile(file),
      };
      return { study: textOf(identified, 'StudyInstanceUID') ?? file, slice };
    }
    const whole = bytes;
    return {
      results: await analyzeStudy([{ file, label, studyInstanceUID, dataSet: identified, read: async () => whole }], analyser, options),
    };
  } catch (error) {
    const fault = asFault(error, 'dicom-unreadable', { source: file });
    if (found && bytes && fault.code === 'dicom-unreadable' && !saysDicom(bytes))
      return { results: [{ ...resultOf(given, analyser), outcome: 'skipped', reason: 'The file is no DICOM file and no picture' }] };
    return { results: [failedResult(given, fault, analyser)] };
  }
}

/** PS3.10 7.1: after the preamble. */
function saysDicom(bytes: Uint8Array): boolean {
  return String.fromCharCode(...bytes.subarray(128, 132)) === 'DICM';
}

/** @param members all that belongs to one study */
async function analyzeStudy(
  members: readonly DicomInput[],
  analyser: FileAnalyser,
  options: AnalyzeOptions,
): Promise<readonly FileResult[]> {
  try {
    const pacs = new FilePacs(members);
    const { outcome, reason, findings, otherFindings } = options.sr
      ? await reportAndWrite(pacs, analyser, options.sr)
      : await analyzeOnly(pacs, analyser);
    if (options.heatmap && outcome === 'reported') for (const member of members) await heatMapOfDicom(member, analyser, options.heatmap);
    return members.map((member) => ({
      ...resultOf(member, analyser),
      studyInstanceUID: member.studyInstanceUID,
      outcome,
      reason,
      findings,
      ...(otherFindings ? { otherFindings } : {}),
    }));
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    return members.map((member) => failedResult(member, error, analyser));
  }
}

type StudyOutcome = Pick<FileResult, 'outcome' | 'reason' | 'findings' | 'otherFindings'>;

const commandLineRule: RoutingRule = { name: 'command line', when: [], action: 'analyse', priority: 0, destinations: [], findingsOff: [] };

async function reportAndWrite(pacs: FilePacs, analyser: FileAnalyser, directory: string): Promise<StudyOutcome> {
  const result = await reportFiles(pacs.studyInstanceUID, commandLineRule, pacs.instances, toolsFor(analyser, pacs));
  for (const [name, bytes] of pacs.stored) await writeFile(join(directory, name), bytes);
  const shown = ({
    name,
    code,
    probability,
    decision,
    modelVersion,
  }: (typeof result.findings)[number]): FileResult['findings'][number] => ({
    name,
    code,
    probability,
    decision,
    ...(analyser.notCalibratedHere.get(modelVersion ?? result.modelVersion)?.has(name) ? { isNotCalibratedHere: true as const } : {}),
    ...(analyser.models && modelVersion !== undefined ? { modelVersion } : {}),
  });
  return {
    outcome: result.outcome,
    reason: result.reason,
    findings: result.findings.map(shown),
    ...(result.otherFindings ? { otherFindings: result.otherFindings.map(shown) } : {}),
  };
}

async function analyzeOnly(pacs: FilePacs, analyser: FileAnalyser): Promise<StudyOutcome> {
  const analysis = await predictFiles(pacs.instances, toolsFor(analyser, pacs), pacs, analyser.settings.maxImages);
  if (analysis.skip) return { outcome: 'skipped', reason: analysis.skip.reason, findings: [] };
  return { outcome: 'reported', ...decidedFindings(analysis.findings, analyser) };
}

/** The first finding of a name decides. */
function decidedFindings(
  all: readonly (FindingPrediction & { readonly model?: ServedModel | undefined })[],
  analyser: FileAnalyser,
): Pick<StudyOutcome, 'findings' | 'otherFindings'> {
  const isFirst = (one: FindingPrediction, index: number): boolean => all.findIndex(({ name }) => name === one.name) === index;
  const shown = (one: (typeof all)[number]): FileResult['findings'][number] => ({
    ...printed(one, analyser),
    ...(one.model ? { modelVersion: one.model.version } : {}),
  });
  const others = all.filter((one, index) => !isFirst(one, index));
  return { findings: all.filter(isFirst).map(shown), ...(others.length > 0 ? { otherFindings: others.map(shown) } : {}) };
}

export function printed(
  { name, probability, decision, isNotCalibratedHere }: FindingPrediction,
  { settings }: Analyser,
): FileResult['findings'][number] {
  const code = settings.termsOf(name).concept.value;
  return { name, code, probability, decision, ...(isNotCalibratedHere ? { isNotCalibratedHere } : {}) };
}

function toolsFor(analyser: FileAnalyser, pacs: FilePacs): ReportPorts {
  // Heat maps have an option of their own and are written as PNG.
  const settings = { ...analyser.settings, profile: { ...analyser.settings.profile, heatMaps: false } };
  const { reader, models } = analyser;
  return {
    pacs,
    reader,
    model: () => analyser.model,
    ...(models ? { models } : {}),
    settings,
    clock: { now: () => new Date() },
    log: silentLog,
  };
}

/** PNG and JPEG have no description: they are treated as frontal X-rays, which the frontal check may reject. */
async function analyzePicture(given: GivenFile, bytes: Uint8Array, analyser: FileAnalyser, options: AnalyzeOptions): Promise<FileResult> {
  const findings: (FindingPrediction & { readonly model?: ServedModel })[] = [];
  const refusals: string[] = [];
  let shown: Preview | undefined;
  for (const { model, reader } of chooseModels('xray', { ...analyser, model: () => analyser.model }).models) {
    const { image, preview } = await reader.readPicture(bytes);
    const [prediction] = await model.predictXrays([image]);
    shown ??= preview;
    if (prediction!.refusal !== undefined) refusals.push(prediction!.refusal);
    else findings.push(...prediction!.findings.map((one) => (analyser.models ? { ...one, model } : one)));
  }
  if (findings.length === 0 && refusals.length > 0)
    return { ...resultOf(given, analyser), outcome: 'skipped', reason: skip('not-frontal-chest', refusals[0]).reason };
  if (options.heatmap) await writeHeatMaps(given.label, shown!, findings.toReversed(), options.heatmap);
  return { ...resultOf(given, analyser), outcome: 'reported', ...decidedFindings(findings, analyser) };
}

async function heatMapOfDicom(member: DicomInput, analyser: FileAnalyser, directory: string): Promise<void> {
  const part10 = readPart10(await member.read());
  const ct = textOf(part10.dataSet, 'Modality')?.toUpperCase() === 'CT';
  const { image } = ct ? await presentCtSlice(part10, lungWindow, 1, 'lungs') : await presentXray(part10);
  for (const { model } of chooseModels(ct ? 'ct' : 'xray', { ...analyser, model: () => analyser.model }).models.toReversed()) {
    const findings = ct ? (await model.predictSlices([image])).findings : (await model.predictXrays([image]))[0]!.findings;
    await writeHeatMaps(member.label, previewOf(image), findings, directory);
  }
}

/** One file for each finding; of two models the one that decides is written last. */
async function writeHeatMaps(label: string, preview: Preview, findings: readonly FindingPrediction[], directory: string): Promise<void> {
  for (const finding of findings) {
    // a model of others may have no map
    if (finding.activation.width === 0) continue;
    const title = `${finding.name}: ${percentOf(finding.probability, finding.absentBelow, finding.presentFrom)} % (${finding.decision})`;
    const { width, height, values } = await drawHeatMap(preview, {
      title,
      source: 'Where the network looked (Grad-CAM)',
      activation: finding.activation,
      box: finding.box,
    });
    await writeFile(
      join(directory, `${label}.${finding.name}.png`),
      await sharp(values, { raw: { width, height, channels: 3 } })
        .png()
        .toBuffer(),
    );
  }
}

export function findingsOf({ version }: Analyser): readonly string[] {
  return [
    ...new Set(
      Object.values(version.networks).flatMap(({ outputs }) => outputs.flatMap((one) => (one.kind === 'finding' ? [one.name] : []))),
    ),
  ];
}

function resultOf(
  { file }: { readonly file: string },
  { model }: Analyser,
): Pick<FileResult, 'file' | 'findings' | 'engine' | 'modelVersion'> {
  return { file, findings: [], engine: model.engine.name, modelVersion: model.version };
}

function failedResult(given: { readonly file: string }, fault: Fault, analyser: Analyser): FileResult {
  return { ...resultOf(given, analyser), outcome: 'failed', reason: fault.message };
}
