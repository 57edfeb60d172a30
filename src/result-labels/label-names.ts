import type { ResultLabelSettings } from '../config.js';
import { Fault } from '../errors.js';

/** The labels that the settings name. */
export interface LabelNames {
  /** Undefined where findings get no label. */
  ofFinding(name: string): string | undefined;
  readonly unread: string | undefined;
  readonly failed: string | undefined;
  /** Whether a label of a study belongs to the service. All others are left alone. */
  isOwn(label: string): boolean;
}

/** Longest label that Orthanc takes (tried on 1.12.7). */
const maxLength = 64;

/**
 * @param findings names in config/findings.json: only labels of these, and the other two, are the service's. Another product may use the prefix.
 */
export function labelNames({ prefix, finding, unread, failed }: ResultLabelSettings, findings: readonly string[]): LabelNames {
  const full = (text: string): string | undefined => (text === '' ? undefined : prefix + text);
  const ofFinding = (name: string): string | undefined => (finding === '' ? undefined : prefix + finding.replace('{finding}', () => name));
  const own = new Set([...findings.map(ofFinding), full(unread), full(failed)]);
  return {
    ofFinding,
    unread: full(unread),
    failed: full(failed),
    isOwn: (label) => own.has(label),
  };
}

/**
 * A label that Orthanc refuses, that means two things, or that would be taken for a reader's, is a mistake of the settings.
 *
 * @param findings names in config/findings.json
 * @throws Fault `config-invalid` naming the label
 */
export function checkLabelNames(settings: ResultLabelSettings, findings: readonly string[]): void {
  const names = labelNames(settings, findings);
  const labels = [...findings.map((name) => names.ofFinding(name)), names.unread, names.failed].filter((one) => one !== undefined);
  const reserved = new Set(findings.flatMap((name) => [name, `no-${name}`]));
  for (const [index, label] of labels.entries()) {
    if (label.length > maxLength)
      throw new Fault(
        'config-invalid',
        `resultLabels: expected labels of at most ${maxLength} characters, found ${label} (${label.length})`,
      );
    if (labels.indexOf(label) !== index) throw new Fault('config-invalid', `resultLabels: expected different labels, found ${label} twice`);
    if (reserved.has(label.toLowerCase()))
      throw new Fault(
        'config-invalid',
        `resultLabels: expected labels that readers do not set, found ${label}, which states a reader's assessment (docs/guide/assessments-and-retraining.md)`,
      );
  }
}
