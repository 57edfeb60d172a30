import type { Log } from '../log.js';

/** A decision on a finding that a label in Orthanc states for a study. */
export interface OrthancLabel {
  readonly studyInstanceUID: string;
  readonly finding: string;
  readonly decision: 'present' | 'absent';
}

export interface OrthancLabelPorts {
  /** All labels in use; undefined if this Orthanc has no labels (before 1.12). */
  labels(): Promise<readonly string[] | undefined>;
  /** Study Instance UIDs of the studies that carry a label. */
  studiesLabelled(label: string): Promise<readonly string[]>;
  /** Names in config/findings.json. */
  readonly findings: readonly string[];
  /** Replaces the labels of Orthanc in the index by these. */
  replace(labels: readonly OrthancLabel[]): Promise<{ readonly added: number; readonly removed: number }>;
  readonly log: Log;
}

const negation = 'no-';

/**
 * Copies the labels that people set on studies in Orthanc (1.12 and later) to the index: `pneumonia` means present, `no-pneumonia`
 * absent, in capital letters too. Orthanc does not tell who set a label or when, so labels count as the oldest statements of one additional reader. A study
 * with both labels has no statement. Orthanc reports no change when a label is set (tried on 1.12.7), so this is repeated regularly.
 *
 * @returns false if this Orthanc has no labels
 */
export async function syncOrthancLabels(ports: OrthancLabelPorts): Promise<boolean> {
  const inUse = await ports.labels();
  if (inUse === undefined) return false;
  const found: OrthancLabel[] = [];
  for (const finding of ports.findings) {
    const [present = [], absent = []] = await Promise.all(
      [finding, negation + finding].map(async (name): Promise<readonly string[]> => {
        // For Orthanc, Pneumonia and pneumonia are two labels; both mean the same finding.
        const written = inUse.filter((label) => label.toLowerCase() === name);
        return (await Promise.all(written.map((label) => ports.studiesLabelled(label)))).flat();
      }),
    );
    const contradictory = present.filter((uid) => absent.includes(uid));
    if (contradictory.length > 0)
      ports.log.warn('studies have a label and its opposite: neither counts', { finding, studies: contradictory.slice(0, 20) });
    const labelled = (uids: readonly string[], decision: OrthancLabel['decision']): readonly OrthancLabel[] =>
      [...new Set(uids)].filter((uid) => !contradictory.includes(uid)).map((studyInstanceUID) => ({ studyInstanceUID, finding, decision }));
    found.push(...labelled(present, 'present'), ...labelled(absent, 'absent'));
  }
  const { added, removed } = await ports.replace(found);
  if (added + removed > 0) ports.log.info('labels in Orthanc have changed', { added, removed });
  return true;
}
