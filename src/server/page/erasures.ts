import { allowAnalysis, eraseAll, findErasable } from '../../retention/erase-story.js';
import type { Erasure, ErasureActor } from '../../retention/erasure.js';
import type { RetentionPorts } from '../../retention/ports.js';
import type { ErasurePort } from '../ports.js';
import type { ShownErasure } from '../schemas/erasures.js';

export function erasurePortOf(ports: RetentionPorts): ErasurePort {
  return async ({ patientId, issuer, studies, action }, by: ErasureActor) => {
    const subject = { patientId, issuer, studyInstanceUIDs: studies };
    if (action === 'erase') return shownErasure(await eraseAll(subject, by, ports));
    if (action === 'find') return shownErasure(await findErasable(subject, by, ports));
    const { allowed, ...found } = await allowAnalysis(subject, by, ports);
    return { ...shownErasure(found), allowed };
  };
}

function shownErasure({
  isErased,
  fingerprint,
  studies,
  otherPatientIds,
  similarPatients,
  rows,
  jobs,
  files,
  sent,
  trainedVersions,
}: Erasure): ShownErasure {
  return {
    isErased,
    ...(fingerprint === undefined ? {} : { fingerprint }),
    studies: studies.map(({ studyInstanceUID, pacsStudyId, reports, heatMaps, keyObjects, assessments }) => ({
      studyInstanceUID,
      isInPacs: pacsStudyId !== undefined,
      reports,
      heatMaps,
      keyObjects,
      assessments,
    })),
    otherPatientIds,
    similarPatients,
    rows,
    jobs,
    pictures: files.pictures,
    runs: files.runs,
    labelsOfRuns: files.labels,
    sent: sent.map(({ kind, to, at, id, state, receiverReference }) => ({
      kind,
      to,
      ...(at ? { at: at.toISOString() } : {}),
      id,
      state,
      ...(receiverReference === undefined ? {} : { receiverReference }),
    })),
    trainedVersions,
  };
}
