import type { Store } from '../store/store.js';
import type { LabelIndex } from './ports.js';

/** What the labels follow from, in the database. */
export function labelIndexOf(store: Pick<Store, 'resultStates' | 'labels' | 'assessments' | 'results'>): LabelIndex {
  return {
    find: (studyInstanceUID) => store.resultStates.find(studyInstanceUID),
    page: (options) => store.resultStates.page(options),
    async statements(studyInstanceUIDs) {
      const rows = await store.labels.ofStudies(studyInstanceUIDs);
      const inputs = new Map<string, ReadonlyMap<string, boolean>>();
      // Only a statement that rejects a finding removes a label.
      for (const uid of new Set(rows.filter((one) => one.decision === 'absent').map((one) => one.studyInstanceUID)))
        inputs.set(uid, await assessmentsOfCurrentImages(uid, store));
      return rows.map((row) => ({ ...row, isAboutCurrentImages: inputs.get(row.studyInstanceUID)?.get(row.origin) ?? true }));
    },
  };
}

/** By SOP Instance UID of the assessment: whether the result that it is about is one about the same images as the current result. */
async function assessmentsOfCurrentImages(
  studyInstanceUID: string,
  { assessments, results }: Pick<Store, 'assessments' | 'results'>,
): Promise<ReadonlyMap<string, boolean>> {
  const [given, all] = await Promise.all([assessments.ofStudy(studyInstanceUID), results.ofStudy(studyInstanceUID)]);
  const current = all.find((one) => one.isCurrent);
  return new Map(
    given.flatMap(({ sopInstanceUID, predecessors }) => {
      const assessed = all.filter(({ documents }) => documents.some((one) => predecessors.includes(one.sopInstanceUID)));
      return assessed.length === 0 ? [] : [[sopInstanceUID, assessed.some(({ inputKey }) => inputKey === current?.inputKey)] as const];
    }),
  );
}
