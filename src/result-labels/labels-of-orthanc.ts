import type { OrthancClient, OrthancId } from '../orthanc/client.js';
import type { LabelPacs } from './ports.js';

/** Labels by Orthanc's REST API. */
export function labelsOfOrthanc(
  orthanc: Pick<OrthancClient, 'versionWithoutLabels' | 'labelsOfStudies' | 'setLabel' | 'removeLabel'>,
): LabelPacs {
  return {
    versionWithoutLabels: () => orthanc.versionWithoutLabels(),
    labelsOf: (pacsStudyIds) => orthanc.labelsOfStudies(pacsStudyIds as readonly OrthancId[]),
    add: (pacsStudyId, label) => orthanc.setLabel(pacsStudyId as OrthancId, label),
    remove: (pacsStudyId, label) => orthanc.removeLabel(pacsStudyId as OrthancId, label),
  };
}
