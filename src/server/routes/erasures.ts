import type { ServerParts } from '../ports.js';
import { defineRoute, type Route } from '../route.js';
import { erasureBody, erasureSchema } from '../schemas/erasures.js';
import { startedPorts } from '../started-ports.js';

/** Erasing of a patient's data. The Patient ID is in the body, so that no log of addresses contains it; the retention story records each action. */
export function erasureRoutes(parts: ServerParts): readonly Route[] {
  return [
    defineRoute({
      method: 'post',
      path: '/api/erasures',
      access: 'admin',
      summary: 'Find or erase everything that this program has of a patient or of studies; images stay in the PACS',
      body: { schema: erasureBody, limit: '256kb' },
      reply: { json: erasureSchema },
      handle: ({ body, actor }) => startedPorts(parts).erase(body, actor),
    }),
  ];
}
