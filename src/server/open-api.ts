import { z } from 'zod';
import { sessionCookieName } from './access/cookie.js';
import { modelChangeBody, promotionBody } from './routes/model-actions.js';

/** One route, in the words of its docs. */
interface Operation {
  readonly method: 'get' | 'post';
  /** As OpenAPI writes it: /api/studies/{study}. */
  readonly path: string;
  readonly summary: string;
  readonly description?: string;
  readonly role: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: z.ZodType | 'file';
  readonly answer?: 'json' | 'image' | 'html' | 'events' | 'text' | 'dicom' | 'none';
}

const decision = z.enum(['present', 'absent', 'undetermined']);
const account = z.strictObject({
  name: z.string().max(100),
  roles: z.array(z.enum(['viewer', 'reader', 'operator', 'admin', 'service'])).min(1),
});

/** Every route of the service; a test holds that none is missing. */
const operations: readonly Operation[] = [
  { method: 'get', path: '/health', role: 'none', summary: 'Whether Orthanc, database and model are there; 503 if not' },
  { method: 'get', path: '/health/live', role: 'none', summary: 'Whether the process lives' },
  { method: 'get', path: '/metrics', role: 'viewer', summary: 'Figures for Prometheus', answer: 'text' },
  {
    method: 'post',
    path: '/hint',
    role: 'none',
    summary: 'Wake-up hint of orthanc/routing.lua',
    description: 'With the token of server.hintToken in X-Hint-Token, else from loopback only.',
    answer: 'none',
  },
  { method: 'get', path: '/login', role: 'none', summary: 'The way in for people', answer: 'html' },
  {
    method: 'post',
    path: '/api/login',
    role: 'none',
    summary: 'Log in; a session cookie is the answer',
    body: z.strictObject({ name: z.string(), password: z.string() }),
  },
  { method: 'get', path: '/api/login/oidc', role: 'none', summary: 'Log in at the hospital’s OpenID provider', answer: 'html' },
  { method: 'get', path: '/api/login/oidc/callback', role: 'none', summary: 'The way back from there', answer: 'html' },
  { method: 'post', path: '/api/logout', role: 'any', summary: 'End the session', answer: 'none' },
  { method: 'get', path: '/api/me', role: 'any', summary: 'Who asks, and with which roles' },
  {
    method: 'post',
    path: '/api/password',
    role: 'any',
    summary: 'A new password of one’s own',
    body: z.strictObject({ current: z.string(), next: z.string() }),
    answer: 'none',
  },
  {
    method: 'get',
    path: '/api/worklist',
    role: 'viewer',
    summary: 'Current results, highest priority first, then newest',
    query: {
      limit: '1 to 500, default 50',
      outcome: 'reported, skipped or failed',
      present: 'name of a finding that is present, or any',
      search: 'beginning of a Study Instance UID, else name, Patient ID or Accession Number',
      after: 'next of the page before',
    },
  },
  { method: 'get', path: '/api/worklist/counts', role: 'viewer', summary: 'Studies by outcome' },
  { method: 'get', path: '/api/events', role: 'viewer', summary: 'Server-sent events: changed', answer: 'events' },
  {
    method: 'get',
    path: '/api/patients',
    role: 'viewer',
    summary: 'Who the patients of some studies are, from the PACS',
    query: { studies: 'at most 100 Study Instance UIDs with commas between them' },
  },
  {
    method: 'get',
    path: '/api/results',
    role: 'viewer',
    summary: 'Current results, newest first',
    query: { limit: '1 to 500, default 50', outcome: 'reported, skipped or failed' },
  },
  { method: 'get', path: '/api/studies/{study}', role: 'viewer', summary: 'All results of a study, the current one first' },
  { method: 'get', path: '/api/studies/{study}/page', role: 'viewer', summary: 'A study for people: patient, images, heat maps, history' },
  {
    method: 'get',
    path: '/api/studies/{study}/series/{series}/instances/{instance}/picture',
    role: 'viewer',
    summary: 'An image as the network saw it, or a heat map',
    query: { frame: '1-based, of multi-frame images' },
    answer: 'image',
  },
  {
    method: 'get',
    path: '/api/studies/{study}/assessments',
    role: 'viewer',
    summary: 'What readers said of a study, and the labels that follow',
  },
  {
    method: 'post',
    path: '/api/studies/{study}/assessments',
    role: 'reader',
    summary: 'A reader’s assessment; stored in the PACS as DICOM SR',
    body: z.strictObject({
      findings: z.array(z.strictObject({ name: z.string(), decision })),
      assessedDocument: z.string().optional(),
      adjudicates: z.boolean().optional(),
    }),
  },
  {
    method: 'post',
    path: '/api/answer',
    role: 'viewer',
    summary: 'Findings for a DICOM, ZIP, PNG or JPEG file; nothing is kept',
    description: 'The file itself is the body; its name, URL-encoded, goes in X-File-Name.',
    body: 'file',
  },
  { method: 'post', path: '/api/rules/test', role: 'viewer', summary: 'Dry run of the routing rules on a DICOM file', body: 'file' },
  {
    method: 'get',
    path: '/api/rules/test',
    role: 'viewer',
    summary: 'Dry run of the routing rules on the last studies',
    query: { limit: '1 to 100, default 25' },
  },
  { method: 'get', path: '/api/operations', role: 'viewer', summary: 'Queues, faults, rules, health, latency' },
  { method: 'get', path: '/api/parked', role: 'viewer', summary: 'Work that waits for a person' },
  { method: 'post', path: '/api/parked/{id}/retry', role: 'operator', summary: 'Try parked work again', answer: 'none' },
  { method: 'get', path: '/api/models', role: 'viewer', summary: 'Model versions, the history of what served' },
  {
    method: 'get',
    path: '/api/models/{version}',
    role: 'viewer',
    summary: 'One version: card, evaluation reports, change records with the gate’s decision',
  },
  {
    method: 'post',
    path: '/api/models/{version}/promote',
    role: 'operator',
    summary: 'Put a version in service',
    description:
      'Only where the gate lets it through beside the champion of now; any other with withoutGate and a reason, which stays in the history.',
    body: promotionBody,
  },
  {
    method: 'post',
    path: '/api/models/{version}/challenge',
    role: 'operator',
    summary: 'Let a version judge in shadow; none as version ends that',
    body: modelChangeBody,
  },
  {
    method: 'post',
    path: '/api/models/rollback',
    role: 'operator',
    summary: 'The champion before the present one serves again',
    body: modelChangeBody,
  },
  { method: 'get', path: '/api/night', role: 'viewer', summary: 'Retraining: under way, waiting, or how the last one ended' },
  {
    method: 'post',
    path: '/api/retrain',
    role: 'operator',
    summary: 'Retrain now on what readers have labelled; one at a time',
    answer: 'none',
  },
  {
    method: 'get',
    path: '/api/drift',
    role: 'viewer',
    summary: 'The last look at drift: site by site against the training reference, agreement with readers, alarms that last',
  },
  { method: 'post', path: '/api/drift/check', role: 'operator', summary: 'Look at drift now', answer: 'none' },
  {
    method: 'post',
    path: '/api/drift/alarms/{id}/acknowledge',
    role: 'operator',
    summary: 'Somebody has seen an alarm of drift',
    answer: 'none',
  },
  { method: 'get', path: '/api/accounts', role: 'admin', summary: 'Accounts' },
  { method: 'post', path: '/api/accounts', role: 'admin', summary: 'A new account; its first password is the answer', body: account },
  { method: 'post', path: '/api/accounts/{name}/password', role: 'admin', summary: 'A new password for an account' },
  { method: 'post', path: '/api/accounts/{name}/disable', role: 'admin', summary: 'Disable an account; its sessions end', answer: 'none' },
  { method: 'post', path: '/api/accounts/{name}/enable', role: 'admin', summary: 'Enable a disabled account', answer: 'none' },
  {
    method: 'post',
    path: '/api/accounts/{name}/roles',
    role: 'admin',
    summary: 'Change the roles of a local account; its sessions end',
    body: account.pick({ roles: true }),
    answer: 'none',
  },
  { method: 'get', path: '/api/tokens', role: 'admin', summary: 'Tokens of programs' },
  {
    method: 'post',
    path: '/api/tokens',
    role: 'admin',
    summary: 'A new token; it is shown once',
    body: account.extend({ days: z.number().int().min(1).max(3650).optional() }),
  },
  { method: 'post', path: '/api/tokens/{name}/revoke', role: 'admin', summary: 'End a token', answer: 'none' },
  {
    method: 'get',
    path: '/api/audit',
    role: 'admin',
    summary: 'The audit log, newest first',
    query: {
      limit: '1 to 1000, default 100',
      from: 'time',
      to: 'time',
      actor: 'name',
      action: 'deed (study.view), or an object (study)',
      before: 'number of the last entry of the page before',
    },
  },
  { method: 'get', path: '/api/audit/verify', role: 'admin', summary: 'Whether the audit log is as it was written' },
  {
    method: 'get',
    path: '/api/audit/export',
    role: 'admin',
    summary: 'The whole audit log, oldest first, one entry a line',
    query: { format: 'json (default), or atna: AuditMessage of DICOM PS3.15' },
    answer: 'text',
  },
  { method: 'get', path: '/api/openapi.json', role: 'viewer', summary: 'This document' },
  { method: 'get', path: '/dicom-web/{path}', role: 'viewer', summary: 'QIDO-RS and WADO-RS of the PACS, reading only', answer: 'dicom' },
  { method: 'get', path: '/viewer/{path}', role: 'viewer', summary: 'The OHIF viewer', answer: 'html' },
];

