import { textOf } from '../dicom/data-set.js';
import { isErasedName } from '../store/study-changes.js';
import { isUsableUid } from '../dicom/uid.js';
import type { StoryPorts } from './ports.js';

const pageSize = 1_000;
/** Studies in one request to the PACS. */
const studiesAtOnce = 200;

/**
 * The PACS has another database. If it is an older copy, it contains again what was deleted since: the change log does not report it,
 * because it arrived before the copy was made, and the index no longer has it. Studies that are there again go through intake, and
 * studies with SR documents that the index does not have are read for readers' assessments.
 */
export async function queueReturned(
  ports: Pick<StoryPorts, 'index' | 'studies' | 'queue' | 'events' | 'schedule' | 'log'>,
  signal: AbortSignal,
): Promise<void> {
  await queueStudies(ports, signal);
  await queueAssessments(ports, signal);
}

async function queueStudies(
  { index, studies, queue, schedule, log }: Pick<StoryPorts, 'index' | 'studies' | 'queue' | 'schedule' | 'log'>,
  signal: AbortSignal,
): Promise<void> {
  const checked = new Set<string>();
  let queued = 0;
  for (let after = 0; ; ) {
    const page = await index.studyChanges.after(after, pageSize);
    const last = page.at(-1);
    if (!last) break;
    after = last.number;
    for (const { studyInstanceUID } of page) {
      signal.throwIfAborted();
      if (checked.has(studyInstanceUID) || isErasedName(studyInstanceUID)) continue;
      checked.add(studyInstanceUID);
      // A study that the index has is compared with the PACS anyway.
      if (await index.studies.find(studyInstanceUID)) continue;
      for (const pacsStudyId of await studies.findStudies(studyInstanceUID)) {
        await queue.intake({ pacsStudyId }, { startAfterMs: schedule.stabilityCheckMs, isBacklog: true });
        queued++;
      }
    }
  }
  if (queued > 0) log.info('studies that were deleted are in the PACS again', { studies: queued });
}

/** The comparison of images and documents (compare-studies.ts) does not find an assessment that is there again beside the same images. */
async function queueAssessments(
  { index, studies, events, log }: Pick<StoryPorts, 'index' | 'studies' | 'events' | 'log'>,
  signal: AbortSignal,
): Promise<void> {
  let queued = 0;
  for (let after: string | undefined; ; ) {
    signal.throwIfAborted();
    const rows = await index.knownStudies.page({ after, limit: studiesAtOnce });
    const found = rows.length > 0 ? await studies.seriesOfStudies(rows.map((one) => one.orthancId)) : new Map<string, never>();
    for (const { studyInstanceUID, orthancId, documentSeries, assessmentSeries } of rows) {
      const known = new Set([...documentSeries, ...assessmentSeries]);
      const hasOthers = found
        .get(orthancId)
        ?.some((one) => textOf(one.mainAttributes, 'Modality') === 'SR' && !known.has(one.seriesInstanceUID));
      if (!hasOthers || !isUsableUid(studyInstanceUID)) continue;
      await events.onOtherDocuments(studyInstanceUID as Parameters<typeof events.onOtherDocuments>[0]);
      queued++;
    }
    after = rows.at(-1)?.studyInstanceUID;
    if (rows.length < studiesAtOnce) break;
  }
  if (queued > 0) log.info('studies with SR documents that the index does not have are read again', { studies: queued });
}
