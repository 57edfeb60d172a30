import { textOf } from '../dicom/data-set.js';
import { isUsableUid, type SeriesInstanceUID, type StudyInstanceUID } from '../dicom/uid.js';
import type { DicomWeb } from '../dicomweb/client.js';
import { Fault, isOutage } from '../errors.js';
import type { OrthancClient } from '../orthanc/client.js';
import { endsTooEarly } from '../orthanc/search-reach.js';

/** One setting of the PACS: whether the service can work with it, and how to correct it. */
export interface PacsCheck {
  readonly name: string;
  /** `bad`: no study can be reported; `note`: it works, but slower. */
  readonly state: 'good' | 'note' | 'bad';
  readonly detail: string;
  /** Empty if nothing is to be done. */
  readonly fix: string;
}

export interface CheckedPacs {
  readonly orthanc: Pick<OrthancClient, 'system' | 'countStudies' | 'listStudies'>;
  readonly dicomWeb: Pick<
    DicomWeb,
    'searchForStudies' | 'searchForSeries' | 'retrieveStudyMetadata' | 'retrieveSeriesMetadata' | 'mayStore'
  >;
}

/** Maximum number of studies that are tried to find one whose metadata can be read. */
const maxTried = 5;

/**
 * Settings of Orthanc under which every study would fail. Nothing is stored for the check.
 * @throws Fault if the PACS does not answer
 */
export async function checkPacs(pacs: CheckedPacs): Promise<readonly PacsCheck[]> {
  return [await checkStoring(pacs), await checkMetadata(pacs), await checkSearch(pacs)];
}

async function checkStoring({ orthanc, dicomWeb }: CheckedPacs): Promise<PacsCheck> {
  const name = 'storing';
  const { isReadOnly } = await orthanc.system();
  if (isReadOnly)
    return {
      name,
      state: 'bad',
      detail: 'Orthanc is read-only: no report can be stored',
      fix: "set ReadOnly to false in Orthanc's configuration and restart Orthanc",
    };
  if (await dicomWeb.mayStore()) return { name, state: 'good', detail: 'this account may store', fix: '' };
  return {
    name,
    state: 'bad',
    detail: 'the PACS refuses STOW-RS by this account: no report can be stored',
    fix: "allow the account of ORTHANC_USERNAME to POST to the studies of DICOMweb (Orthanc's authorization plugin, Lua filter or the proxy before it)",
  };
}

/** Checked on a study, because Orthanc's API does not show these settings. */
async function checkMetadata({ dicomWeb }: CheckedPacs): Promise<PacsCheck> {
  const name = 'metadata';
  const studies = (await dicomWeb.searchForStudies({}, { limit: 50 }))
    .map((one) => textOf(one, 'StudyInstanceUID') ?? '')
    .filter(isUsableUid)
    .slice(0, maxTried);
  for (const uid of studies as StudyInstanceUID[]) {
    try {
      const instances = await dicomWeb.retrieveStudyMetadata(uid);
      const series = textOf(instances[0] ?? {}, 'SeriesInstanceUID');
      if (series === undefined) continue;
      await dicomWeb.retrieveSeriesMetadata(uid, series as SeriesInstanceUID);
      return { name, state: 'good', detail: 'complete', fix: '' };
    } catch (error) {
      if (!(error instanceof Fault) || isOutage(error)) throw error;
      const [, setting] = /DicomWeb\.(StudiesMetadata|SeriesMetadata)/.exec(error.detail) ?? [];
      if (setting)
        return {
          name,
          state: 'bad',
          detail: `DICOMweb answers with a part of the metadata only: every study would fail (${setting})`,
          fix: 'set StudiesMetadata and SeriesMetadata to "Full" under DicomWeb in Orthanc\'s configuration and restart Orthanc',
        };
    }
  }
  return {
    name,
    state: 'good',
    detail: studies.length === 0 ? 'not checked: no study in the PACS yet' : 'not checked: no study could be read',
    fix: '',
  };
}

async function checkSearch(pacs: CheckedPacs): Promise<PacsCheck> {
  const name = 'search';
  if (!(await endsTooEarly(pacs))) return { name, state: 'good', detail: 'reaches every study', fix: '' };
  return {
    name,
    state: 'note',
    detail: 'a search ends before the last study; sweeps and rebuild read the list of all studies instead, which takes longer',
    fix: "set LimitFindResults and LimitFindInstances to 0 in Orthanc's configuration and restart Orthanc",
  };
}
