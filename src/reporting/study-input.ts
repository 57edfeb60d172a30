import { textOf, type DataSet } from '../dicom/data-set.js';
import type { StudyInstanceUID } from '../dicom/uid.js';
import { Fault } from '../errors.js';
import { inputKeyOf } from './document-identity.js';
import { erasedFault } from './erased-study.js';
import type { Pacs, ResultDocument, StoredFiles } from './ports.js';

/** The images that a result is about, as the PACS contains them at this moment. */
export interface StudyInput {
  /** Of their identifiers and their bytes. */
  readonly inputKey: string;
  /** Of their identifiers alone: so documents of earlier releases name their input. */
  readonly formerKey: string;
  /** Names of the files that the study contains; absent where instances neither change nor disappear. */
  readonly files: StoredFiles | undefined;
}

export async function inputOf(
  study: StudyInstanceUID,
  considered: readonly DataSet[],
  { content }: Pick<Pacs, 'content'>,
): Promise<StudyInput> {
  const formerKey = inputKeyOf(considered);
  if (!content) return { inputKey: formerKey, formerKey, files: undefined };
  const files = await content.storedFiles(study);
  const digests = considered.length === 0 ? new Map<string, string>() : await content.digestsOf(study, uidsOf(considered));
  return { inputKey: inputKeyOf(considered, digests), formerKey, files };
}

/**
 * Checks the study immediately before documents are stored, and once more immediately after.
 *
 * @param ownDocuments SOP Instance UIDs of what was just stored: a study of these alone was deleted
 * @throws Fault `pacs-not-found` if the study was deleted, `study-changed` if an image was deleted or replaced, `study-erased`
 */
export async function assertUnchanged(
  study: StudyInstanceUID,
  considered: readonly DataSet[],
  { files }: StudyInput,
  { content, isErased }: Pick<Pacs, 'content' | 'isErased'>,
  ownDocuments: ReadonlySet<string> = new Set(),
): Promise<void> {
  if (await isErased?.(study)) throw erasedFault(study);
  if (!content || !files) return;
  const now = await content.storedFiles(study);
  if (![...now.keys()].some((uid) => !ownDocuments.has(uid)))
    throw new Fault('pacs-not-found', 'expected the study that was analysed, found that it was deleted meanwhile', {
      studyInstanceUID: study,
    });
  const changed = uidsOf(considered).find((uid) => now.get(uid) === undefined || now.get(uid) !== files.get(uid));
  if (changed === undefined) return;
  const what = now.has(changed) ? 'replaced' : 'deleted';
  throw new Fault('study-changed', `expected the images that were analysed, found that one was ${what} meanwhile`, {
    studyInstanceUID: study,
    sopInstanceUID: changed,
  });
}

/** Removes documents that were stored into a study that changed or was deleted meanwhile; those that existed before stay. */
export async function removeStored(
  documents: readonly Pick<ResultDocument, 'sopInstanceUID'>[],
  { files }: StudyInput,
  { content }: Pick<Pacs, 'content'>,
): Promise<void> {
  await content?.removeDocuments(documents.filter((one) => !files?.has(one.sopInstanceUID)));
}

function uidsOf(instances: readonly DataSet[]): readonly string[] {
  return instances.map((one) => textOf(one, 'SOPInstanceUID') ?? '');
}
