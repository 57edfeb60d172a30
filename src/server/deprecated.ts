import type { Request, RequestHandler, Response } from 'express';
import type { Log } from '../log.js';

/** Names of the previous release (0.2), which still work in this one. A field's former name → its name now. */
export type FieldNames = Readonly<Record<string, string>>;

interface FormerPath {
  readonly pattern: RegExp;
  /** The path now; groups of the pattern are put in. */
  readonly path: string;
  /** Under the former path the reply has the former field names: name now → former name. */
  readonly reply?: FieldNames;
  /** Values of `state` and `step` that had other names: value now → former value. */
  readonly values?: FieldNames;
}

const formerPaths: readonly FormerPath[] = [
  { pattern: /^\/api\/answer$/, path: '/api/analyze' },
  { pattern: /^\/api\/parked$/, path: '/api/failed-jobs' },
  { pattern: /^\/api\/parked\/([^/]+)\/retry$/, path: '/api/failed-jobs/$1/retry' },
  {
    pattern: /^\/api\/studies\/([^/]+)\/verdicts$/,
    path: '/api/studies/$1/assessments',
    reply: { assessments: 'verdicts', adjudicates: 'settles', origin: 'whence' },
    values: { agreed: 'settled' },
  },
  {
    pattern: /^\/api\/night$/,
    path: '/api/retraining',
    reply: { inProgress: 'underWay' },
    values: { failed: 'parked', images: 'pictures', evaluation: 'judging' },
  },
  { pattern: /^\/answer$/, path: '/analyze' },
];

/** RFC 9745: since when the name is deprecated, as a structured date. */
const deprecatedSince = `@${Date.UTC(2026, 11, 1) / 1000}`;

export interface Deprecations {
  /** Rewrites a former path to the path now, and the field names of its reply back to the former ones. */
  readonly formerPaths: RequestHandler;
  /** Marks the response, and writes one warning for each name and process. @param name e.g. `settles (now adjudicates)` */
  warn(request: Request, response: Response, name: string): void;
}

/** Marks everything that is used by its former name with `Deprecation` (RFC 9745), and warns of it once in the log. */
export function openDeprecations(log: Log): Deprecations {
  const warned = new Set<string>();
  const once = (name: string, now: string): void => {
    if (warned.has(name)) return;
    warned.add(name);
    log.warn('a name of the previous release was used; it will not work in the next one', { name, now });
  };
  return {
    formerPaths(request, response, next) {
      const at = request.url.indexOf('?');
      const path = at < 0 ? request.url : request.url.slice(0, at);
      const former = formerPaths.find(({ pattern }) => pattern.test(path));
      if (former) {
        const now = path.replace(former.pattern, former.path);
        response.set({ Deprecation: deprecatedSince, Link: `<${now}>; rel="successor-version"` });
        once(former.pattern.source.replace(/\\\//g, '/').replace(/[\^$]/g, '').replace('([/]+)', '…'), former.path.replace('$1', '…'));
        request.url = now + (at < 0 ? '' : request.url.slice(at));
        if (former.reply || former.values) {
          const json = response.json.bind(response);
          response.json = (value: unknown) => json(withFormerNames(value, former.reply ?? {}, former.values ?? {}));
        }
      }
      next();
    },
    warn(_request, response, name) {
      response.set('Deprecation', deprecatedSince);
      once(...(name.split(' → ') as [string, string]));
    },
  };
}

/** A body with former field names at its top, as one with the names now. Where both are given the former one stays, and the schema refuses it. */
export function renameFields(body: unknown, names: FieldNames): { readonly value: unknown; readonly found: readonly string[] } {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return { value: body, found: [] };
  const renamed = Object.entries(body).filter(([name]) => Object.hasOwn(names, name) && !Object.hasOwn(body, names[name]!));
  if (renamed.length === 0) return { value: body, found: [] };
  const former = new Set(renamed.map(([name]) => name));
  return {
    value: {
      ...Object.fromEntries(Object.entries(body).filter(([name]) => !former.has(name))),
      ...Object.fromEntries(renamed.map(([name, value]) => [names[name]!, value])),
    },
    found: renamed.map(([name]) => `${name} → ${names[name]!}`),
  };
}

/** Through JSON first: dates are texts then. */
function withFormerNames(value: unknown, fields: FieldNames, values: FieldNames): unknown {
  return JSON.parse(JSON.stringify(value ?? null), (key, one: unknown) => {
    if ((key === 'state' || key === 'step') && typeof one === 'string') return values[one] ?? one;
    if (typeof one !== 'object' || one === null || Array.isArray(one)) return one;
    return Object.fromEntries(Object.entries(one).map(([name, inner]) => [fields[name] ?? name, inner]));
  });
}
