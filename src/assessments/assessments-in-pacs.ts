import type { DataSet } from '../dicom/data-set.js';
import { readVerdict, type ReadVerdict } from '../sr/read-assessment.js';
import { referenceTo } from '../reporting/image-reference.js';
import type { DocumentReference } from '../sr/report-content.js';

/** What a person has said of a study, as it stands in the PACS. */
export interface VerdictInPacs {
  readonly reference: DocumentReference;
  readonly verdict: ReadVerdict;
}

/** Finds the verdicts among the instances of a study, oldest first. */
export function verdictsIn(instances: readonly DataSet[]): readonly VerdictInPacs[] {
  return instances
    .flatMap((instance): readonly VerdictInPacs[] => {
      const verdict = readVerdict(instance);
      return verdict ? [{ reference: referenceTo(instance), verdict }] : [];
    })
    .sort((a, b) => timeOf(a) - timeOf(b) || (a.reference.sopInstanceUID < b.reference.sopInstanceUID ? -1 : 1));
}

/** Each reader's verdicts that no later one of the same reader follows. */
export function currentVerdictsIn(instances: readonly DataSet[]): readonly VerdictInPacs[] {
  const all = verdictsIn(instances);
  return all.filter(({ reference, verdict }) => !all.some((later) => later.verdict.reader === verdict.reader && later.verdict.predecessors.some((one) => one.sopInstanceUID === reference.sopInstanceUID)));
}

function timeOf({ verdict }: VerdictInPacs): number {
  return verdict.createdAt?.getTime() ?? 0;
}
