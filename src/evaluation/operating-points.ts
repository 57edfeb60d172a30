import type { Rules } from './rules.js';
import type { LabelRule } from './truth.js';

/** The hospital's thresholds of a finding, in place of the model's own (`absentBelow`, `presentFrom` in config/findings.json). */
export interface ThresholdOverride {
  readonly absentBelow?: number | undefined;
  readonly presentFrom?: number | undefined;
}

/** The findings of config/findings.json by name: how labels are read, and the hospital's thresholds. */
export type SiteFindings = Readonly<Record<string, LabelRule & ThresholdOverride>>;

/**
 * A network's rules with the thresholds that are served: the model's own, or the hospital's where it sets them. Reports and the
 * promotion gate both use these, so that what the gate examines is what radiologists get.
 *
 * @param overrideOf by finding name; undefined or empty where the hospital sets nothing
 * @returns the same rules with other thresholds; `absentBelow` never exceeds `presentFrom`
 */
export function withServedThresholds<Network extends Pick<Rules, 'outputs'>>(
  network: Network,
  overrideOf: (finding: string) => ThresholdOverride | undefined,
): Network {
  const outputs = network.outputs.map((rule) => {
    if (rule.kind !== 'finding') return rule;
    const override = overrideOf(rule.name);
    const presentFrom = override?.presentFrom ?? rule.presentFrom;
    return { ...rule, presentFrom, absentBelow: Math.min(override?.absentBelow ?? rule.absentBelow, presentFrom) };
  });
  return { ...network, outputs };
}

/** The same with the thresholds of a model line, by finding, in place of those that they replace. */
export function withLineThresholds(findings: SiteFindings, thresholds: Readonly<Record<string, ThresholdOverride>>): SiteFindings {
  return {
    ...findings,
    ...Object.fromEntries(
      Object.entries(thresholds).map(([name, own]) => [name, { ...(Object.hasOwn(findings, name) ? findings[name] : {}), ...own }]),
    ),
  };
}
