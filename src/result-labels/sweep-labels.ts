import { rejectedFindings } from './rejected-findings.js';
import type { ResultLabelPorts } from './result-labels-story.js';
import { labelChanges, wantedLabels } from './wanted-labels.js';

/** Studies in one request to Orthanc. */
const pageSize = 200;
/** Pages of a large index at a time; the next call continues behind them. */
const maxPages = 100;

/** Compares the labels in Orthanc with the index, whatever the reason for a difference: other settings, a process that ended, a rebuilt index. */
export interface LabelSweep {
  /** The next part of the index. @returns the number of studies that were queued */
  next(): Promise<number>;
}

/** @param enqueue by Study Instance UID, leaving out those that need no other job; returns how many were queued */
export function labelSweep(
  { index, pacs, names, clock, log }: ResultLabelPorts,
  enqueue: (studyInstanceUIDs: readonly string[]) => Promise<number>,
): LabelSweep {
  let after: string | undefined;
  let isLogged = false;

  /** Logged once until it changes: without labels nothing is to be done, and nothing is wrong. */
  async function isPossible(): Promise<boolean> {
    const version = await pacs.versionWithoutLabels();
    if (version !== undefined && !isLogged)
      log.warn('Orthanc has no labels before 1.12: the setting resultLabels has no effect', { version });
    isLogged = version !== undefined;
    return version === undefined;
  }

  return {
    async next() {
      if (!(await isPossible())) return 0;
      let queued = 0;
      for (let page = 0; page < maxPages; page++) {
        const states = await index.page({ after, limit: pageSize });
        after = states.length < pageSize ? undefined : states.at(-1)!.studyInstanceUID;
        if (states.length > 0) {
          const labels = await pacs.labelsOf(states.map((one) => one.pacsStudyId));
          const rejected = rejectedFindings(await index.statements(states.map((one) => one.studyInstanceUID)));
          const different = states.filter((state) => {
            const present = labels.get(state.pacsStudyId);
            if (present === undefined) return false;
            const wanted = wantedLabels(state, rejected.get(state.studyInstanceUID) ?? new Set(), names, clock.now());
            const { toAdd, toRemove } = labelChanges(wanted, present, names);
            return toAdd.length + toRemove.length > 0;
          });
          if (different.length > 0) queued += await enqueue(different.map((one) => one.studyInstanceUID));
        }
        if (after === undefined) break;
      }
      if (queued > 0) log.info('studies whose labels in Orthanc differ from their results were queued', { studies: queued });
      return queued;
    },
  };
}
