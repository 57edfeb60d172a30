import { z } from 'zod';
import { Fault } from '../../errors.js';
import { exportOnRecord } from '../../retraining/export-dataset.js';
import { optionalText } from '../parameters.js';
import type { ServerParts } from '../ports.js';
import { defineRoute, type Route } from '../route.js';
import {
  exportBodySchema,
  exportReportSchema,
  labelOverviewSchema,
  readinessSchema,
  runListSchema,
  runSchema,
} from '../schemas/research.js';
import { assessmentViewer } from './assessments.js';
import { startedPorts } from '../started-ports.js';

const lineQuery = z.object({ line: optionalText(40).describe('model line; without it the default one') });

/** For researchers: labels, what a retraining run would begin with, training runs, and the export of a data set. */
export function researchRoutes(parts: ServerParts): readonly Route[] {
  return [
    defineRoute({
      method: 'get',
      path: '/api/labels',
      access: 'viewer',
      summary: 'Number of labels by finding, reader and site, and the findings on which readers disagree',
      description:
        'Who stated what about a study is not listed: a further reader would be influenced by it. Readers who may not adjudicate see disagreements only in studies that they have assessed (assessments.hideOthersUntilAssessed).',
      reply: { json: labelOverviewSchema },
      async handle({ actor, response }) {
        const overview = await startedPorts(parts).research.labels(assessmentViewer(response));
        await parts.audit.recordStudies(
          { ...actor, action: 'labels.view' },
          overview.disagreements.map(({ studyInstanceUID }) => studyInstanceUID),
        );
        return overview;
      },
    }),
    defineRoute({
      method: 'get',
      path: '/api/retraining/readiness',
      access: 'viewer',
      summary: 'New labels, the minimum, and about how long a retraining run would take',
      query: lineQuery,
      reply: { json: readinessSchema },
      handle: ({ query }) => startedPorts(parts).research.readiness(query.line),
    }),
    defineRoute({
      method: 'get',
      path: '/api/runs',
      access: 'viewer',
      summary: 'Training runs, newest first: retraining, and the command train on the same DATA_DIR',
      query: lineQuery,
      reply: { json: runListSchema },
      handle: ({ query }) => startedPorts(parts).research.runs(query.line),
    }),
    defineRoute({
      method: 'get',
      path: '/api/runs/:run',
      access: 'viewer',
      summary: 'One training run: settings, curves, figures with intervals, images that are worth looking at',
      description: 'While it is in progress, the curves are those so far.',
      query: lineQuery,
      reply: { json: runSchema },
      async handle({ param, query, actor, response }) {
        const id = param('run');
        if (!/^[\w-]{1,100}$/.test(id)) throw new Fault('not-found', 'expected a run that GET /api/runs lists, found another name');
        const run = await startedPorts(parts).research.run(id, assessmentViewer(response), query.line);
        await parts.audit.recordStudies({ ...actor, action: 'labels.view' }, [
          ...new Set(run.compared.map(({ studyInstanceUID }) => studyInstanceUID)),
        ]);
        return run;
      },
    }),
    defineRoute({
      method: 'post',
      path: '/api/datasets/export',
      access: 'operator',
      summary: 'Export the labelled images as a de-identified data set into a folder of the service',
      description: 'One export runs at a time; the reply arrives when it is done. The command dataset export does the same.',
      body: { schema: exportBodySchema, limit: '4kb' },
      reply: { json: exportReportSchema },
      handle({ body, actor }) {
        const { research } = startedPorts(parts);
        const { format, includeSuspected, ...options } = body;
        const { subject, outcomeOf } = exportOnRecord({ format, includeSuspected, options });
        return parts.audit.recordAction({ ...actor, action: 'dataset.export', subject }, () => research.exportDataset(body), outcomeOf);
      },
    }),
  ];
}
