import { readFileSync } from 'node:fs';
import { isMap, isScalar, LineCounter, parseDocument, type Document, type Node } from 'yaml';
import type { z } from 'zod';
import { deprecatedUntil, warnOfDeprecation, type DeprecatedName, type Warn } from './config/deprecated-names.js';
import { suggestedKey } from './config/known-keys.js';
import { asFault, Fault } from './errors.js';

/**
 * Reads a YAML or JSON file (JSON is YAML) and checks it against a schema.
 *
 * @param deprecated keys with a new name: the old one is accepted, and `warn` receives a sentence that names the new one
 * @throws Fault `config-invalid` naming file, line, what was expected and what was found; every mistake at once
 */
export function loadConfigFile<Schema extends z.ZodType>(
  file: string,
  schema: Schema,
  deprecated: readonly DeprecatedName[] = [],
  warn: Warn = warnOfDeprecation,
): z.output<Schema> {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw asFault(error, 'config-invalid', { source: file });
  }
  return parseConfig(text, file, schema, deprecated, warn);
}

/** As loadConfigFile, for a text that was already read; `file` only names it in errors. */
export function parseConfig<Schema extends z.ZodType>(
  text: string,
  file: string,
  schema: Schema,
  deprecated: readonly DeprecatedName[] = [],
  warn: Warn = warnOfDeprecation,
): z.output<Schema> {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  if (document.errors.length) {
    throw new Fault(
      'config-invalid',
      document.errors.map((error) => `${file}:${lines.linePos(error.pos[0]).line}: ${error.message}`).join('; '),
    );
  }
  for (const name of deprecated) renameKey(document, name, (offset) => `${file}:${lines.linePos(offset).line}`, warn);
  const found = document.toJS() as unknown;
  const result = schema.safeParse(found ?? {});
  if (result.success) return result.data;
  const mistakes = result.error.issues.flatMap(flattenIssue).map((issue) => {
    const line = lineOf(document, lines, issue.path);
    const where = issue.path.length ? ` ${issue.path.join('.')}:` : '';
    return `${file}${line ? `:${line}` : ''}:${where} ${issue.message}${foundText(found, issue)}${suggestion(schema, issue)}`;
  });
  throw new Fault('config-invalid', mistakes.join('; '));
}

/** @throws Fault `config-invalid` if the file has both names */
function renameKey(document: Document, { path, newName }: DeprecatedName, place: (offset: number) => string, warn: Warn): void {
  const parent = path.length === 1 ? document.contents : document.getIn(path.slice(0, -1), true);
  if (!isMap(parent)) return;
  const oldName = path.at(-1)!;
  const pair = parent.items.find(({ key }) => isScalar(key) && key.value === oldName);
  if (!pair || !isScalar(pair.key)) return;
  const newPath = [...path.slice(0, -1), newName].join('.');
  const where = place(pair.key.range?.[0] ?? 0);
  if (parent.has(newName))
    throw new Fault(
      'config-invalid',
      `${where}: "${path.join('.')}" is the old name of "${newPath}", and the file has both; remove the old one`,
    );
  warn(`${where}: the setting "${path.join('.')}" is now called "${newPath}"; the old name works until release ${deprecatedUntil}`);
  pair.key.value = newName;
}

type Issue = z.core.$ZodIssue;

function suggestion(schema: z.ZodType, issue: Issue): string {
  if (issue.code !== 'unrecognized_keys') return '';
  const known = issue.keys.flatMap((key) => suggestedKey(schema, issue.path, key) ?? []);
  return known.length === 0 ? '' : ` (did you mean ${known.map((one) => `"${one}"`).join(', ')}?)`;
}

/** A union reports only "Invalid input" unless the schema states a message; the issues of the alternative that fits best are more precise. */
export function flattenIssue(issue: Issue): Issue[] {
  if (issue.code !== 'invalid_union' || issue.errors.length === 0) return [issue];
  const ofRightType = issue.errors.filter(
    (alternative) => !alternative.some((inner) => inner.code === 'invalid_type' && inner.path.length === 0),
  );
  const [closest] = [...ofRightType].sort((a, b) => depth(b) - depth(a) || a.length - b.length);
  if (!closest) return [issue.message === 'Invalid input' ? { ...issue.errors[0]![0]!, path: issue.path } : issue];
  return closest.map((inner) => ({ ...inner, path: [...issue.path, ...inner.path] }) as Issue).flatMap(flattenIssue);
}

function depth(issues: readonly Issue[]): number {
  return Math.max(0, ...issues.map((issue) => issue.path.length));
}

/** The line of the node at the path, or of its nearest ancestor that exists. */
function lineOf(document: Document, lines: LineCounter, path: readonly PropertyKey[]): number | undefined {
  for (let length = path.length; length >= 0; length--) {
    const node = (length === 0 ? document.contents : document.getIn(path.slice(0, length), true)) as Node | null | undefined;
    if (node?.range) return lines.linePos(node.range[0]).line;
  }
  return undefined;
}

/** A password without quotes is a number, and so a mistake; its text must not reach the log. Addresses may contain one. */
function isSecret(key: PropertyKey | undefined): boolean {
  return /^(password|hintToken|metricsToken|clientSecret|url)$/.test(String(key));
}

function foundText(root: unknown, issue: Issue): string {
  if (issue.code === 'unrecognized_keys' || isSecret(issue.path.at(-1))) return '';
  let value: unknown = root;
  for (const key of issue.path)
    value = typeof value === 'object' && value !== null ? (value as Record<PropertyKey, unknown>)[key] : undefined;
  return value === undefined ? ' (found nothing)' : ` (found ${JSON.stringify(value)?.slice(0, 80)})`;
}
