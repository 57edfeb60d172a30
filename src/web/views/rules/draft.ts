import type { EditedRule } from '../../../server/page-types.js';

/** Attributes that conditions may name, in the order of the documentation. */
export const attributes = [
  'modality',
  'bodyPart',
  'view',
  'studyDescription',
  'seriesDescription',
  'protocolName',
  'description',
  'stationName',
  'institutionName',
  'manufacturer',
  'sopClass',
  'callingAeTitle',
  'calledAeTitle',
] as const;

/** A condition as the form has it: text that is being typed. */
export interface DraftCondition {
  readonly attribute: string;
  readonly values: string;
}

/** A rule as the form has it. */
export interface DraftRule extends Omit<EditedRule, 'when' | 'destinations'> {
  /** Stays the same while the rule is edited. */
  readonly key: string;
  readonly sets: readonly (readonly DraftCondition[])[];
  readonly destinations: string;
}

let made = 0;

export function draftOf({ when, destinations, ...rule }: EditedRule): DraftRule {
  return {
    ...rule,
    key: `rule-${++made}`,
    sets: when.map((conditions) => Object.entries(conditions).map(([attribute, values]) => ({ attribute, values: values.join(', ') }))),
    destinations: destinations.flatMap((one) => Object.entries(one).map(([kind, name]) => `${kind}:${name}`)).join(', '),
  };
}

export function newRule(name: string): DraftRule {
  return {
    key: `rule-${++made}`,
    name,
    enabled: true,
    action: 'analyse',
    priority: 5,
    sets: [[{ attribute: 'modality', values: '' }]],
    destinations: '',
    findingsOff: [],
  };
}

/** Rules of a draft that was made before the page was loaded: its keys may be in use. */
export function withNewKeys(rules: readonly DraftRule[]): readonly DraftRule[] {
  return rules.map((rule) => ({ ...rule, key: `rule-${++made}` }));
}

/** What the server checks and stores. */
export function editedRuleOf({ key: _, sets, destinations, ...rule }: DraftRule): EditedRule {
  return {
    ...rule,
    when: sets.map((conditions) => Object.fromEntries(conditions.map(({ attribute, values }) => [attribute, valuesOf(values)]))),
    destinations: valuesOf(destinations).map((one) => {
      const [, kind = 'modality', name = one] = /^(\w+):(.*)$/s.exec(one) ?? [];
      return { [kind]: name };
    }),
  };
}

/** Texts between commas; a comma within a /regular expression/ belongs to it. */
export function valuesOf(text: string): string[] {
  return (text.match(/\s*\/(?:[^/\\]|\\.)*\/\s*(?=,|$)|[^,]+/g) ?? []).map((one) => one.trim()).filter((one) => one !== '');
}
