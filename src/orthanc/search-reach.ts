import { Fault, isOutage } from '../errors.js';

/** A search by QIDO-RS and the number of studies by Orthanc's REST API. */
export interface StudySearch {
  readonly dicomWeb: {
    searchForStudies(
      query: Readonly<Record<string, string>>,
      page: { readonly limit: number; readonly offset: number },
    ): Promise<readonly unknown[]>;
  };
  readonly orthanc: { countStudies(): Promise<number> };
}

/**
 * Whether a search cannot reach the last study of the PACS: Orthanc 1.10 returns at most LimitFindResults + 1 rows of a search in all,
 * whatever the offset (tried); 1.12 returns that many per page.
 */
export async function endsTooEarly({ dicomWeb, orthanc }: StudySearch): Promise<boolean> {
  try {
    const count = await orthanc.countStudies();
    return (
      count > 0 &&
      (await dicomWeb.searchForStudies({}, { limit: 1, offset: count - 1 })).length === 0 &&
      (await orthanc.countStudies()) >= count
    );
  } catch (error) {
    // An account that may search but not count the studies: QIDO-RS is used.
    if (error instanceof Fault && (error.code === 'pacs-unauthorized' || !isOutage(error))) return false;
    throw error;
  }
}
