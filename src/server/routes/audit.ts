import { once } from 'node:events';
import { z } from 'zod';
import { auditFormats, auditLines } from '../../audit/export-lines.js';
import { verifyAudit } from '../../audit/verify.js';
import { wholeNumber } from '../parameters.js';
import type { ServerParts } from '../ports.js';
import { defineRoute, type Route } from '../route.js';
import { auditEntrySchema, auditStateSchema } from '../schemas/operations.js';
import type { ShownAuditEntry } from '../page-types.js';

const text = z.string().max(200).optional();

/** The audit log, for administrators: newest first, its integrity, and the whole of it as a file. */
export function auditRoutes({ audit, auditEntries }: ServerParts): readonly Route[] {
  return [
    defineRoute({
      method: 'get',
      path: '/api/audit',
      access: 'admin',
      summary: 'The audit log, newest first',
      query: z.object({
        limit: wholeNumber(1, 1000).default(100),
        from: text.describe('time, ISO 8601, inclusive'),
        to: text.describe('time, ISO 8601, exclusive'),
        actor: text.describe('account, token, or service'),
        action: text.describe('an action (study.view), or an object (study)'),
        before: wholeNumber(1, Number.MAX_SAFE_INTEGER).optional().describe('number of the last entry of the page before'),
      }),
      reply: { json: z.array(auditEntrySchema).readonly() },
      async handle({ query: { limit, from, to, actor: ofActor, action, before }, actor }) {
        // A user who goes to the next page looks at the same log.
        await (before === undefined ? audit.record : audit.recordView)({ ...actor, action: 'audit.view' });
        const rows = await auditEntries.list({
          limit,
          ...(before === undefined ? {} : { before }),
          ...(from === undefined ? {} : { from }),
          ...(to === undefined ? {} : { to }),
          ...(ofActor === undefined ? {} : { actor: ofActor }),
          ...(action === undefined ? {} : { action }),
        });
        return rows.map((row) => ({ ...row, subject: JSON.parse(row.subject) as ShownAuditEntry['subject'] }));
      },
    }),
    defineRoute({
      method: 'get',
      path: '/api/audit/verify',
      access: 'admin',
      summary: 'Whether the audit log is unchanged since it was written',
      reply: { json: auditStateSchema },
      async handle({ actor }) {
        await audit.record({ ...actor, action: 'audit.verify' });
        return verifyAudit(auditEntries);
      },
    }),
    defineRoute({
      method: 'get',
      path: '/api/audit/export',
      access: 'admin',
      summary: 'The whole audit log, oldest first, one entry a line',
      query: z.object({ format: z.enum(auditFormats).default('json').describe('json, or atna: AuditMessage of DICOM PS3.15') }),
      reply: { content: 'text/plain' },
      async handle({ query: { format }, actor, response }) {
        await audit.record({ ...actor, action: 'audit.export', subject: { after: 0, format } });
        response.attachment(`audit-log.${format === 'json' ? 'jsonl' : 'atna.xml.txt'}`).type('text/plain; charset=utf-8');
        for await (const line of auditLines(auditEntries, format)) {
          if (response.destroyed) return;
          // A slow client is waited for: the log may be larger than our memory.
          if (!response.write(`${line}\n`)) await Promise.race([once(response, 'drain'), once(response, 'close')]);
        }
        response.end();
      },
    }),
  ];
}
