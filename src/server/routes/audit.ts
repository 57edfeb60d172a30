import { Router } from 'express';
import { Fault } from '../../errors.js';
import { doneBy } from '../access/done-by.js';
import { requireRole } from '../access/roles.js';
import { wholeNumber } from '../query.js';
import type { ServerParts } from '../server-tools.js';

/** The audit log, for administrators: newest first. */
export function auditRoutes({ audit, auditEntries }: ServerParts): Router {
  const router = Router();
  router.get('/api/audit', requireRole('admin'), async (request, response) => {
    const { from, to, actor, action } = request.query;
    const limit = wholeNumber(request.query['limit'], 1, 1000, 100);
    await audit.record({ ...doneBy(request, response), action: 'audit.view' });
    const rows = await auditEntries.list({ limit, ...given('from', from), ...given('to', to), ...given('actor', actor), ...given('action', action) });
    response.json(rows.map((row) => ({ ...row, subject: JSON.parse(row.subject) as unknown })));
  });
  return router;
}

function given<Name extends string>(name: Name, value: unknown): { readonly [name in Name]?: string } {
  if (value === undefined) return {};
  if (typeof value !== 'string' || value.length > 200) throw new Fault('request-invalid', `expected one text for ${name}`);
  return { [name]: value } as { readonly [name in Name]?: string };
}
