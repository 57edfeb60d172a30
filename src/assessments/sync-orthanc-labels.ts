import type { Log } from '../log.js';

/** A finding that a label of Orthanc's own says of a study. */
export interface OrthancLabel {
  readonly studyInstanceUID: string;
  readonly finding: string;
  readonly decision: 'present' | 'absent';
}

export interface OrthancLabelPorts {
  /** All labels in use; undefined if this Orthanc knows none (before 1.12). */
  labels(): Promise<readonly string[] | undefined>;
  /** Study Instance UIDs of the studies that carry a label. */
  studiesLabelled(label: string): Promise<readonly string[]>;
  /** Names in config/findings.json. */
  readonly findings: readonly string[];
  /** Makes what the index has of such labels be exactly this. */
  keep(labels: readonly OrthancLabel[]): Promise<{ readonly added: number; readonly removed: number }>;
  readonly log: Log;
}

const negation = 'no-';

/**
 * Takes the labels that people put on studies in Orthanc (1.12 and later): `pneumonia` says present, `no-pneumonia` absent.
 * Orthanc does not say who put them there nor when, so they count as the oldest word of a reader of their own. A study
 * that carries both says nothing. Orthanc announces no change when a label is set (tried on 1.12.7), so this is asked for
 * again and again.
 *
 * @returns false if this Orthanc has no labels
 */
export async function syncOrthancLabels(tools: OrthancLabelPorts): Promise<boolean> {
  const inUse = await tools.labels();
  if (inUse === undefined) return false;
  const found: OrthancLabel[] = [];
  for (const finding of tools.findings) {
    const [present = [], absent = []] = await Promise.all(
      [finding, negation + finding].map(
        async (label): Promise<readonly string[]> => (inUse.includes(label) ? await tools.studiesLabelled(label) : []),
      ),
    );
    const contradictory = present.filter((uid) => absent.includes(uid));
    if (contradictory.length > 0)
      tools.log.warn('studies carry a label and its opposite: neither counts', { finding, studies: contradictory.slice(0, 20) });
    const said = (uids: readonly string[], decision: OrthancLabel['decision']): readonly OrthancLabel[] =>
      [...new Set(uids)].filter((uid) => !contradictory.includes(uid)).map((studyInstanceUID) => ({ studyInstanceUID, finding, decision }));
    found.push(...said(present, 'present'), ...said(absent, 'absent'));
  }
  const { added, removed } = await tools.keep(found);
  if (added + removed > 0) tools.log.info('labels of Orthanc', { added, removed });
  return true;
}
