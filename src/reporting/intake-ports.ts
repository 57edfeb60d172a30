import { isUsableUid } from '../dicom/uid.js';
import { Fault } from '../errors.js';
import type { OrthancClient, OrthancId } from '../orthanc/client.js';
import type { Routing } from '../routing/rules.js';
import type { Store } from '../store/store.js';
import type { IntakePorts } from './study-intake.js';
import { arrivalOfSeries } from './arrival-of.js';
import { fileNames } from './pacs-content.js';

export interface IntakeParts {
  readonly orthanc: OrthancClient;
  readonly store: Pick<Store, 'studies' | 'results'>;
  readonly routing: Routing;
}

/** What settling a study asks of Orthanc and of the index. */
export function intakePortsOf({ orthanc, store, routing }: IntakeParts): IntakePorts {
  return {
    routing,
    async study(pacsStudyId) {
      const id = pacsStudyId as OrthancId;
      try {
        const [study, series, instances] = await Promise.all([orthanc.study(id), orthanc.seriesOf(id), orthanc.instancesOf(id)]);
        // Of a UID that no request can name the report says so, and of that study alone.
        const twins = isUsableUid(study.studyInstanceUID) ? await orthanc.findStudies(study.studyInstanceUID) : [];
        // Of two patients, as a rule after a correction of the Patient ID: DICOMweb cannot tell them apart, so neither is touched.
        if (twins.length > 1)
          throw new Fault('study-ambiguous', `expected one study, found ${twins.length}; merge or delete all but one`, {
            studyInstanceUID: study.studyInstanceUID,
          });
        return { studyInstanceUID: study.studyInstanceUID, isStable: study.isStable, series, fileOf: fileNames(instances) };
      } catch (error) {
        if (error instanceof Fault && error.code === 'pacs-not-found') return undefined;
        throw error;
      }
    },
    arrivalOf: ({ series }) => arrivalOfSeries(series, orthanc),
    async record(studyInstanceUID) {
      const [study, current] = await Promise.all([store.studies.find(studyInstanceUID), store.results.currentResult(studyInstanceUID)]);
      return {
        contentKey: study?.contentKey ?? undefined,
        outcome: current?.outcome,
        code: current?.code ?? undefined,
        retryable: current?.retryable ?? undefined,
        retriedKey: study?.retriedKey ?? undefined,
        currentSeries: current?.documents.map((document) => document.seriesInstanceUID) ?? [],
      };
    },
  };
}
