import type { AgreedLabel, Labels } from '../store/labels.js';
import { consensusLabels, consensusOrigin, isReadFromText } from './adjudicated-labels.js';

/** All agreed labels of the index, page by page. */
export async function agreedLabelsIn(labels: Pick<Labels, 'statements'>): Promise<readonly AgreedLabel[]> {
  const agreed: AgreedLabel[] = [];
  for (let after: string | undefined; ; ) {
    const page = await labels.statements(after === undefined ? {} : { after });
    if (page.length === 0) return agreed;
    after = page.at(-1)!.studyInstanceUID;
    agreed.push(...agreedLabels(page));
  }
}

/** What the readers of these studies agree on; texts of reports do not count. */
export async function agreedLabelsOf(studies: readonly string[], labels: Pick<Labels, 'ofStudies'>): Promise<readonly AgreedLabel[]> {
  return agreedLabels(await labels.ofStudies(studies)).filter((one) => one.isReadFromText !== true);
}

function agreedLabels(statements: Parameters<typeof consensusLabels>[0]): readonly AgreedLabel[] {
  return consensusLabels(statements).flatMap((joint) => {
    const { studyInstanceUID, finding, decision } = joint;
    if (decision === undefined) return [];
    const label = { studyInstanceUID, finding, decision, origin: consensusOrigin(joint) };
    return [joint.statements.every(isReadFromText) ? { ...label, isReadFromText: true as const } : label];
  });
}
