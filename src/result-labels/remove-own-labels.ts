import type { LabelNames } from './label-names.js';
import type { LabelPacs } from './ports.js';

/** Removes every label of the service from a study, whatever its result; a study that is gone has none. @throws Fault of the PACS */
export async function removeOwnLabels(pacsStudyId: string, pacs: LabelPacs, { isOwn }: Pick<LabelNames, 'isOwn'>): Promise<void> {
  if ((await pacs.versionWithoutLabels()) !== undefined) return;
  const present = (await pacs.labelsOf([pacsStudyId])).get(pacsStudyId) ?? [];
  for (const label of present.filter(isOwn)) await pacs.remove(pacsStudyId, label);
}
