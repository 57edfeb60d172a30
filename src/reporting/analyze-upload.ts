import { readFile, stat } from 'node:fs/promises';
import { numberOf, textOf, type DataSet } from '../dicom/data-set.js';
import type { SeriesInstanceUID, SOPInstanceUID, StudyInstanceUID } from '../dicom/uid.js';
import { asFault, Fault } from '../errors.js';
import { pictureFormat } from '../pixels/decode/picture-format.js';
import type { Preview } from '../pixels/preview.js';
import type { Analysis } from './analysis.js';
import { withIdentity } from './instance-identity.js';
import { predictInstances } from './predict-images.js';
import { skip } from './skip.js';
import type { FindingPrediction } from '../serving/model.js';
import type { LoadedModelVersion } from '../serving/model-serving.js';
import type { Pacs } from './ports.js';
import { beginningOf, readHeader, sizeOf } from './upload-header.js';

/** A file of an upload, on disk; the name is only displayed. */
export interface UploadedFile {
  readonly name: string;
  readonly path: string;
}

/** What is done with an upload. */
export interface AnalyzeUploadOptions {
  /** Images of a study that are analysed at most. */
  readonly maxImages: number;
  /** Aborted when the sender went away: the next image is not analysed. */
  readonly signal?: AbortSignal | undefined;
}

/** The result of one study or one picture of an upload. */
export interface UploadAnalysis {
  readonly title: string;
  readonly kind: 'xray' | 'ct' | 'file';
  readonly outcome: 'reported' | 'skipped' | 'failed';
  readonly code?: string;
  readonly reason?: string;
  readonly findings: readonly (FindingPrediction & { readonly preview?: Preview | undefined })[];
  readonly remarks: readonly string[];
}

/** Studies beyond this number are skipped, each with a statement. */
const maxStudies = 20;
/** Headers of all files of an upload, in memory. */
const maxHeaderBytes = 96 * 2 ** 20;
/** A PNG or JPEG file, which is decoded as a whole. */
const maxPictureBytes = 64 * 2 ** 20;

/**
 * Analyzes files without a PACS. A DICOM study is analysed as in the report story; a PNG or JPEG is treated as a frontal X-ray; both
 * pass the same checks. Nothing is stored and no routing rule is applied.
 *
 * @throws Fault `upload-refused`; `upload-broken-off` when the sender went away
 */
export async function analyzeUpload(
  files: readonly UploadedFile[],
  loaded: LoadedModelVersion,
  { maxImages, signal }: AnalyzeUploadOptions,
): Promise<readonly UploadAnalysis[]> {
  // One after the other, and headers only: memory must not grow with the size of the upload.
  const opened: Opened[] = [];
  let headerBytes = 0;
  for (const [index, file] of files.entries()) {
    checkSender(signal);
    const one = await open(file, index);
    headerBytes += one.kind === 'dicom' ? sizeOf(one.dataSet) : 0;
    if (headerBytes > maxHeaderBytes)
      throw new Fault(
        'upload-refused',
        `expected files with less than ${maxHeaderBytes / 2 ** 20} MB of attributes in all; send fewer at once`,
      );
    opened.push(one);
  }
  const analyses: UploadAnalysis[] = [];
  const studies = new Map<string, DicomFile[]>();
  let analysed = 0;
  for (const one of opened) {
    checkSender(signal);
    if (one.kind === 'unreadable')
      analyses.push({
        title: one.name,
        kind: 'file',
        outcome: 'failed',
        code: one.fault.code,
        reason: one.fault.message,
        findings: [],
        remarks: [],
      });
    else if (one.kind === 'picture') analyses.push(++analysed > maxStudies ? tooMany(one.name) : await analyzePicture(one, loaded));
    else studies.set(one.studyInstanceUID, [...(studies.get(one.studyInstanceUID) ?? []), one]);
  }
  for (const members of studies.values())
    analyses.push(++analysed > maxStudies ? tooMany(titleOf(members)) : await analyzeStudy(members, loaded, { maxImages, signal }));
  const order = { reported: 0, skipped: 1, failed: 2 } as const;
  return analyses.sort((a, b) => order[a.outcome] - order[b.outcome]);
}

interface DicomFile {
  readonly kind: 'dicom';
  readonly name: string;
  readonly path: string;
  readonly studyInstanceUID: string;
  readonly dataSet: DataSet;
}

type Opened =
  | DicomFile
  | { readonly kind: 'picture'; readonly name: string; readonly path: string }
  | { readonly kind: 'unreadable'; readonly name: string; readonly fault: Fault };

