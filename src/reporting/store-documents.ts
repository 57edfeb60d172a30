import { writePart10 } from '../dicom/part10.js';
import { Fault } from '../errors.js';
import type { Log } from '../log.js';
import type { ComposedDocument } from './compose-documents.js';
import { referenceTo } from './image-reference.js';
import type { Pacs, ResultDocument } from './ports.js';
import { readBack } from './read-back.js';
import type { ReportContext } from './report-context.js';
import { assertUnchanged, removeStored } from './study-input.js';

/**
 * Stores documents in the PACS and reads each of them back. Nothing is stored into a study that was deleted, or whose images
 * changed; documents that arrive just too late are removed again.
 *
 * @returns references in the order in which viewers list them: reports, then heat maps
 * @throws Fault `pacs-not-found`, `study-changed`, `study-erased`, `read-back-differs`, or what the PACS answers
 */
export async function storeDocuments(
  documents: readonly ComposedDocument[],
  context: ReportContext,
  pacs: Pacs,
  log: Log,
): Promise<readonly ResultDocument[]> {
  if (documents.length === 0) return [];
  const { watch } = context;
  await watch.time('store', () => store(documents, context, pacs, log));
  const stored = await watch.time('readBack', () => Promise.all(documents.map(({ kind, dataSet }) => readBack(dataSet, kind, pacs))));
  return [...stored.filter((one) => one.kind !== 'heat-map'), ...stored.filter((one) => one.kind === 'heat-map')];
}

async function store(
  documents: readonly ComposedDocument[],
  { study: { studyInstanceUID }, considered, input }: ReportContext,
  pacs: Pacs,
  log: Log,
): Promise<void> {
  await assertUnchanged(studyInstanceUID, considered, input, pacs);
  await pacs.storeInstances(documents.map(({ dataSet }) => writePart10(dataSet)));
  const stored = documents.map(({ dataSet }) => referenceTo(dataSet));
  try {
    await assertUnchanged(studyInstanceUID, considered, input, pacs, new Set(stored.map((one) => one.sopInstanceUID)));
  } catch (error) {
    if (error instanceof Fault && ['pacs-not-found', 'study-changed', 'study-erased'].includes(error.code)) {
      await removeStored(stored, input, pacs);
      log.info('the study changed while its documents were being stored; the documents were removed again', {
        study: studyInstanceUID,
        code: error.code,
      });
    }
    throw error;
  }
}
