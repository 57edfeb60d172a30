import { isDeepStrictEqual } from 'node:util';
import { isMap, isSeq, parseDocument, type Document, type YAMLMap } from 'yaml';
import { flattenIssue, parseConfig } from '../config-file.js';
import { Fault } from '../errors.js';
import { routingSchema, type Routing } from './rules.js';

/** A rule as a form edits it: lists everywhere, nothing left out. */
export interface EditedRule {
  /** Its name in the text that is edited; absent for a new rule. */
  readonly was?: string;
  readonly name: string;
  readonly enabled: boolean;
  readonly action: string;
  readonly priority: number;
  /** Patterns by attribute, in sets of which any may be met. */
  readonly when: readonly Readonly<Record<string, readonly string[]>>[];
  readonly destinations: readonly Readonly<Record<string, string>>[];
  readonly findingsOff: readonly string[];
}

/** What is wrong with a draft, by rule and part. */
export interface RuleProblem {
  /** Position in the draft, from 0; absent if it concerns the list. */
  readonly rule?: number;
  /** Part of the rule, e.g. `name`; absent if it concerns the rule. */
  readonly part?: string;
  readonly text: string;
}

/** The rules of a file, for a form. @throws Fault `config-invalid` */
export function editedRules({ rules }: Routing): readonly EditedRule[] {
  return rules.map(({ name, when, action, priority, destinations, findingsOff, enabled }) => ({
    was: name,
    name,
    enabled: enabled !== false,
    action,
    priority,
    when: when.map((conditions) =>
      Object.fromEntries(Object.entries(conditions).map(([attribute, patterns]) => [attribute, patterns ?? []])),
    ),
    destinations: destinations.map((one) => ({ ...one })),
    findingsOff,
  }));
}

/** By the schema of the file. @param knownFindings names of config/findings.json */
export function checkRules(rules: readonly EditedRule[], knownFindings: readonly string[]): readonly RuleProblem[] {
  const checked = routingSchema.safeParse({ rules: rules.map((one) => plainRule(one)) });
  const problems = (checked.error?.issues ?? []).flatMap(flattenIssue).map(({ path: [, rule, part, ...inner], message }): RuleProblem => {
    const place = inner.filter((one) => typeof one === 'string').join('.');
    return {
      ...(typeof rule === 'number' ? { rule } : {}),
      ...(typeof part === 'string' ? { part } : {}),
      text: place === '' ? message : `${place}: ${message}`,
    };
  });
  const unknown = rules.flatMap(({ findingsOff }, rule) =>
    findingsOff
      .filter((name) => !knownFindings.includes(name))
      .map((name): RuleProblem => ({ rule, part: 'findingsOff', text: `expected a finding of config/findings.json, found "${name}"` })),
  );
  return [...problems, ...unknown];
}

/** The draft as the program uses it. @throws Fault `request-invalid` with everything that is wrong */
export function routingOf(rules: readonly EditedRule[], knownFindings: readonly string[]): Routing {
  const problems = checkRules(rules, knownFindings);
  if (problems.length > 0)
    throw new Fault(
      'request-invalid',
      problems
        .map(
          ({ rule, part, text }) => `${rule === undefined ? 'rules' : `rule ${rule + 1}`}${part === undefined ? '' : ` ${part}`}: ${text}`,
        )
        .join('; '),
    );
  return routingSchema.parse({ rules: rules.map((one) => plainRule(one)) });
}

/**
 * Writes a draft into the text of the file. Comments, order of keys and notation of everything that did not change stay.
 *
 * @param text YAML that loadRouting accepts
 * @throws Fault `config-invalid` if the text is not valid, `request-invalid` if the draft is not
 */
export function editRules(text: string, rules: readonly EditedRule[], knownFindings: readonly string[]): string {
  const expected = routingOf(rules, knownFindings);
  const before = parseConfig(text, 'routing', routingSchema);
  const states = (edited: string): boolean => isDeepStrictEqual(parseConfig(edited, 'routing', routingSchema), expected);
  if (states(text)) return text;
  const document = parseDocument(text);
  const list = document.get('rules');
  if (!isSeq(list)) throw new Fault('config-invalid', 'expected a list of rules, found something else');
  const nodes = new Map(before.rules.map(({ name }, index) => [name, list.items[index] as YAMLMap]));
  const parsed = new Map(before.rules.map((rule) => [rule.name, rule]));
  list.items = rules.map((rule, index) => {
    const node = rule.was === undefined ? undefined : nodes.get(rule.was);
    // A rule that is copied twice has one node only.
    nodes.delete(rule.was ?? '');
    if (!isMap(node)) return ruleNode(document, plainRule(rule));
    updateRule(document, node, parsed.get(rule.was!)!, rule, expected.rules[index]!);
    return node;
  });
  const edited = document.toString({ lineWidth: 0 });
  if (!states(edited)) throw new Error('the edited text does not state the rules of the draft');
  // The library writes either "{ a }" with "[ b ]" or neither.
  const tidy = text.includes('[ ') ? edited : withoutPadding(edited);
  return states(tidy) ? tidy : edited;
}

const parts = ['name', 'when', 'action', 'priority', 'destinations', 'findingsOff', 'enabled'] as const;

function updateRule(
  document: Document,
  node: YAMLMap,
  before: Routing['rules'][number],
  rule: EditedRule,
  after: Routing['rules'][number],
): void {
  const plain = plainRule(rule);
  for (const part of parts) {
    if (isDeepStrictEqual(before[part], after[part])) continue;
    if (plain[part] === undefined) node.delete(part);
    else node.set(part, partNode(document, part, plain[part]));
  }
}

function ruleNode(document: Document, plain: Readonly<Record<string, unknown>>): YAMLMap {
  const node = document.createNode({}) as YAMLMap;
  for (const [part, value] of Object.entries(plain)) node.set(part, partNode(document, part, value));
  return node;
}

/** Conditions and names of findings stand in one line. */
function partNode(document: Document, part: string, value: unknown): unknown {
  const node = document.createNode(value);
  const inOneLine = part === 'findingsOff' ? [node] : part === 'when' ? (isSeq(node) ? node.items : [node]) : [];
  for (const one of inOneLine) if (isMap(one) || isSeq(one)) one.flow = true;
  return node;
}

/** "[ a, b ]" becomes "[a, b]", outside of quotes and comments. */
function withoutPadding(text: string): string {
  return text.replace(
    /("(?:[^"\\\n]|\\.)*"|'[^'\n]*'|(?:^|\s)#[^\n]*)|\[ (?=\S)|(?<=\S) \]/g,
    (found, kept?: string) => kept ?? found.trim(),
  );
}

/** As a person would write it: without what is the default, lists of one as a text. */
function plainRule({ name, when, action, priority, destinations, findingsOff, enabled }: EditedRule): Readonly<Record<string, unknown>> {
  const short = when.map((conditions) =>
    Object.fromEntries(
      Object.entries(conditions).map(([attribute, patterns]) => [attribute, patterns.length === 1 ? patterns[0] : patterns]),
    ),
  );
  return {
    name,
    when: short.length === 1 ? short[0] : short,
    action,
    ...(priority === 5 ? {} : { priority }),
    ...(destinations.length === 0 ? {} : { destinations }),
    ...(findingsOff.length === 0 ? {} : { findingsOff }),
    ...(enabled ? {} : { enabled }),
  };
}