async function open({ name, path }: UploadedFile, index: number): Promise<Opened> {
  try {
    const bytes = await beginningOf(path, 160);
    if (pictureFormat(bytes)) {
      const { size } = await stat(path);
      if (size > maxPictureBytes)
        throw new Fault(
          'upload-refused',
          `expected a picture of at most ${maxPictureBytes / 2 ** 20} MB, found ${Math.round(size / 2 ** 20)} MB`,
        );
      return { kind: 'picture', name, path };
    }
    if (isArchive(bytes)) throw new Fault('upload-refused', 'an archive within an archive is not opened');
    const identified = withIdentity(await readHeader(path), String(index));
    return { kind: 'dicom', name, path, studyInstanceUID: textOf(identified, 'StudyInstanceUID')!, dataSet: identified };
  } catch (error) {
    const fault = asFault(error, 'dicom-unreadable');
    return {
      kind: 'unreadable',
      name,
      fault:
        fault.code === 'dicom-unreadable'
          ? new Fault(
              'upload-refused',
              'expected a DICOM file or a picture (PNG, JPEG, TIFF, BMP, GIF, WebP), found something else',
              {},
              { cause: error },
            )
          : fault,
    };
  }
}

async function analyzePicture(
  { name, path }: { readonly name: string; readonly path: string },
  { model, reader }: LoadedModelVersion,
): Promise<UploadAnalysis> {
  try {
    const { image, preview } = await reader.readPicture(await readFile(path));
    const prediction = (await model.predictXrays([image]))[0]!;
    if (prediction.refusal !== undefined)
      return { title: name, kind: 'xray', outcome: 'skipped', ...skip('not-frontal-chest', prediction.refusal), findings: [], remarks: [] };
    return {
      title: name,
      kind: 'xray',
      outcome: 'reported',
      findings: prediction.findings.map((finding) => ({ ...finding, preview })),
      remarks: ['A picture file does not state how it was acquired: it was classified as a frontal chest X-ray.'],
    };
  } catch (error) {
    return failed(name, error);
  }
}

async function analyzeStudy(
  members: readonly DicomFile[],
  loaded: LoadedModelVersion,
  { maxImages, signal }: AnalyzeUploadOptions,
): Promise<UploadAnalysis> {
  checkSender(signal);
  const title = titleOf(members);
  const images = members.filter(({ dataSet }) => (numberOf(dataSet, 'Rows') ?? 0) > 0);
  if (images.length === 0) return { title, kind: 'file', outcome: 'skipped', ...skip('no-image'), findings: [], remarks: [] };
  try {
    const analysis = await predictInstances(
      images.map(({ dataSet }) => dataSet),
      loaded,
      filesAsPacs(images, signal),
      maxImages,
    );
    return {
      title,
      kind: analysis.kind,
      ...outcomeOf(analysis),
      findings: analysis.skip ? [] : analysis.findings,
      remarks: analysis.remarks ?? [],
    };
  } catch (error) {
    checkSender(signal);
    return failed(title, error);
  }
}

/** @throws Fault `upload-broken-off` when the sender went away */
function checkSender(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw new Fault('upload-broken-off', 'the sender went away');
}

function outcomeOf({ skip: skipped }: Analysis): Pick<UploadAnalysis, 'outcome' | 'code' | 'reason'> {
  return skipped ? { outcome: 'skipped', ...skipped } : { outcome: 'reported' };
}

function filesAsPacs(images: readonly DicomFile[], signal: AbortSignal | undefined): Pick<Pacs, 'retrieveInstance'> {
  const byUid = new Map(images.map(({ dataSet, path }) => [textOf(dataSet, 'SOPInstanceUID')!, path]));
  return {
    async retrieveInstance(_study: StudyInstanceUID, _series: SeriesInstanceUID, instance: SOPInstanceUID) {
      checkSender(signal);
      return readFile(byUid.get(instance)!);
    },
  };
}

function failed(title: string, error: unknown): UploadAnalysis {
  if (!(error instanceof Fault)) throw error;
  return { title, kind: 'file', outcome: 'failed', code: error.code, reason: error.message, findings: [], remarks: [] };
}

function tooMany(title: string): UploadAnalysis {
  return {
    title,
    kind: 'file',
    outcome: 'skipped',
    code: 'over-limit',
    reason: `At most ${maxStudies} studies are analysed at once.`,
    findings: [],
    remarks: [],
  };
}

function titleOf(members: readonly DicomFile[]): string {
  const [first] = members;
  return members.length === 1 ? first!.name : `${first!.name} and ${members.length - 1} more`;
}

export function isArchive(bytes: Uint8Array): boolean {
  return bytes[0] === 0x50 && bytes[1] === 0x4b && bytes[2] === 0x03 && bytes[3] === 0x04;
}
