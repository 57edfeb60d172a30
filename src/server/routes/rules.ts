import { z } from 'zod';
import { wholeNumber } from '../parameters.js';
import type { ServerParts } from '../ports.js';
import { defineRoute, type Route } from '../route.js';
import { draftSchema, draftTestSchema, rulesStateSchema, ruleProblemSchema, ruleVersionSchema } from '../schemas/rules.js';
import { startedPorts } from '../started-ports.js';

const limit = '200kb';
const basedOn = z.string().max(100).describe('version that the change is based on');

/** Routing rules: edited in a form, checked, tried on recent studies, applied, rolled back. */
export function rulesRoutes(parts: ServerParts): readonly Route[] {
  return [
    defineRoute({
      method: 'get',
      path: '/api/rules',
      access: 'operator',
      summary: 'The routing rules for editing',
      reply: { json: rulesStateSchema },
      handle: () => startedPorts(parts).rules.state(),
    }),
    defineRoute({
      method: 'post',
      path: '/api/rules/check',
      access: 'operator',
      summary: 'Check a draft of the rules by the schema of the file; nothing is stored',
      body: { schema: draftSchema, limit },
      reply: { json: z.array(ruleProblemSchema).readonly() },
      handle: ({ body }) => startedPorts(parts).rules.check(body.rules),
    }),
    defineRoute({
      method: 'post',
      path: '/api/rules/dry-run',
      access: 'operator',
      summary: 'Try a draft of the rules on the last studies; nothing is stored',
      query: z.object({ limit: wholeNumber(1, 100).default(25) }),
      body: { schema: draftSchema, limit },
      reply: { json: z.array(draftTestSchema).readonly() },
      async handle({ query, body, actor }) {
        const tests = await startedPorts(parts).rules.test(body.rules, query.limit);
        await parts.audit.recordStudies(
          { ...actor, action: 'rules.test' },
          tests.map(({ after }) => after.subject),
        );
        return tests;
      },
    }),
    defineRoute({
      method: 'post',
      path: '/api/rules',
      access: 'operator',
      summary: 'Change the rules; they apply to the next study',
      body: { schema: draftSchema.extend({ basedOn }), limit },
      reply: { empty: 204 },
      handle: ({ body, actor }) => startedPorts(parts).rules.change(body.rules, body.basedOn, actor),
    }),
    defineRoute({
      method: 'get',
      path: '/api/rules/history',
      access: 'operator',
      summary: 'Versions of the rules with their differences, newest first',
      reply: { json: z.array(ruleVersionSchema).readonly() },
      handle: () => startedPorts(parts).rules.history(),
    }),
    defineRoute({
      method: 'post',
      path: '/api/rules/history/:number/restore',
      access: 'operator',
      summary: 'Roll the rules back to an earlier version',
      body: { schema: z.strictObject({ basedOn }), limit: '4kb' },
      reply: { empty: 204 },
      handle: ({ param, body, actor }) => startedPorts(parts).rules.restore(Number(param('number')), body.basedOn, actor),
    }),
  ];
}
