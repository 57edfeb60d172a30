import { readFileSync } from 'node:fs';
import { type Document, isMap, isScalar, LineCounter, type Node, parseDocument } from 'yaml';
import type { z } from 'zod';
import { asFault, Fault } from './errors.js';

/** Former name of a top-level key → its name now. The former name works for one more release and gives a warning. */
export type RenamedKeys = Readonly<Record<string, string>>;

/**
 * Reads a YAML or JSON file (JSON is YAML) and checks it against a schema.
 *
 * @throws Fault `config-invalid` naming file, line, what was expected and what was found; every mistake at once
 */
export function loadConfigFile<Schema extends z.ZodType>(file: string, schema: Schema, renamed: RenamedKeys = {}): z.output<Schema> {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw asFault(error, 'config-invalid', { source: file });
  }
  return parseConfig(text, file, schema, renamed);
}

/** As loadConfigFile, for a text already read; `file` only names it in errors. */
export function parseConfig<Schema extends z.ZodType>(
  text: string,
  file: string,
  schema: Schema,
  renamed: RenamedKeys = {},
): z.output<Schema> {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  if (document.errors.length) {
    throw new Fault(
      'config-invalid',
      document.errors.map((error) => `${file}:${lines.linePos(error.pos[0]).line}: ${error.message}`).join('; '),
    );
  }
  renameKeys(document, lines, file, renamed);
  const found = document.toJS() as unknown;
  const result = schema.safeParse(found ?? {});
  if (result.success) return result.data;
  const mistakes = result.error.issues.flatMap(flatten).map((issue) => {
    const line = lineOf(document, lines, issue.path);
    const where = issue.path.length ? ` ${issue.path.join('.')}:` : '';
    return `${file}${line ? `:${line}` : ''}:${where} ${issue.message}${foundText(found, issue)}`;
  });
  throw new Fault('config-invalid', mistakes.join('; '));
}

/** @throws Fault `config-invalid` where a former name and the present one both stand */
function renameKeys(document: Document, lines: LineCounter, file: string, renamed: RenamedKeys): void {
  if (!isMap(document.contents)) return;
  for (const { key } of document.contents.items) {
    if (!isScalar(key) || typeof key.value !== 'string' || !Object.hasOwn(renamed, key.value)) continue;
    const [former, name] = [key.value, renamed[key.value]!];
    const place = `${file}${key.range ? `:${lines.linePos(key.range[0]).line}` : ''}`;
    if (document.contents.has(name))
      throw new Fault('config-invalid', `${place}: "${former}" is the former name of "${name}"; expected one of them, found both`);
    process.emitWarning(
      `${place}: "${former}" is now called "${name}". The former name works until the next release.`,
      'DeprecationWarning',
    );
    key.value = name;
  }
}

type Issue = z.core.$ZodIssue;

/** A union reports only "Invalid input", unless we gave it a sentence; the alternative that came closest says more. */
function flatten(issue: Issue): Issue[] {
  if (issue.code !== 'invalid_union' || issue.errors.length === 0) return [issue];
  const ofRightType = issue.errors.filter(
    (alternative) => !alternative.some((inner) => inner.code === 'invalid_type' && inner.path.length === 0),
  );
  const [closest] = [...ofRightType].sort((a, b) => depth(b) - depth(a) || a.length - b.length);
  if (!closest) return [issue.message === 'Invalid input' ? { ...issue.errors[0]![0]!, path: issue.path } : issue];
  return closest.map((inner) => ({ ...inner, path: [...issue.path, ...inner.path] }) as Issue).flatMap(flatten);
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

/** A password typed without quotes is a number, and a mistake; its text must not go into the log. Addresses may hold one. */
function isSecret(key: PropertyKey | undefined): boolean {
  return /^(password|hintToken|clientSecret|url)$/.test(String(key));
}

function foundText(root: unknown, issue: Issue): string {
  if (issue.code === 'unrecognized_keys' || isSecret(issue.path.at(-1))) return '';
  let value: unknown = root;
  for (const key of issue.path)
    value = typeof value === 'object' && value !== null ? (value as Record<PropertyKey, unknown>)[key] : undefined;
  return value === undefined ? ' (found nothing)' : ` (found ${JSON.stringify(value)?.slice(0, 80)})`;
}
