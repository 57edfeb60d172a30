import { z } from 'zod';
import { Fault } from '../../errors.js';
import { optionalText, wholeNumber } from '../parameters.js';
import type { ServerParts } from '../ports.js';
import { defineRoute, type Route } from '../route.js';
import { driftSchema, failedJobSchema, operationsSchema, ruleTestSchema } from '../schemas/operations.js';
import { systemSchema, trendsSchema } from '../schemas/system.js';
import { startedPorts } from '../started-ports.js';

const retryBody = z.strictObject({ queue: z.string().min(1).max(100), code: z.string().max(100).optional() });

/** For hospital IT: queues, failed jobs, rules and their dry run, health, latency, drift. */
export function operationsRoutes(parts: ServerParts): readonly Route[] {
  return [
    defineRoute({
      method: 'get',
      path: '/api/operations',
      access: 'viewer',
      summary: 'Queues, failed jobs, rules, health, latency',
      reply: { json: operationsSchema },
      handle: () => startedPorts(parts).page.operations(),
    }),
    defineRoute({
      method: 'get',
      path: '/api/rules/test',
      access: 'viewer',
      summary: 'Dry run of the routing rules on the last studies',
      query: z.object({ limit: wholeNumber(1, 100).default(25) }),
      reply: { json: z.array(ruleTestSchema).readonly() },
      async handle({ query, actor }) {
        const tests = await startedPorts(parts).page.testRules(query.limit);
        await parts.audit.recordStudies(
          { ...actor, action: 'rules.test' },
          tests.map(({ subject }) => subject),
        );
        return tests;
      },
    }),
    defineRoute({
      method: 'get',
      path: '/api/failed-jobs',
      access: 'viewer',
      summary: 'Failed jobs, which wait for an operator',
      reply: { json: z.array(failedJobSchema).readonly() },
      handle: () => startedPorts(parts).failedJobs(),
    }),
    defineRoute({
      method: 'post',
      path: '/api/failed-jobs/:id/retry',
      access: 'operator',
      summary: 'Retry a failed job',
      reply: { empty: 202 },
      async handle({ param, actor }) {
        const id = param('id');
        const { retryFailedJob } = startedPorts(parts);
        const notFound = new Fault('not-found', 'expected the id of a failed job, found none of that id');
        if (!/^[0-9a-f-]{36}$/.test(id)) throw notFound;
        await parts.audit.recordAction({ ...actor, action: 'job.retry', subject: { job: id } }, async () => {
          if (!(await retryFailedJob(id))) throw notFound;
        });
      },
    }),
    defineRoute({
      method: 'post',
      path: '/api/failed-jobs/retry',
      access: 'operator',
      summary: 'Retry all failed jobs of a queue, or those of one fault code',
      body: { schema: retryBody, limit: '4kb' },
      reply: { json: z.object({ retried: z.int() }) },
      handle: ({ body: { queue, code }, actor }) =>
        parts.audit.recordAction(
          { ...actor, action: 'job.retry', subject: { queue, ...(code === undefined ? {} : { code }) } },
          async () => ({ retried: await startedPorts(parts).retryFailedJobs(queue, code) }),
          ({ retried }) => ({ retried }),
        ),
    }),
    defineRoute({
      method: 'get',
      path: '/api/system',
      access: 'viewer',
      summary: 'Disk, clock, versions and certificates',
      reply: { json: systemSchema },
      handle: () => startedPorts(parts).system.state(),
    }),
    defineRoute({
      method: 'get',
      path: '/api/trends',
      access: 'viewer',
      summary: 'Studies, durations, failures and queue length of the last hours',
      query: z.object({ hours: wholeNumber(1, 840).default(24) }),
      reply: { json: trendsSchema },
      handle: ({ query }) => startedPorts(parts).system.trends(query.hours),
    }),
    defineRoute({
      method: 'get',
      path: '/api/drift',
      access: 'viewer',
      summary: 'The last drift check of each site, the agreement with readers, and alarms that last',
      query: z.object({ line: optionalText(40).describe('model line; without it the default one') }),
      reply: { json: driftSchema },
      handle: ({ query }) => startedPorts(parts).drift.shown(query.line),
    }),
    defineRoute({
      method: 'post',
      path: '/api/drift/check',
      access: 'operator',
      summary: 'Check for drift now, of every model line',
      reply: { empty: 202 },
      async handle({ actor }) {
        await parts.audit.record({ ...actor, action: 'drift.check' });
        await startedPorts(parts).drift.requestCheck();
      },
    }),
    defineRoute({
      method: 'post',
      path: '/api/drift/alarms/:id/acknowledge',
      access: 'operator',
      summary: 'Acknowledge a drift alarm',
      reply: { empty: 204 },
      async handle({ param, actor }) {
        const id = param('id');
        const notFound = new Fault('request-invalid', 'expected the id of an alarm that is not acknowledged, found none of that id');
        if (!/^[0-9a-f]{12}$/.test(id)) throw notFound;
        const { drift } = startedPorts(parts);
        await parts.audit.recordAction({ ...actor, action: 'drift.acknowledge', subject: { alarm: id } }, async () => {
          if (!(await drift.acknowledge(id, actor.actor))) throw notFound;
        });
      },
    }),
  ];
}
