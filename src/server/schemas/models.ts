import { z } from 'zod';
import { gateDecisionSchema } from '../../evaluation/promotion/gate-decision.js';
import { evaluationReportSchema } from '../../evaluation/report/evaluation-report.js';

/** Model versions and retraining, as JSON. Times are ISO 8601. */

const list = <Item extends z.ZodType>(item: Item) => z.array(item).readonly();

export const unseenFigureSchema = z
  .object({ source: z.string(), n: z.int(), auroc: z.number() })
  .readonly()
  .describe('where it was found worst of the sources that were left out of training');

/** Of one finding on the model's locked test set. */
const findingFiguresSchema = z
  .object({
    n: z.int(),
    positive: z.int(),
    auroc: z.number().exactOptional(),
    aurocInterval: z.tuple([z.number(), z.number()]).readonly().exactOptional(),
    brier: z.number().exactOptional(),
    ece: z.number().exactOptional().describe('expected calibration error, 0 to 1'),
    isReported: z.boolean().describe('whether the model states the finding, or ignores the output'),
    unseen: unseenFigureSchema.exactOptional(),
  })
  .readonly();
export type FindingFigures = z.infer<typeof findingFiguresSchema>;

const figures = z.record(z.string(), findingFiguresSchema).readonly();
const modelShape = {
  version: z.string(),
  name: z.string(),
  created: z.string(),
  license: z.string(),
  role: z.enum(['champion', 'challenger', 'other']),
  gate: z.enum(['passed', 'refused', 'none']).describe('whether a change record says that it passed the gate beside the champion'),
  figures: z.object({ xray: figures, ct: figures }).readonly(),
  limitations: z.string().exactOptional().describe('section of the model card, Markdown'),
  notCalibratedHere: list(z.string()).exactOptional().describe("findings whose probabilities and thresholds are the publisher's"),
  withoutGuard: list(z.enum(['xray', 'ct']))
    .exactOptional()
    .describe('networks without a feature guard'),
};
const modelSchema = z.object(modelShape).readonly();
export type ShownModel = z.infer<typeof modelSchema>;

export const modelsPageSchema = z
  .object({
    line: z.string().describe('model line'),
    lines: list(z.string()).describe('all model lines, by falling precedence'),
    models: list(modelSchema),
    history: list(
      z
        .object({
          number: z.int(),
          action: z.string(),
          champion: z.string(),
          challenger: z.string().nullable(),
          by: z.string(),
          why: z.string(),
          at: z.string(),
        })
        .readonly(),
    ),
    former: z.string().exactOptional().describe('version that a rollback deploys; absent if there is none'),
    unreadableChanges: list(z.string()).exactOptional().describe('ids of change records that are damaged or of a later release'),
  })
  .readonly();
export type ModelsPage = z.infer<typeof modelsPageSchema>;

export const retrainingOutcomeSchema = z.enum(['promoted', 'refused', 'shadow', 'not-trained', 'failed']);

export const retrainingSchema = z
  .object({
    state: z.enum(['idle', 'waiting', 'running', 'failed']),
    inProgress: z
      .object({
        startedAt: z.string(),
        by: z.string(),
        images: z.int(),
        step: z.enum(['images', 'training', 'evaluation']),
        epochsDone: z.int(),
        epochs: z.int(),
      })
      .readonly()
      .exactOptional()
      .describe('the plan on disk, also between two attempts'),
    last: z
      .object({
        id: z.string(),
        startedAt: z.string(),
        endedAt: z.string(),
        by: z.string(),
        outcome: retrainingOutcomeSchema,
        why: z.string(),
        challenger: z.string().nullable(),
      })
      .readonly()
      .exactOptional(),
  })
  .readonly();
export type ShownRetraining = z.infer<typeof retrainingSchema>;

/** A change record: the version came before the gate. */
const changeSchema = z
  .object({
    id: z.string(),
    at: z.string(),
    by: z.string(),
    outcome: retrainingOutcomeSchema,
    why: z.string(),
    decision: gateDecisionSchema.nullable(),
  })
  .readonly();
export type ShownChange = z.infer<typeof changeSchema>;

export const modelDetailSchema = z
  .object({
    ...modelShape,
    card: z.string().describe('CARD.md, Markdown'),
    reports: z.record(z.string(), evaluationReportSchema).readonly().describe('metrics.json: an evaluation report of each network'),
    changes: list(changeSchema).describe('newest first'),
  })
  .readonly();
export type ModelDetail = z.infer<typeof modelDetailSchema>;

export const changedModelsSchema = z
  .object({
    champion: z.string(),
    challenger: z.string().nullable(),
    deployed: z.string().describe('version that this process predicts with; another than the champion if that one could not be loaded'),
    inService: z.string().meta({ deprecated: true, description: 'deployed, by its name of release 0.2' }),
  })
  .readonly();
export type ChangedModels = z.infer<typeof changedModelsSchema>;
