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
import type { Pacs, ReportPorts } from './ports.js';
import { beginningOf, readHeader, sizeOf } from './upload-header.js';

/** A file of an upload, on disk; the name is for people only. */
export interface UploadedFile {
  readonly name: string;
  readonly path: string;
}

/** What came of one study or one picture of an upload. */
export interface UploadAnalysis {
  readonly title: string;
  readonly kind: 'xray' | 'ct' | 'file';
  readonly outcome: 'reported' | 'skipped' | 'failed';
  readonly code?: string;
  readonly reason?: string;
  readonly findings: readonly (FindingPrediction & { readonly preview?: Preview | undefined })[];
  readonly remarks: readonly string[];
}

/** More studies at once are left out, and that is said. */
const maxStudies = 20;
/** Headers of all files of an upload, in memory. */
const maxHeaderBytes = 96 * 2 ** 20;
/** A PNG or JPEG file, which is decoded as a whole. */
const maxPictureBytes = 64 * 2 ** 20;

type Tools = Pick<ReportPorts, 'reader' | 'model' | 'settings' | 'clock' | 'log'>;

/**
 * A story without a PACS: files → what the model says of them. A DICOM study is judged as the main job judges it, a PNG or
 * JPEG is taken for a frontal X-ray; both pass the same guards. Nothing is stored and no rule is asked.
 */
export async function analyzeUpload(files: readonly UploadedFile[], tools: Tools): Promise<readonly UploadAnalysis[]> {
  // One after the other, and only as far as their headers go: memory must not grow with what is dropped.
  const opened: Opened[] = [];
  let headerBytes = 0;
  for (const [index, file] of files.entries()) {
    const one = await open(file, index);
    headerBytes += one.kind === 'dicom' ? sizeOf(one.dataSet) : 0;
    if (headerBytes > maxHeaderBytes)
      throw new Fault(
        'upload-refused',
        `expected files with less than ${maxHeaderBytes / 2 ** 20} MB of attributes in all; send fewer at once`,
      );
    opened.push(one);
  }
  const answers: UploadAnalysis[] = [];
  const studies = new Map<string, DicomFile[]>();
  let judged = 0;
  for (const one of opened) {
    if (one.kind === 'unreadable')
      answers.push({
        title: one.name,
        kind: 'file',
        outcome: 'failed',
        code: one.fault.code,
        reason: one.fault.message,
        findings: [],
        remarks: [],
      });
    else if (one.kind === 'picture') answers.push(++judged > maxStudies ? tooMany(one.name) : await analyzePicture(one, tools));
    else studies.set(one.studyInstanceUID, [...(studies.get(one.studyInstanceUID) ?? []), one]);
  }
  for (const members of studies.values())
    answers.push(++judged > maxStudies ? tooMany(titleOf(members)) : await analyzeStudy(members, tools));
  const order = { reported: 0, skipped: 1, failed: 2 } as const;
  return answers.sort((a, b) => order[a.outcome] - order[b.outcome]);
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

async function analyzePicture({ name, path }: { readonly name: string; readonly path: string }, tools: Tools): Promise<UploadAnalysis> {
  try {
    const { image, preview } = await tools.reader.readPicture(await readFile(path));
    const prediction = (await tools.model().predictXrays([image]))[0]!;
    if (prediction.refusal !== undefined)
      return { title: name, kind: 'xray', outcome: 'skipped', ...skip('not-frontal-chest', prediction.refusal), findings: [], remarks: [] };
    return {
      title: name,
      kind: 'xray',
      outcome: 'reported',
      findings: prediction.findings.map((finding) => ({ ...finding, preview })),
      remarks: ['A picture says nothing of how it was taken: it was judged as a frontal chest X-ray.'],
    };
  } catch (error) {
    return failed(name, error);
  }
}

async function analyzeStudy(members: readonly DicomFile[], tools: Tools): Promise<UploadAnalysis> {
  const title = titleOf(members);
  const images = members.filter(({ dataSet }) => (numberOf(dataSet, 'Rows') ?? 0) > 0);
  if (images.length === 0) return { title, kind: 'file', outcome: 'skipped', ...skip('no-image'), findings: [], remarks: [] };
  try {
    const analysis = await predictInstances(
      images.map(({ dataSet }) => dataSet),
      { model: tools.model(), reader: tools.reader },
      filesAsPacs(images),
      tools.settings.maxImages,
    );
    return {
      title,
      kind: analysis.kind,
      ...outcomeOf(analysis),
      findings: analysis.skip ? [] : analysis.findings,
      remarks: analysis.remarks ?? [],
    };
  } catch (error) {
    return failed(title, error);
  }
}

function outcomeOf({ skip: skipped }: Analysis): Pick<UploadAnalysis, 'outcome' | 'code' | 'reason'> {
  return skipped ? { outcome: 'skipped', ...skipped } : { outcome: 'reported' };
}

function filesAsPacs(images: readonly DicomFile[]): Pacs {
  const byUid = new Map(images.map(({ dataSet, path }) => [textOf(dataSet, 'SOPInstanceUID')!, path]));
  return {
    retrieveStudyMetadata: async () => images.map(({ dataSet }) => dataSet),
    retrieveInstance: (_study: StudyInstanceUID, _series: SeriesInstanceUID, instance: SOPInstanceUID) => readFile(byUid.get(instance)!),
    storeInstances: async () => undefined,
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
    reason: `At most ${maxStudies} studies are looked at at once.`,
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
