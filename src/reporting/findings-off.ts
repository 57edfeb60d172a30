import { defaultWeights } from '../config/triage.js';
import { Fault } from '../errors.js';
import type { Routing, RoutingRule } from '../routing/rules.js';
import type { Analysis } from './analysis.js';

/** Findings that a site does not want reported: of all studies (`findings.off` in the settings), or of those that a rule takes. */
export interface FindingsOff {
  readonly findingsOff?: readonly string[] | undefined;
}

/**
 * The analysis without the findings that are switched off. They appear in no document, index and heat map; the parameters of the
 * algorithm state that they are off, so that nobody takes their absence for a negative result.
 */
export function withoutFindingsOff(
  analysis: Analysis,
  settings: FindingsOff,
  rule: Pick<RoutingRule, 'findingsOff'> | undefined,
): Analysis {
  const off = new Set([...(settings.findingsOff ?? []), ...(rule?.findingsOff ?? [])]);
  const without = (one: Analysis): Analysis => {
    const left = one.findings.filter(({ name }) => !off.has(name));
    if (left.length === one.findings.length) return one;
    const names = one.findings.flatMap(({ name }) => (off.has(name) ? [name] : []));
    return { ...one, findings: left, notes: [...one.notes, `Switched off by the settings and not reported: ${names.join(', ')}`] };
  };
  const { byModel } = analysis;
  return { ...without(analysis), ...(byModel ? { byModel: byModel.map((one) => ({ ...one, analysis: without(one.analysis) })) } : {}) };
}

/**
 * @param weights of triage, by finding
 * @throws Fault `config-invalid` if a name is not one of config/findings.json: a typing error would leave the finding on, or without its weight
 */
export function checkFindingNames(
  settings: FindingsOff,
  weights: Readonly<Record<string, number>>,
  routing: Routing,
  known: Readonly<Record<string, unknown>>,
): void {
  const named = [
    ...(settings.findingsOff ?? []).map((name) => ({ name, place: 'findings.off' })),
    ...Object.keys(weights)
      .filter((name) => !Object.hasOwn(defaultWeights, name))
      .map((name) => ({ name, place: 'triage.weights' })),
    ...routing.rules.flatMap((rule) => rule.findingsOff.map((name) => ({ name, place: `findingsOff of rule ${rule.name}` }))),
  ];
  const strange = named.find(({ name }) => !Object.hasOwn(known, name));
  if (strange) throw new Fault('config-invalid', `${strange.place}: expected a finding of config/findings.json, found "${strange.name}"`);
}