const contents: Readonly<Record<NonNullable<Operation['answer']>, string | undefined>> = {
  json: 'application/json',
  image: 'image/jpeg',
  html: 'text/html',
  events: 'text/event-stream',
  text: 'text/plain',
  dicom: 'application/dicom+json',
  none: undefined,
};

/** The interface as OpenAPI 3.1. */
export function openApiDocument(version: string): Readonly<Record<string, unknown>> {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const { method, path, summary, description, role, query = {}, body, answer = 'json' } of operations) {
    const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({ name, in: 'path', required: true, schema: { type: 'string' } }));
    const inQuery = Object.entries(query).map(([name, words]) => ({ name, in: 'query', description: words, schema: { type: 'string' } }));
    const content = contents[answer];
    paths[path] = {
      ...paths[path],
      [method]: {
        summary,
        ...(description ? { description } : {}),
        'x-role': role,
        ...(inPath.length + inQuery.length > 0 ? { parameters: [...inPath, ...inQuery] } : {}),
        ...(body === undefined
          ? {}
          : {
              requestBody: {
                required: true,
                content: body === 'file' ? { 'application/octet-stream': {} } : { 'application/json': { schema: z.toJSONSchema(body) } },
              },
            }),
        responses: {
          [answer === 'none' ? '2XX' : '200']: { description: 'Done', ...(content ? { content: { [content]: {} } } : {}) },
          default: {
            description: 'A fault, with a sentence for people and a code for programs',
            content: { 'application/json': { schema: { $ref: '#/components/schemas/Fault' } } },
          },
        },
        ...(role === 'none' ? { security: [] } : {}),
      },
    };
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'orthanc-chest-ai',
      version,
      description: 'Not for diagnosis. Programs send Authorization: Bearer with a token; browsers have a session.',
    },
    security: [{ token: [] }, { session: [] }],
    paths,
    components: {
      securitySchemes: {
        token: { type: 'http', scheme: 'bearer' },
        session: {
          type: 'apiKey',
          in: 'cookie',
          name: sessionCookieName(true),
          description: `${sessionCookieName(false)} where server.publicUrl is not https`,
        },
      },
      schemas: { Fault: z.toJSONSchema(z.strictObject({ error: z.string(), code: z.string() })) },
    },
  };
}
