import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { openAnalyser, type Analyser } from '../app/start-service.js';
import sharp from 'sharp';
import { loadConfig } from '../config.js';
import { textOf, type DataSet } from '../dicom/data-set.js';
import { readPart10 } from '../dicom/part10.js';
import { asFault, Fault } from '../errors.js';
import { createLog, silentLog } from '../log.js';
import { drawHeatMap } from '../pixels/heat-map.js';
import { readPicture } from '../pixels/picture.js';
import { previewOf } from '../pixels/preview.js';
import type { GreyImage } from '../pixels/image.js';
import { presentXray } from '../pixels/xray.js';
import { presentCtSlice, lungWindow } from '../pixels/ct.js';
import type { RoutingRule } from '../routing/rules.js';
import type { Decision } from '../sr/report-content.js';
import { wholePercent, percentOf } from '../sr/wording.js';
import { reportTaken } from '../tasks/report-study.js';
import { skip } from '../tasks/skip.js';
import type { FindingVerdict, ReportTools, StudyResult } from '../tasks/tools.js';
import { FilePacs } from './file-pacs.js';

interface AnalyzeOptions {
  readonly json: boolean;
  readonly sr?: string;
  readonly heatmap?: string;
}

/** What is printed for one file. */
interface FileResult {
  readonly file: string;
  readonly studyInstanceUID?: string | undefined;
  readonly outcome: 'reported' | 'skipped' | 'failed';
  readonly reason?: string | undefined;
  readonly findings: readonly { readonly name: string; readonly code: string; readonly probability: number; readonly decision: string }[];
  readonly engine: string;
  readonly modelVersion: string;
}

/**
 * `analyze`: findings for files, without a PACS. An X-ray or a picture stands for itself; CT slices of one study are judged
 * together. The exit status is 0 only if no file failed.
 */
export async function analyze(files: readonly string[], options: AnalyzeOptions): Promise<void> {
  const config = loadConfig();
  const analyser = await openAnalyser(config, options.json ? silentLog : createLog({ ...config.log, level: 'warn' }));
  try {
    for (const directory of [options.sr, options.heatmap]) if (directory) await mkdir(directory, { recursive: true });
    const inputs = await Promise.all(files.map((file) => openInput(file)));
    for (const group of groupsOf(inputs)) {
      for (const result of await analyzeGroup(group, analyser, options)) {
        console.log(options.json ? JSON.stringify(result) : lineOf(result));
        if (result.outcome === 'failed') process.exitCode = 1;
      }
    }
    if (!options.json) console.log('\nNot for diagnosis. Software results, not verified by a physician.');
  } finally {
    await analyser.close();
  }
}

type Input =
  | { readonly file: string; readonly kind: 'dicom'; readonly bytes: Uint8Array; readonly dataSet: DataSet }
  | { readonly file: string; readonly kind: 'picture'; readonly image: GreyImage }
  | { readonly file: string; readonly kind: 'unreadable'; readonly fault: Fault };

async function openInput(file: string): Promise<Input> {
  try {
    const bytes = await readFile(file);
    if (isPicture(bytes)) return { file, kind: 'picture', image: await readPicture(bytes, file) };
    return { file, kind: 'dicom', bytes, dataSet: readPart10(bytes, { untilPixelData: true }).dataSet };
  } catch (error) {
    return { file, kind: 'unreadable', fault: asFault(error, 'dicom-unreadable', { source: file }) };
  }
}

/** By its first bytes: PNG, JPEG. */
function isPicture(bytes: Uint8Array): boolean {
  return (bytes[0] === 0x89 && bytes[1] === 0x50) || (bytes[0] === 0xff && bytes[1] === 0xd8);
}

/** CT instances of one study are one group; everything else is alone. */
function groupsOf(inputs: readonly Input[]): readonly (readonly Input[])[] {
  const groups = new Map<string, Input[]>();
  for (const input of inputs) {
    const study = input.kind === 'dicom' && textOf(input.dataSet, 'Modality') === 'CT' ? textOf(input.dataSet, 'StudyInstanceUID') : undefined;
    const key = study ?? `file ${input.file} ${groups.size}`;
    groups.set(key, [...(groups.get(key) ?? []), input]);
  }
  return [...groups.values()];
}

