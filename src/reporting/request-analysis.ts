import { Fault } from '../errors.js';
import type { Clock, PacsStudies, ReportSettings, ResultIndex, StudyQueue } from './ports.js';
import { erasedFault } from './erased-study.js';
import { checkReadiness, isAnsweredByRules } from './study-intake.js';

/** `queued`; `in-progress`: it is queued or analysed already; `unchanged`: it has a result of the images that it contains. */
export type RequestState = 'queued' | 'in-progress' | 'unchanged';

export interface RequestPorts {
  readonly studies: Pick<PacsStudies, 'study' | 'findStudies' | 'arrivalOf'>;
  readonly index: Pick<ResultIndex, 'studies' | 'results' | 'erasures' | 'requests'>;
  readonly queue: Pick<StudyQueue, 'intake' | 'isPending'>;
  readonly settings: Pick<ReportSettings, 'routing'>;
  readonly clock: Clock;
}

/**
 * A person requests the analysis of a study. The routing rules select what is analysed by itself, so they do not apply to it, from now on;
 * the checks of the images do. It goes before studies of the archive.
 *
 * @throws Fault `pacs-not-found`, `study-ambiguous`, `dicom-attribute` (a UID that no request can name) and those of PACS and database
 */
export async function requestAnalysis(studyInstanceUID: string, ports: RequestPorts): Promise<RequestState> {
  const { studies, index, queue, settings, clock } = ports;
  const [pacsStudyId, ...others] = await studies.findStudies(studyInstanceUID);
  const notFound = new Fault('pacs-not-found', 'expected a study that the PACS contains, found none', { studyInstanceUID });
  if (pacsStudyId === undefined) throw notFound;
  if (others.length > 0)
    throw new Fault('study-ambiguous', `expected one study, found ${others.length + 1}; merge or delete all but one`, { studyInstanceUID });
  const [isPending, readiness, current] = await Promise.all([
    queue.isPending(pacsStudyId),
    checkReadiness(pacsStudyId, studies, index, settings.routing),
    index.results.currentResult(studyInstanceUID),
  ]);
  if (readiness.state === 'deleted') throw notFound;
  if (readiness.state === 'erased') throw erasedFault(studyInstanceUID);
  if (readiness.state === 'unchanged' && current && !isAnsweredByRules(current) && current.outcome !== 'failed')
    return isPending ? 'in-progress' : 'unchanged';
  await index.requests.open(studyInstanceUID, clock.now());
  // Also where one waits: it may be one of the archive, which then goes first.
  await queue.intake({ pacsStudyId });
  return isPending ? 'in-progress' : 'queued';
}
