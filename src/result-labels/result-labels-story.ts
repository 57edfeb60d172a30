import { Fault } from '../errors.js';
import type { Log } from '../log.js';
import type { LabelNames } from './label-names.js';
import type { LabelIndex, LabelPacs } from './ports.js';
import { rejectedFindings } from './rejected-findings.js';
import { removeOwnLabels } from './remove-own-labels.js';
import { labelChanges, nextChangeOf, wantedLabels } from './wanted-labels.js';

export interface ResultLabelPorts {
  readonly index: LabelIndex;
  readonly pacs: LabelPacs;
  readonly names: LabelNames;
  readonly clock: { now(): Date };
  readonly log: Log;
}

/** Something that the labels of a study follow from has changed. */
export interface ResultLabelJob {
  readonly studyInstanceUID: string;
}

/**
 * Makes the labels of a study in Orthanc those that follow from the index. Only the service's own labels are changed. May be repeated; a
 * study that is not in the PACS any more has no labels to change.
 *
 * Orthanc reports no change when a label is set or removed (tried on 1.12.7), so the study is not examined again.
 *
 * @returns when the labels change next although nothing happens
 * @throws Fault of the PACS; a label that Orthanc refuses does not keep the others from being set
 */
export async function updateLabels(
  { studyInstanceUID }: ResultLabelJob,
  { index, pacs, names, clock, log }: ResultLabelPorts,
): Promise<Date | undefined> {
  const state = await index.find(studyInstanceUID);
  if (!state || (await pacs.versionWithoutLabels()) !== undefined) return undefined;
  const { pacsStudyId } = state;
  const rejected = rejectedFindings(await index.statements([studyInstanceUID])).get(studyInstanceUID) ?? new Set();
  const present = (await pacs.labelsOf([pacsStudyId])).get(pacsStudyId);
  if (present === undefined) return undefined;
  const { toAdd, toRemove } = labelChanges(wantedLabels(state, rejected, names, clock.now()), present, names);
  const refused: Fault[] = [];
  for (const [label, change] of [
    ...toRemove.map((label) => [label, () => pacs.remove(pacsStudyId, label)] as const),
    ...toAdd.map((label) => [label, () => pacs.add(pacsStudyId, label)] as const),
  ]) {
    try {
      await change();
    } catch (error) {
      if (!(error instanceof Fault) || error.retryable) throw error;
      // Deleted meanwhile.
      if (error.code === 'pacs-not-found') return undefined;
      refused.push(
        new Fault(error.code, `Orthanc refused the label ${label}: ${error.detail}`, { studyInstanceUID }, { retryable: false }),
      );
    }
  }
  // The study was erased or removed from the index meanwhile: nothing would ever take the labels away.
  if (toAdd.length > 0 && !(await index.find(studyInstanceUID))) return void (await removeOwnLabels(pacsStudyId, pacs, names));
  if (toAdd.length + toRemove.length > refused.length)
    log.info('labels of a study in Orthanc have changed', { study: studyInstanceUID, added: toAdd, removed: toRemove });
  if (refused[0]) throw refused[0];
  return nextChangeOf(state, clock.now());
}