async function analyzeGroup(group: readonly Input[], analyser: Analyser, options: AnalyzeOptions): Promise<readonly FileResult[]> {
  const { model } = analyser;
  const common = { engine: model.engine.name, modelVersion: model.version };
  const failed = (error: unknown): readonly FileResult[] => {
    if (!(error instanceof Fault)) throw error;
    return group.map(({ file }) => ({ file, outcome: 'failed' as const, reason: error.message, findings: [], ...common }));
  };
  const [first] = group;
  if (first?.kind === 'unreadable') return failed(first.fault);
  try {
    if (first?.kind === 'picture') return [{ ...(await analyzePicture(first.file, first.image, analyser, options)), ...common }];
    const members = group.filter((input) => input.kind === 'dicom');
    const pacs = new FilePacs(members);
    const result = await reportTaken(pacs.studyInstanceUID, commandLineRule, pacs.instances, toolsFor(analyser, pacs));
    for (const [name, bytes] of pacs.stored) if (options.sr) await writeFile(join(options.sr, name), bytes);
    if (options.heatmap) for (const member of members) await heatMapOfDicom(member.file, member.bytes, analyser, result, options.heatmap);
    return members.map(({ file }) => ({ file, studyInstanceUID: pacs.studyInstanceUID, outcome: result.outcome, reason: result.reason, findings: result.findings.map(({ name, code, probability, decision }) => ({ name, code, probability, decision })), ...common }));
  } catch (error) {
    return failed(error);
  }
}

const commandLineRule: RoutingRule = { name: 'command line', when: [], action: 'analyse', priority: 0, destinations: [] };

function toolsFor(analyser: Analyser, pacs: FilePacs): ReportTools {
  // Heat maps are asked for by an option of their own, as PNG.
  const settings = { ...analyser.settings, profile: { ...analyser.settings.profile, heatMaps: false } };
  return { pacs, reader: analyser.reader, model: () => analyser.model, settings, clock: { now: () => new Date() }, log: silentLog };
}

/** PNG and JPEG say nothing of themselves: they are taken for frontal X-rays, and the gate decides. */
async function analyzePicture(file: string, image: GreyImage, analyser: Analyser, options: AnalyzeOptions): Promise<Pick<FileResult, 'file' | 'outcome' | 'reason' | 'findings'>> {
  const verdict = (await analyser.model.judgeXrays([image]))[0]!;
  if (verdict.refusal !== undefined) return { file, outcome: 'skipped', reason: skip('not-frontal-chest', verdict.refusal).reason, findings: [] };
  if (options.heatmap) await writeHeatMap(file, image, verdict.findings, options.heatmap);
  const findings = verdict.findings.map(({ name, probability, decision }) => ({ name, code: analyser.settings.termsOf(name).concept.value, probability, decision }));
  return { file, outcome: 'reported', findings };
}

async function heatMapOfDicom(file: string, bytes: Uint8Array, analyser: Analyser, result: StudyResult, directory: string): Promise<void> {
  if (result.outcome !== 'reported') return;
  const part10 = readPart10(bytes);
  const ct = textOf(part10.dataSet, 'Modality') === 'CT';
  const { image } = ct ? await presentCtSlice(part10, lungWindow, 1, 'lungs') : await presentXray(part10);
  const findings = ct ? (await analyser.model.judgeSlices([image])).findings : (await analyser.model.judgeXrays([image]))[0]!.findings;
  await writeHeatMap(file, image, findings, directory);
}

async function writeHeatMap(file: string, image: GreyImage, findings: readonly FindingVerdict[], directory: string): Promise<void> {
  for (const finding of findings) {
    const title = `${finding.name}: ${percentOf(finding.probability, finding.absentBelow, finding.presentFrom)} % (${finding.decision})`;
    const { width, height, values } = await drawHeatMap(previewOf(image), { title, source: 'Where the network looked (Grad-CAM)', activation: finding.activation, box: finding.box });
    await writeFile(join(directory, `${basename(file)}.${finding.name}.png`), await sharp(values, { raw: { width, height, channels: 3 } }).png().toBuffer());
  }
}

function lineOf(result: FileResult): string {
  const findings = result.findings.map(({ name, probability, decision }) => `${name} ${wholePercent({ probability, decision: decision as Decision })} % ${decision}`).join(', ');
  return `${result.file}  ${result.outcome}  ${findings || (result.reason ?? '')}`;
}
