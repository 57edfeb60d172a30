import { once } from 'node:events';
import { Router } from 'express';
import { auditFormats, auditLines } from '../../audit/export-lines.js';
import { verifyAudit } from '../../audit/verify.js';
import { Fault } from '../../errors.js';
import { actorOf } from '../access/actor.js';
import { requireRole } from '../access/roles.js';
import { oneOf, wholeNumber } from '../query.js';
import type { ServerParts } from '../ports/server.js';

/** The audit log, for administrators: newest first, whether it is intact, and as a file. */
export function auditRoutes({ audit, auditEntries }: ServerParts): Router {
  const router = Router();
  router.get('/api/audit', requireRole('admin'), async (request, response) => {
    const { from, to, actor, action, before } = request.query;
    const limit = wholeNumber(request.query['limit'], 1, 1000, 100);
    const older = before === undefined ? {} : { before: wholeNumber(before, 1, Number.MAX_SAFE_INTEGER, 1) };
    // Somebody who leafs looks at the same log.
    await (before === undefined ? audit.record : audit.recordView)({ ...actorOf(request, response), action: 'audit.view' });
    const rows = await auditEntries.list({
      limit,
      ...older,
      ...given('from', from),
      ...given('to', to),
      ...given('actor', actor),
      ...given('action', action),
    });
    response.json(rows.map((row) => ({ ...row, subject: JSON.parse(row.subject) as unknown })));
  });

  router.get('/api/audit/verify', requireRole('admin'), async (request, response) => {
    await audit.record({ ...actorOf(request, response), action: 'audit.verify' });
    response.json(await verifyAudit(auditEntries));
  });

  router.get('/api/audit/export', requireRole('admin'), async (request, response) => {
    const format = oneOf(request.query['format'], auditFormats) ?? 'json';
    await audit.record({ ...actorOf(request, response), action: 'audit.export', subject: { after: 0, format } });
    response.attachment(`audit-log.${format === 'json' ? 'jsonl' : 'atna.xml.txt'}`).type('text/plain; charset=utf-8');
    for await (const line of auditLines(auditEntries, format)) {
      if (response.destroyed) return;
      // A slow reader is waited for: the log may be larger than our memory.
      if (!response.write(`${line}\n`)) await Promise.race([once(response, 'drain'), once(response, 'close')]);
    }
    response.end();
  });
  return router;
}

function given<Name extends string>(name: Name, value: unknown): { readonly [name in Name]?: string } {
  if (value === undefined) return {};
  if (typeof value !== 'string' || value.length > 200) throw new Fault('request-invalid', `expected one text for ${name}`);
  return { [name]: value } as { readonly [name in Name]?: string };
}
