import type { StoryPorts } from './ports.js';

const pageSize = 1_000;

/**
 * The PACS has another database. If it is an older copy, it contains studies again that were deleted since: the change log does not
 * report them, because they arrived before the copy was made, and the index no longer has them. Those that are there go through intake.
 */
export async function queueReturned(
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
      if (checked.has(studyInstanceUID)) continue;
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
