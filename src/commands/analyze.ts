import { mkdir, writeFile, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { deserialize, serialize } from 'node:v8';
import { openAnalyser, type Analyser } from '../service/open-analyser.js';
import sharp from 'sharp';
import { loadConfig } from '../config.js';
import { textOf } from '../dicom/data-set.js';
import { readPart10 } from '../dicom/part10.js';
import { asFault, Fault } from '../errors.js';
import { createLog, silentLog } from '../log.js';
import { drawHeatMap } from '../pixels/heat-map.js';
import { pictureFormat } from '../pixels/decode/picture-format.js';
import { previewOf, type Preview } from '../pixels/preview.js';
import { presentXray } from '../pixels/xray/xray.js';
import { presentCtSlice } from '../pixels/ct/present-ct-slice.js';
import { lungWindow } from '../pixels/window.js';
import type { ModelVersion } from '../registry/model-version.js';
import type { RoutingRule } from '../routing/rules.js';
import { percentOf } from '../sr/wording.js';
import { withIdentity } from '../reporting/instance-identity.js';
import { predictInstances } from '../reporting/predict-images.js';
import { reportFiles } from '../reporting/report-files.js';
import { skip } from '../reporting/skip.js';
import type { FindingPrediction } from '../serving/model.js';
import type { ReportPorts } from '../reporting/ports.js';
import { FilePacs, type StudyFile } from './file-pacs.js';
import { resultFormat, type FileResult } from './file-result.js';
import { givenFiles, type GivenFile } from './given-files.js';
import { inOrder } from './in-order.js';

export interface AnalyzeOptions {
  readonly json: boolean;
  readonly csv: boolean;
  readonly sr?: string;
  readonly heatmap?: string;
}

/** While the engine computes for one file, the next ones are read and decoded. */
const filesAtOnce = 4;

/**
 * `analyze`: findings for files, without a PACS. An X-ray or a picture stands for itself, and its result is printed as soon as it
 * is there; CT slices of one study are predicted together, after all files were read. The exit status is 0 only if no file failed.
 *
 * @param version predicts instead of the champion
 */
export async function analyze(names: readonly string[], options: AnalyzeOptions, version?: ModelVersion): Promise<void> {
  if (options.json && options.csv) throw new Fault('config-invalid', 'expected --json or --csv, found both');
  const config = loadConfig();
  for (const directory of [options.sr, options.heatmap]) if (directory) await mkdir(directory, { recursive: true });
  const log = options.json || options.csv ? silentLog : createLog({ ...config.log, level: 'warn' });
  const analyser = await openAnalyser(config, log, version);
  try {
    const format = resultFormat(options.json ? 'json' : options.csv ? 'csv' : 'text', findingsOf(analyser));
    const print = (results: readonly FileResult[]): void => {
      for (const result of results) {
        console.log(format.line(result));
        if (result.outcome === 'failed') process.exitCode = 1;
      }
    };
    if (format.head) console.log(format.head);
    const studies = new Map<string, DicomInput[]>();
    for await (const opened of inOrder(givenFiles(names), filesAtOnce, (given) => openAndAnalyze(given, analyser, options))) {
      if ('results' in opened) print(opened.results);
      else studies.set(opened.study, [...(studies.get(opened.study) ?? []), opened.slice]);
    }
    for (const slices of studies.values()) print(await analyzeStudy(slices, analyser, options));
    if (format.foot) console.log(format.foot);
  } finally {
    await analyser.close();
  }
}

interface DicomInput extends StudyFile {
  readonly label: string;
  /** As in the file; not one that was generated. */
  readonly studyInstanceUID: string | undefined;
}

/** A slice of a CT waits for the others. */
type Opened = { readonly results: readonly FileResult[] } | { readonly study: string; readonly slice: DicomInput };

async function openAndAnalyze(given: GivenFile, analyser: Analyser, options: AnalyzeOptions): Promise<Opened> {
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
async function analyzeStudy(members: readonly DicomInput[], analyser: Analyser, options: AnalyzeOptions): Promise<readonly FileResult[]> {
  try {
    const pacs = new FilePacs(members);
    const { outcome, reason, findings } = options.sr ? await reportAndWrite(pacs, analyser, options.sr) : await analyzeOnly(pacs, analyser);
    if (options.heatmap && outcome === 'reported') for (const member of members) await heatMapOfDicom(member, analyser, options.heatmap);
    return members.map((member) => ({
      ...resultOf(member, analyser),
      studyInstanceUID: member.studyInstanceUID,
      outcome,
      reason,
      findings,
    }));
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    return members.map((member) => failedResult(member, error, analyser));
  }
}

type StudyOutcome = Pick<FileResult, 'outcome' | 'reason' | 'findings'>;

const commandLineRule: RoutingRule = { name: 'command line', when: [], action: 'analyse', priority: 0, destinations: [] };

async function reportAndWrite(pacs: FilePacs, analyser: Analyser, directory: string): Promise<StudyOutcome> {
  const result = await reportFiles(pacs.studyInstanceUID, commandLineRule, pacs.instances, toolsFor(analyser, pacs));
  for (const [name, bytes] of pacs.stored) await writeFile(join(directory, name), bytes);
  return {
    outcome: result.outcome,
    reason: result.reason,
    findings: result.findings.map(({ name, code, probability, decision }) => ({ name, code, probability, decision })),
  };
}

async function analyzeOnly(pacs: FilePacs, analyser: Analyser): Promise<StudyOutcome> {
  const analysis = await predictInstances(pacs.instances, analyser, pacs, analyser.settings.maxImages);
  if (analysis.skip) return { outcome: 'skipped', reason: analysis.skip.reason, findings: [] };
  return { outcome: 'reported', findings: analysis.findings.map((one) => printed(one, analyser)) };
}

export function printed({ name, probability, decision }: FindingPrediction, { settings }: Analyser): FileResult['findings'][number] {
  return { name, code: settings.termsOf(name).concept.value, probability, decision };
}

function toolsFor(analyser: Analyser, pacs: FilePacs): ReportPorts {
  // Heat maps have an option of their own and are written as PNG.
  const settings = { ...analyser.settings, profile: { ...analyser.settings.profile, heatMaps: false } };
  return { pacs, reader: analyser.reader, model: () => analyser.model, settings, clock: { now: () => new Date() }, log: silentLog };
}

/** PNG and JPEG have no description: they are treated as frontal X-rays, which the frontal check may reject. */
async function analyzePicture(given: GivenFile, bytes: Uint8Array, analyser: Analyser, options: AnalyzeOptions): Promise<FileResult> {
  const { image, preview } = await analyser.reader.readPicture(bytes);
  const prediction = (await analyser.model.predictXrays([image]))[0]!;
  if (prediction.refusal !== undefined)
    return { ...resultOf(given, analyser), outcome: 'skipped', reason: skip('not-frontal-chest', prediction.refusal).reason };
  if (options.heatmap) await writeHeatMaps(given.label, preview, prediction.findings, options.heatmap);
  return { ...resultOf(given, analyser), outcome: 'reported', findings: prediction.findings.map((one) => printed(one, analyser)) };
}

async function heatMapOfDicom(member: DicomInput, analyser: Analyser, directory: string): Promise<void> {
  const part10 = readPart10(await member.read());
  const ct = textOf(part10.dataSet, 'Modality')?.toUpperCase() === 'CT';
  const { image } = ct ? await presentCtSlice(part10, lungWindow, 1, 'lungs') : await presentXray(part10);
  const findings = ct ? (await analyser.model.predictSlices([image])).findings : (await analyser.model.predictXrays([image]))[0]!.findings;
  await writeHeatMaps(member.label, previewOf(image), findings, directory);
}

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
