import { createHash, createHmac } from 'node:crypto';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { writeManifest, type ManifestEntry } from '../dataset/manifest.js';
import { perceptualHash } from '../dataset/perceptual-hash.js';
import { isLocked, lockPatients } from '../dataset/test-lock.js';
import { textOf } from '../dicom/data-set.js';
import { burnedInAnnotation } from '../dicom/deidentification/burned-in.js';
import { deidentify, pseudonymOf, type DeidentificationOptions } from '../dicom/deidentification/deidentify.js';
import { readPart10 } from '../dicom/part10.js';
import { writePart10Image } from '../dicom/part10-writer.js';
import type { SeriesInstanceUID, SOPInstanceUID, StudyInstanceUID } from '../dicom/uid.js';
import { Fault } from '../errors.js';
import { csvLine } from '../lib/csv-line.js';
import { writeFileAtomically } from '../lib/atomic-write.js';
import type { ImageReader } from '../serving/image-reader.js';
import { labelledImages, type LabelledImage } from './labelled-images.js';
import { patientIdentifier, patientHash } from './patient-identifier.js';
import type { RetrainingPorts } from './ports.js';

export interface ExportRequest {
  /** Folder of the data set; empty or not there yet. */
  readonly directory: string;
  /** `dicom`: as stored, de-identified; `png`: as shown, longest side at most 1024 pixels. */
  readonly format: 'dicom' | 'png';
  readonly options: Omit<DeidentificationOptions, 'key'>;
  /** Also images in which burned-in text is suspected and not stated. Those that state it are never exported. */
  readonly includeSuspected: boolean;
  readonly onProgress?: (done: number, total: number) => void;
  readonly signal?: AbortSignal | undefined;
}

/** An image that was not exported, or was exported and has to be looked at. */
export interface BurnedInWarning {
  readonly studyInstanceUID: string;
  readonly reason: string;
  readonly exported: boolean;
}

export interface ExportReport {
  readonly directory: string;
  readonly format: ExportRequest['format'];
  readonly images: number;
  readonly patients: number;
  /** Whose images are in the data set. */
  readonly studyInstanceUIDs: readonly string[];
  readonly findings: readonly string[];
  readonly burnedIn: readonly BurnedInWarning[];
  /** Images that could not be read, with the reason. */
  readonly unreadable: readonly { readonly studyInstanceUID: string; readonly reason: string }[];
}

export type ExportPorts = Pick<RetrainingPorts, 'settings' | 'agreedLabels' | 'pacs' | 'siteOf' | 'memory' | 'clock' | 'log'> & {
  readonly reader: Pick<ImageReader, 'readXray'>;
};

/**
 * The labels on which the readers agree, with the frontal X-rays of their studies, as a data set that `train` and `evaluate` read:
 * `manifest.jsonl`, `images/`, and `labels.csv` for other programs. Patients are pseudonyms; a patient's images stay together, also in
 * a later export. Patients of the locked test set are locked in the data set too. Labels that only texts of reports state are left out.
 *
 * @throws Fault dataset-invalid if the folder is not empty, or no image could be exported
 */
export async function exportDataset(request: ExportRequest, ports: ExportPorts): Promise<ExportReport> {
  const { directory, format, onProgress, signal } = request;
  if ((await readdir(directory).catch(() => [])).length > 0)
    throw new Fault('dataset-invalid', 'expected an empty folder or one that does not exist, found files in it', { source: directory });
  const labels = (await ports.agreedLabels()).filter(({ isReadFromText }) => isReadFromText !== true);
  const findings = [...new Set(labels.map(({ finding }) => finding))].sort();
  const patientKey = await ports.memory.patientKey();
  // Another key than that of plans and lineages: a pseudonym of a data set is found in none of them.
  const key = createHmac('sha256', patientKey).update('data set export').digest();
  const images = await labelledImages(labels, findings, {
    pacs: ports.pacs,
    siteOf: ports.siteOf,
    maxImages: ports.settings.maxImages,
    keyOf: (identifier) => patientHash(identifier, patientKey),
    log: ports.log,
  });
  const lock = await ports.memory.testLock();
  await mkdir(join(directory, 'images'), { recursive: true });
  const written: WrittenImage[] = [];
  const burnedIn: BurnedInWarning[] = [];
  const unreadable: { studyInstanceUID: string; reason: string }[] = [];
  for (const [index, image] of images.entries()) {
    signal?.throwIfAborted();
    const { studyInstanceUID } = image;
    try {
      const outcome = await writeImage({ image, findings, number: written.length + 1 }, key, request, ports);
      if (outcome.warning) burnedIn.push({ studyInstanceUID, ...outcome.warning });
      if (outcome.entry) written.push({ image, entry: outcome.entry, isTest: lock !== undefined && isLocked(lock, image.patient) });
    } catch (error) {
      if (!(error instanceof Fault) || error.code === 'disk-full' || error.code === 'pacs-unreachable') throw error;
      unreadable.push({ studyInstanceUID, reason: error.message });
    }
    onProgress?.(index + 1, images.length);
  }
  if (written.length === 0)
    throw new Fault(
      'dataset-invalid',
      `expected images of labelled studies, found none that could be exported: ${labels.length} labels, ${images.length} images, ${burnedIn.length} with burned-in text, ${unreadable.length} unreadable`,
    );
  const locked = written.filter(({ isTest }) => isTest).map(({ entry }) => entry.patient);
  if (lock && locked.length > 0) {
    const { seed, share, created } = lock;
    await writeFileAtomically(
      join(directory, 'test-lock.json'),
      `${JSON.stringify(lockPatients(locked, { seed, share, created }), undefined, 1)}\n`,
    );
  }
  await writeFileAtomically(join(directory, 'labels.csv'), labelTable(written, findings));
  // Last: a folder with a manifest is a whole data set.
  await writeManifest(directory, { kind: 'several', classes: findings, entries: written.map(({ entry }) => entry) });
  return {
    directory,
    format,
    images: written.length,
    patients: new Set(written.map(({ entry }) => entry.patient)).size,
    studyInstanceUIDs: [...new Set(written.map(({ image }) => image.studyInstanceUID))],
    findings,
    burnedIn,
    unreadable,
  };
}

