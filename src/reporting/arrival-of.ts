import type { OrthancClient, OrthancId } from '../orthanc/client.js';
import type { Arrival } from '../routing/series-facts.js';
import { isAboutStudy } from '../sr/own-document.js';
import type { PacsSeries } from './ports.js';

/** Instances of a study that are checked for how they arrived. */
const maxChecked = 32;

/**
 * How the images of a study reached Orthanc, by the first instance that arrived by C-STORE. Our own documents and readers'
 * assessments are left out: they arrived by STOW-RS, and Orthanc 1.12 lists series in no order of arrival.
 *
 * @returns nothing if all instances arrived by STOW-RS or as uploads
 */
export async function arrivalOfSeries(series: readonly PacsSeries[], orthanc: Pick<OrthancClient, 'arrivalOf'>): Promise<Arrival> {
  const images = series.filter((one) => !isAboutStudy(one.mainAttributes));
  // The first of each series, then the others: a series usually has one sender.
  const candidates = [...images.flatMap((one) => one.instanceIds.slice(0, 1)), ...images.flatMap((one) => one.instanceIds.slice(1))];
  for (const id of candidates.slice(0, maxChecked)) {
    const { remoteAet, calledAet } = await orthanc.arrivalOf(id as OrthancId);
    if (remoteAet !== undefined || calledAet !== undefined) return { callingAeTitle: remoteAet, calledAeTitle: calledAet };
  }
  return {};
}
