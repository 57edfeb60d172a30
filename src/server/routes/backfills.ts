import { z } from 'zod';
import { reportHtml } from '../../archive/trial-report/report-html.js';
import { reportPdf } from '../../archive/trial-report/report-pdf.js';
import { reportLanguages, trialWordsOf } from '../../archive/trial-report/report-texts.js';
import { trialFiguresSchema, trialReportSchema, type TrialReport } from '../../archive/trial-report/trial-figures.js';
import { figuresText } from '../../archive/trial-report/trial-report.js';
import { Fault } from '../../errors.js';
import type { BackfillPort, ServerParts } from '../ports.js';
import { defineRoute, type Exchange, type Route } from '../route.js';
import { backfillBody, backfillSchema, signOffBody } from '../schemas/backfills.js';
import { startedPorts } from '../started-ports.js';

/** Analyses of the archive: start, progress, pause, resume, cancel. The archive story records each action. */
export function backfillRoutes(parts: ServerParts): readonly Route[] {
  const change = (path: string, verb: 'pause' | 'resume' | 'cancel', summary: string): Route =>
    defineRoute({
      method: 'post',
      path,
      access: 'admin',
      summary,
      reply: { json: backfillSchema },
      handle: ({ param, actor }) => startedPorts(parts).backfills[verb](numberFrom(param('number')), actor),
    });
  return [
    defineRoute({
      method: 'get',
      path: '/api/backfills',
      access: 'viewer',
      summary: 'Analyses of the archive and their progress, newest first',
      reply: { json: z.array(backfillSchema).readonly() },
      handle: () => startedPorts(parts).backfills.list(),
    }),
    defineRoute({
      method: 'post',
      path: '/api/backfills',
      access: 'admin',
      summary: 'Analyse studies of the archive; one such analysis runs at a time',
      body: { schema: backfillBody, limit: '4kb' },
      reply: { json: backfillSchema, statuses: [201] },
      handle: ({ body, actor }) => startedPorts(parts).backfills.start(body, actor),
    }),
    ...reportRoutes(parts),
    change('/api/backfills/:number/pause', 'pause', 'Queue no further studies of an analysis of the archive'),
    change('/api/backfills/:number/resume', 'resume', 'Continue an analysis of the archive'),
    change('/api/backfills/:number/cancel', 'cancel', 'End an analysis of the archive; results stay'),
  ];
}

const versionQuery = z.object({
  version: z.string().max(64).optional().describe('model version; default: the one with the most studies'),
});
const writtenQuery = versionQuery.extend({ language: z.enum(reportLanguages).default('en') });

/** The report of a silent trial, in four forms, and its sign-off. */
function reportRoutes(parts: ServerParts): readonly Route[] {
  const backfills = (): BackfillPort => startedPorts(parts).backfills;
  /** The studies that disagree are listed: who read them is on record. */
  const read = async (number: string, version: string | undefined, by: Exchange<never, never>['actor']): Promise<TrialReport> => {
    const id = numberFrom(number);
    const report = await backfills().report(id, version);
    await parts.audit.recordView({ ...by, action: 'backfill.report', subject: { backfill: id } });
    return report;
  };
  return [
    defineRoute({
      method: 'get',
      path: '/api/backfills/:number/report',
      access: 'viewer',
      summary: 'The report of a silent trial: figures, their SHA-256 and sign-offs',
      query: versionQuery,
      reply: { json: trialReportSchema },
      handle: ({ param, query: { version }, actor }) => read(param('number'), version, actor),
    }),
    defineRoute({
      method: 'get',
      path: '/api/backfills/:number/report.json',
      access: 'viewer',
      summary: 'The figures of the report, as they are signed: their SHA-256 is that of these bytes',
      query: versionQuery,
      reply: { json: trialFiguresSchema },
      async handle({ param, query: { version }, actor, response }) {
        const { figures } = await read(param('number'), version, actor);
        response.type('json').send(figuresText(figures));
      },
    }),
    defineRoute({
      method: 'get',
      path: '/api/backfills/:number/report.html',
      access: 'viewer',
      summary: 'The report as a page to print',
      query: writtenQuery,
      reply: { content: 'text/html' },
      async handle({ param, query: { version, language }, actor, response }) {
        const report = await read(param('number'), version, actor);
        response.type('html').send(reportHtml(report, trialWordsOf(language), backfills().publicUrl ?? ''));
      },
    }),
    defineRoute({
      method: 'get',
      path: '/api/backfills/:number/report.pdf',
      access: 'viewer',
      summary: 'The report as PDF',
      query: writtenQuery,
      reply: { content: 'application/pdf' },
      async handle({ param, query: { version, language }, actor, response }) {
        const report = await read(param('number'), version, actor);
        const bytes = await reportPdf(report, trialWordsOf(language), backfills().publicUrl);
        response.attachment(`trial-${report.figures.backfill}-${report.figures.modelVersion}.pdf`).type('application/pdf').send(bytes);
      },
    }),
    defineRoute({
      method: 'post',
      path: '/api/backfills/:number/sign-offs',
      access: 'operator',
      summary: 'Sign the report of a silent trial',
      description: 'Refused if the figures are others than those of `sha256`, or while the analysis is in progress.',
      body: { schema: signOffBody, limit: '8kb' },
      reply: { json: trialReportSchema, statuses: [201] },
      handle: ({ param, body, actor }) => backfills().sign(numberFrom(param('number')), body, actor),
    }),
  ];
}

/** @throws Fault `not-found`; what was found is not repeated */
function numberFrom(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new Fault('not-found', 'expected the number of a backfill in the address');
  return Number(text);
}
