import { technicalText } from '../lib/technical-text.js';

/** Issue types (FHIR R4, value set issue-type). */
const issueTypes: ReadonlySet<unknown> = new Set(
  `invalid structure required value invariant security login unknown expired forbidden suppressed processing not-supported duplicate
  multiple-matches not-found deleted too-long code-invalid extension too-costly business-rule conflict transient lock-error no-store exception
  timeout incomplete throttled informational`.split(/\s+/),
);
const maxIssues = 3;

/**
 * What a server states in an OperationOutcome, in one line: types, elements and technical words. The rest of its text may name the
 * patient and is left out.
 *
 * @returns '' for anything else
 */
export function outcomeText(json: unknown): string {
  const { resourceType, issue } = (json ?? {}) as { readonly resourceType?: unknown; readonly issue?: unknown };
  if (resourceType !== 'OperationOutcome' || !Array.isArray(issue)) return '';
  const issues = issue.filter((one): one is Record<string, unknown> => typeof one === 'object' && one !== null);
  const serious = issues.filter(({ severity }) => severity === 'fatal' || severity === 'error');
  return (serious.length > 0 ? serious : issues)
    .slice(0, maxIssues)
    .map((one) =>
      [issueTypes.has(one['code']) ? String(one['code']) : 'issue', elementOf(one), wordsOf(one)].filter((part) => part !== '').join(' '),
    )
    .join(', ');
}

/** "at DiagnosticReport.subject", from the FHIRPath of the issue. */
function elementOf({ expression }: Readonly<Record<string, unknown>>): string {
  const path: unknown = Array.isArray(expression) ? expression[0] : undefined;
  return typeof path === 'string' && path.length <= 120 && /^[A-Z][A-Za-z]*(\[\d+\])?(\.[a-z][A-Za-z]*(\[\d+\])?)*$/.test(path)
    ? `at ${path}`
    : '';
}

function wordsOf({ diagnostics, details }: Readonly<Record<string, unknown>>): string {
  const text = diagnostics ?? (details as { readonly text?: unknown } | undefined)?.text;
  const words = typeof text === 'string' ? technicalText(text) : '';
  return words === '' ? '' : `"${words}"`;
}
