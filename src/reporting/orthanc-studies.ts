import { isUsableUid, type StudyInstanceUID } from '../dicom/uid.js';
import { Fault } from '../errors.js';
import type { OrthancClient, OrthancId } from '../orthanc/client.js';
import { arrivalOfSeries } from './arrival-of.js';
import { fileNames } from './pacs-content.js';
import type { PacsSeries, PacsStudies } from './ports.js';

/** Studies by Orthanc's REST API. */
export function orthancStudies(orthanc: OrthancClient): PacsStudies {
  return {
    async study(pacsStudyId) {
      const id = pacsStudyId as OrthancId;
      try {
        const [study, series, instances] = await Promise.all([orthanc.study(id), orthanc.seriesOf(id), orthanc.instancesOf(id)]);
        // A UID that no request can contain is a fault of this study alone; the report states it.
        const ids = isUsableUid(study.studyInstanceUID) ? await orthanc.findStudies(study.studyInstanceUID) : [];
        // Of two patients, usually after a correction of the Patient ID: DICOMweb cannot tell them apart, so neither is changed.
        if (ids.length > 1)
          throw new Fault('study-ambiguous', `expected one study, found ${ids.length}; merge or delete all but one`, {
            studyInstanceUID: study.studyInstanceUID,
          });
        return { studyInstanceUID: study.studyInstanceUID, isStable: study.isStable, series, fileOf: fileNames(instances) };
      } catch (error) {
        if (error instanceof Fault && error.code === 'pacs-not-found') return undefined;
        throw error;
      }
    },
    findStudies: (studyInstanceUID) => orthanc.findStudies(studyInstanceUID as StudyInstanceUID),
    async seriesOfStudies(ids) {
      const found = new Map<string, PacsSeries[]>();
      for (const one of await orthanc.seriesOfStudies(ids as readonly OrthancId[]))
        found.set(one.studyId, [...(found.get(one.studyId) ?? []), one]);
      return found;
    },
    arrivalOf: (series) => arrivalOfSeries(series, orthanc),
  };
}
