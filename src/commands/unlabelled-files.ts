import { readFile } from 'node:fs/promises';
import { deserialize, serialize } from 'node:v8';
import { textOf } from '../dicom/data-set.js';
import { readPart10 } from '../dicom/part10.js';
import { asFault, Fault } from '../errors.js';
import type { GroupedEmbedding } from '../evaluation/robust-feature-gate.js';
import { pictureFormat } from '../pixels/decode/picture-format.js';
import { withIdentity } from '../reporting/instance-identity.js';
import { predictInstances } from '../reporting/predict-images.js';
import type { EmbeddingCollector } from '../retraining/embedding-collector.js';
import type { UnlabelledEmbeddings } from '../retraining/fit-guard.js';
import type { ImageReader } from '../serving/image-reader.js';
import type { ImageKind } from '../serving/model.js';
import { FilePacs, type StudyFile } from './file-pacs.js';
import { givenFiles } from './given-files.js';

/**
 * Embeddings of the pictures and DICOM files of a folder. A picture stands for a frontal X-ray, as in `analyze`; the frontal check
 * leaves out what is none. The images of a DICOM study are chosen as for a report.
 *
 * @param maxImages of one study
 */
export async function embeddingsOfFolder(
  folder: string,
  kind: ImageKind,
  collector: EmbeddingCollector,
  { reader, maxImages }: { readonly reader: ImageReader; readonly maxImages: number },
): Promise<UnlabelledEmbeddings> {
  const embeddings: GroupedEmbedding[] = [];
  const counts = { seen: 0, otherStudies: 0, unreadable: 0 };
  const studies = new Map<string, StudyFile[]>();
  const attempt = async (group: string, work: () => Promise<unknown>): Promise<void> => {
    counts.seen++;
    try {
      await work();
      const taken = collector.take();
      if (taken.length === 0) counts.otherStudies++;
      embeddings.push(...taken.map((embedding) => ({ group, embedding })));
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      counts.unreadable++;
      collector.take();
    }
  };
  for await (const { file } of givenFiles([folder])) {
    const bytes = await readFile(file).catch((error: unknown) => Promise.reject(asFault(error, 'image-unreadable', { source: file })));
    if (pictureFormat(bytes)) {
      if (kind === 'xray') await attempt(file, async () => collector.model.predictXrays([(await reader.readPicture(bytes)).image]));
      continue;
    }
    const dataSet = headerOf(bytes, file);
    if (!dataSet) {
      counts.seen++;
      counts.unreadable++;
      continue;
    }
    const study = textOf(dataSet, 'StudyInstanceUID')!;
    studies.set(study, [...(studies.get(study) ?? []), { file, dataSet, read: () => readFile(file) }]);
  }
  for (const [study, files] of studies) {
    const group = textOf(files[0]!.dataSet, 'PatientID') ?? study;
    await attempt(group, async () => {
      const pacs = new FilePacs(files);
      await predictInstances(pacs.instances, { model: collector.model, reader }, pacs, maxImages);
    });
  }
  return { embeddings, ...counts };
}

/** @returns undefined of a file that is no DICOM file */
function headerOf(bytes: Uint8Array, file: string): StudyFile['dataSet'] | undefined {
  try {
    // A copy, because values are views of the file's bytes, which need not stay in memory.
    return deserialize(serialize(withIdentity(readPart10(bytes, { untilPixelData: true }).dataSet, file))) as StudyFile['dataSet'];
  } catch (error) {
    if (error instanceof Fault) return undefined;
    throw error;
  }
}
