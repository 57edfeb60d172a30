import type { Labels } from '../store/labels.js';
import { consensusLabels } from './adjudicated-labels.js';

/** Numbers of labels, without a patient attribute and without who stated what about which study. */
export interface LabelOverview {
  readonly studies: number;
  readonly statements: number;
  readonly findings: readonly {
    readonly name: string;
    readonly present: number;
    readonly absent: number;
    readonly undetermined: number;
    readonly disagreed: number;
  }[];
  readonly readers: readonly { readonly reader: string; readonly statements: number; readonly studies: number }[];
  /** Sites as drift names them: configured names, keyed hashes, else the AE title that sent the study. */
  readonly sites: readonly { readonly site: string; readonly studies: number; readonly labels: number }[];
  /** Findings on which readers disagree: how many state each decision; at most `maxListed`, and none of a study that is hidden from the viewer. */
  readonly disagreements: readonly {
    readonly studyInstanceUID: string;
    readonly finding: string;
    readonly present: number;
    readonly absent: number;
  }[];
}

const maxListed = 200;

interface Counts {
  present: number;
  absent: number;
  undetermined: number;
  disagreed: number;
}

/**
 * Counts labels by finding, reader and site, page by page: memory does not grow with their number.
 *
 * @param onlyAssessedBy of disagreements only those in studies that this reader has assessed: the others would tell what other readers
 *   state, as in the worklist (store/worklist-order.ts)
 */
export async function labelOverview(
  labels: Pick<Labels, 'statements' | 'sites'>,
  { onlyAssessedBy }: { readonly onlyAssessedBy?: string | undefined } = {},
): Promise<LabelOverview> {
  const findings = new Map<string, Counts>();
  const readers = new Map<string, { statements: number; studies: number }>();
  const sites = new Map<string, { studies: number; labels: number }>();
  const disagreements: LabelOverview['disagreements'][number][] = [];
  let studies = 0;
  let statements = 0;
  for (let after: string | undefined; ; ) {
    const page = await labels.statements(after === undefined ? {} : { after });
    if (page.length === 0) break;
    after = page.at(-1)!.studyInstanceUID;
    const ofPage = [...new Set(page.map(({ studyInstanceUID }) => studyInstanceUID))];
    const siteOf = await labels.sites(ofPage);
    studies += ofPage.length;
    statements += page.length;
    const studiesOfReaders = new Set<string>();
    for (const { reader, studyInstanceUID } of page) {
      const counts = entryOf(readers, reader, () => ({ statements: 0, studies: 0 }));
      counts.statements++;
      const key = `${reader} ${studyInstanceUID}`;
      if (!studiesOfReaders.has(key)) counts.studies++;
      studiesOfReaders.add(key);
    }
    const assessed = new Set(page.filter(({ reader }) => reader === onlyAssessedBy).map(({ studyInstanceUID }) => studyInstanceUID));
    const isHidden = (uid: string): boolean => onlyAssessedBy !== undefined && !assessed.has(uid);
    for (const uid of ofPage) entryOf(sites, siteOf.get(uid) ?? '', () => ({ studies: 0, labels: 0 })).studies++;
    for (const { studyInstanceUID, finding, state, decision, statements: last } of consensusLabels(page)) {
      const counts = entryOf(findings, finding, () => ({ present: 0, absent: 0, undetermined: 0, disagreed: 0 }));
      counts[decision ?? (state === 'disagreed' ? 'disagreed' : 'undetermined')]++;
      if (decision !== undefined) entryOf(sites, siteOf.get(studyInstanceUID) ?? '', () => ({ studies: 0, labels: 0 })).labels++;
      if (state === 'disagreed' && disagreements.length < maxListed && !isHidden(studyInstanceUID)) {
        const count = (of: string): number => last.filter((one) => one.decision === of).length;
        disagreements.push({ studyInstanceUID, finding, present: count('present'), absent: count('absent') });
      }
    }
  }
  return {
    studies,
    statements,
    findings: [...findings].map(([name, counts]) => ({ name, ...counts })).sort((one, other) => (one.name < other.name ? -1 : 1)),
    readers: [...readers].map(([reader, counts]) => ({ reader, ...counts })).sort((one, other) => other.statements - one.statements),
    sites: [...sites].map(([site, counts]) => ({ site, ...counts })).sort((one, other) => other.studies - one.studies),
    disagreements,
  };
}

function entryOf<Value>(map: Map<string, Value>, key: string, fresh: () => Value): Value {
  const known = map.get(key) ?? fresh();
  map.set(key, known);
  return known;
}
