import type { Config } from '../config.js';
import type { StudyInstanceUID } from '../dicom/uid.js';
import type { Jobs } from '../jobs/jobs.js';
import { defaultLine } from '../lib/model-line.js';
import type { ReportPorts, StudyResult, StudyToReport } from '../reporting/ports.js';
import { untilAborted } from '../reporting/until-aborted.js';
import type { ServingLines } from '../serving/serving-lines.js';
import type { TriedModels } from '../serving/tried-models.js';
import type { ResultRow } from '../store/results.js';
import type { ShadowRow } from '../store/shadow-results.js';
import type { Store } from '../store/store.js';
import { shadowQueue } from './queues.js';
import { predictInShadow } from './shadow-prediction.js';

/** Queues a prediction of each line's challenger for a study that its champion has just reported. Nothing waits for it. */
export async function queueShadowPrediction(
  { studyInstanceUID, arrival: { callingAeTitle, calledAeTitle } }: StudyToReport,
  {
    outcome,
    rule,
    modelVersion,
    findings,
    otherFindings = [],
  }: Pick<StudyResult, 'outcome' | 'rule' | 'modelVersion' | 'findings' | 'otherFindings'>,
  { lines }: Pick<ServingLines, 'lines'>,
  jobs: Pick<Jobs, 'send'>,
): Promise<void> {
  // Without a rule a person has requested the report: the figures are those of the studies that the rules select.
  if (outcome !== 'reported' || rule === undefined) return;
  const reportedBy = new Set([modelVersion, ...[...findings, ...otherFindings].map((finding) => finding.modelVersion)]);
  for (const [line, serving] of lines) {
    const [challenger, champion] = [serving.challenger(), serving.champion()];
    if (!challenger || !champion || !reportedBy.has(champion.version)) continue;
    await jobs.send(
      shadowQueue,
      {
        studyInstanceUID,
        challenger: challenger.version,
        line,
        champion: champion.version,
        ...(callingAeTitle ? { callingAeTitle } : {}),
        ...(calledAeTitle ? { calledAeTitle } : {}),
      },
      { key: `${studyInstanceUID}/${challenger.version}${line === defaultLine ? '' : `/${line}`}`, priority: -100 },
    );
  }
}

/**
 * Starts the worker of shadow predictions, one study at a time. A prediction that fails is tried again and then dropped: no report
 * depends on it.
 *
 * @param tried gives the versions of silent trials, which need not be challengers
 * @param unlessDeleted runs work on a study, which has not failed if the study was deleted meanwhile
 */
export async function startShadowPredictions(
  reportPorts: Omit<ReportPorts, 'model' | 'reader'>,
  unlessDeleted: <Outcome>(studyInstanceUID: string, work: () => Promise<Outcome>) => Promise<Outcome | undefined>,
  serving: Pick<ServingLines, 'lines'>,
  tried: Pick<TriedModels, 'acquire'>,
  store: Pick<Store, 'results' | 'shadow'>,
  jobs: Pick<Jobs, 'work'>,
  config: Pick<Config, 'work'>,
): Promise<void> {
  const { log } = reportPorts;
  await jobs.work(
    shadowQueue,
    async ({
      payload: { studyInstanceUID, challenger, line = defaultLine, champion, isTrial = false, callingAeTitle, calledAeTitle },
      signal,
    }) => {
      const acquired = isTrial ? await tried.acquire(challenger) : serving.lines.get(line)?.acquireChallenger(challenger);
      if (!acquired) return;
      try {
        const study = { studyInstanceUID: studyInstanceUID as StudyInstanceUID, arrival: { callingAeTitle, calledAeTitle } };
        const prediction = await unlessDeleted(studyInstanceUID, () =>
          predictInShadow(study, untilAborted({ ...reportPorts, model: () => acquired.model, reader: acquired.reader }, signal)),
        );
        if (!prediction) return;
        const current = await store.results.currentResult(studyInstanceUID);
        const reported = current?.modelVersion && current.inputKey === prediction.inputKey ? current : undefined;
        // If images arrived in between, their own report queues another prediction.
        if (!reported && !isTrial) return;
        await store.shadow.record({
          studyInstanceUID,
          modelVersion: challenger,
          inputKey: prediction.inputKey,
          championVersion: champion ?? reported?.modelVersion ?? '',
          predictedAt: reportPorts.clock.now(),
          outcome: prediction.outcome,
          findings: prediction.findings,
          championFindings: reported ? findingsBy(champion, reported) : [],
        });
      } finally {
        acquired.release();
      }
    },
    {
      concurrency: 1,
      timeLimitMs: config.work.studyTimeoutMs,
      retry: { maxAttempts: config.work.maxAttempts, unlimited: ['pacs-unreachable', 'database-unavailable'] },
      onExhausted: async ({ payload }, failure) =>
        log.warn('the challenger could not predict a study', {
          study: payload.studyInstanceUID,
          challenger: payload.challenger,
          code: failure.code,
        }),
    },
  );
}

/** Findings of a result that one version decided, by default its first. */
function findingsBy(
  version: string | undefined,
  { modelVersion: first, findings, otherFindings }: ResultRow,
): ShadowRow['championFindings'] {
  return [...findings, ...otherFindings]
    .filter(({ modelVersion = first }) => modelVersion === (version ?? first))
    .map(({ name, probability, decision }) => ({ name, probability, decision }));
}