interface WrittenImage {
  readonly image: LabelledImage;
  readonly entry: ManifestEntry;
  readonly isTest: boolean;
}

async function writeImage(
  { image, findings, number }: { readonly image: LabelledImage; readonly findings: readonly string[]; readonly number: number },
  key: Uint8Array,
  { directory, format, options, includeSuspected }: ExportRequest,
  { pacs, reader }: ExportPorts,
): Promise<{ readonly entry?: ManifestEntry; readonly warning?: Omit<BurnedInWarning, 'studyInstanceUID'> }> {
  const stored = await pacs.retrieveInstance(
    image.studyInstanceUID as StudyInstanceUID,
    image.seriesInstanceUID as SeriesInstanceUID,
    image.sopInstanceUID as SOPInstanceUID,
  );
  const { dataSet, pixelData, transferSyntaxUID } = readPart10(stored);
  const { state, reason } = burnedInAnnotation(dataSet);
  const isExported = state === 'none' || (state === 'suspected' && includeSuspected);
  const warning = state === 'none' ? {} : { warning: { reason, exported: isExported } };
  if (!isExported) return warning;
  const { image: grey, preview } = await reader.readXray(stored);
  const patient = patientIdentifier(dataSet, image.studyInstanceUID);
  const bytes =
    format === 'dicom'
      ? writePart10Image(deidentify(withoutPixelData(dataSet), patient, { ...options, key }), pixelData, transferSyntaxUID)
      : await pngOf(preview);
  const file = `images/${String(number).padStart(6, '0')}.${format === 'dicom' ? 'dcm' : 'png'}`;
  await writeFile(join(directory, file), bytes, { mode: 0o600 });
  const { labels, unknown, origins, view, site } = image;
  return {
    ...warning,
    entry: {
      file,
      sha256: createHash('sha256').update(bytes).digest('hex'),
      perceptualHash: perceptualHash(grey),
      patient: pseudonymOf(patient, key),
      source: site,
      view,
      finding: labels.join('|'),
      labels: [...labels],
      absent: findings.filter((name) => !labels.includes(name) && !unknown.includes(name)),
      ...(origins ? { origins } : {}),
      ...(options.retainPatientCharacteristics ? ageOf(textOf(dataSet, 'PatientAge')) : {}),
    },
  };
}

function withoutPixelData(dataSet: ReturnType<typeof readPart10>['dataSet']): typeof dataSet {
  const { PixelData: _pixels, ...others } = dataSet;
  return others;
}

async function pngOf(preview: Awaited<ReturnType<ImageReader['readXray']>>['preview']): Promise<Uint8Array> {
  if (!preview) throw new Fault('image-unreadable', 'expected a picture of the image, found none');
  const { width, height, values, pixelAspect } = preview;
  return sharp(values, { raw: { width, height, channels: 1 } })
    .resize(width, Math.max(1, Math.round(height * pixelAspect)), { fit: 'fill' })
    .png()
    .toBuffer();
}

/** In years; ages above 90 are stated as 90. */
function ageOf(age: string | undefined): { readonly age?: number } {
  const [, years] = /^(\d{3})Y$/.exec(age ?? '') ?? [];
  return years === undefined ? {} : { age: Math.min(90, Number(years)) };
}

/** labels.csv: 1 present, 0 absent, empty: no label. */
export function labelTable(written: readonly Pick<WrittenImage, 'entry' | 'isTest'>[], findings: readonly string[]): string {
  const rows = written.map(({ entry: { file, patient, view, source, labels, absent = [] }, isTest }) =>
    csvLine([
      file,
      patient,
      isTest ? 'test' : 'train',
      view,
      source,
      ...findings.map((name) => (labels.includes(name) ? '1' : absent.includes(name) ? '0' : '')),
    ]),
  );
  return `${[csvLine(['file', 'patient', 'split', 'view', 'source', ...findings]), ...rows].join('\r\n')}\r\n`;
}

/** What the audit log says about an export: its options before it begins, its outcome afterwards. */
export function exportOnRecord({ format, options, includeSuspected }: Pick<ExportRequest, 'format' | 'options' | 'includeSuspected'>): {
  readonly subject: Readonly<Record<string, string | readonly string[]>>;
  readonly outcomeOf: (report: ExportReport) => Readonly<Record<string, string | number | readonly string[]>>;
} {
  const chosen = { ...options, includeSuspected };
  return {
    subject: { format, options: Object.entries(chosen).flatMap(([name, isOn]) => (isOn === true ? [name] : [])) },
    outcomeOf: ({ directory, images, patients, studyInstanceUIDs }) => ({ directory, images, patients, studyInstanceUIDs }),
  };
}
