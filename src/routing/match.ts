import { compilePattern, type Pattern } from './pattern.js';
import { shownValues } from './shown-values.js';
import type { RoutingAttribute, Conditions, Routing, RoutingRule } from './rules.js';
import type { SeriesFacts } from './series-facts.js';

/** Why a rule did not take a study: the condition that failed on the series that came closest. */
export interface Mismatch {
  readonly rule: string;
  readonly seriesInstanceUID: string | undefined;
  readonly attribute: RoutingAttribute | undefined;
  /** One sentence. Of a value only what is a term of the standard is repeated: anything else may name a person. */
  readonly text: string;
}

export type RoutingDecision =
  | {
      readonly action: 'analyse' | 'ignore';
      readonly rule: RoutingRule;
      readonly series: readonly SeriesFacts[];
      readonly passedOver: readonly Mismatch[];
    }
  | { readonly action: 'none'; readonly passedOver: readonly Mismatch[] };

/** The first rule of which one series fulfils all conditions takes the study, with all series that fulfil them. */
export function route(routing: Routing, series: readonly SeriesFacts[]): RoutingDecision {
  const passedOver: Mismatch[] = [];
  for (const rule of routing.rules) {
    if (rule.enabled === false) continue;
    const taken = series.filter((one) => rule.when.some((conditions) => fulfils(one, conditions)));
    if (taken.length > 0) return { action: rule.action, rule, series: taken, passedOver };
    passedOver.push(closestMismatch(rule, series));
  }
  return { action: 'none', passedOver };
}

/** Whether a series fulfils every condition. */
export function fulfils(series: SeriesFacts, conditions: Conditions): boolean {
  return firstFailure(conditions, series) === undefined;
}

/** One sentence for the record: which rule came closest to taking the study, and what was missing. */
export function explainNone(passedOver: readonly Mismatch[]): string {
  return passedOver.map((mismatch) => `${mismatch.rule}: ${mismatch.text}`).join('; ');
}

interface Failure {
  readonly attribute: RoutingAttribute;
  /** Number of conditions that were met before this one failed. */
  readonly met: number;
}

function firstFailure(conditions: Conditions, series: SeriesFacts): Failure | undefined {
  let met = 0;
  for (const [attribute, patterns] of Object.entries(conditions) as [RoutingAttribute, readonly string[]][]) {
    const values = series.values[attribute] ?? [];
    if (!patterns.some((pattern) => matchesPattern(pattern, values))) return { attribute, met };
    met++;
  }
  return undefined;
}

function closestMismatch(rule: RoutingRule, series: readonly SeriesFacts[]): Mismatch {
  const failures = series.flatMap((one) => rule.when.map((conditions) => ({ one, conditions, failure: firstFailure(conditions, one)! })));
  const closest = failures.reduce<(typeof failures)[number] | undefined>(
    (best, next) => (!best || next.failure.met > best.failure.met ? next : best),
    undefined,
  );
  if (!closest) return { rule: rule.name, seriesInstanceUID: undefined, attribute: undefined, text: 'the study has no series' };
  const { attribute } = closest.failure;
  const found = closest.one.values[attribute] ?? [];
  const expected = (closest.conditions[attribute] ?? []).join(', ');
  const foundText = found.length === 0 ? 'missing' : shownValues(attribute, found);
  return {
    rule: rule.name,
    seriesInstanceUID: closest.one.seriesInstanceUID,
    attribute,
    text: `${attribute} is ${foundText}, expected ${expected}`,
  };
}

/** @param values none for an attribute that is absent or empty */
export function matchesPattern(pattern: string, values: readonly string[]): boolean {
  if (pattern === 'missing') return values.length === 0;
  const expression = compiled(pattern);
  return values.some((value) => expression.matches(value));
}

const patterns = new Map<string, Pattern>();

function compiled(text: string): Pattern {
  const known = patterns.get(text);
  if (known) return known;
  const pattern = compilePattern(text);
  patterns.set(text, pattern);
  return pattern;
}
