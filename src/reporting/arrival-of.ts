import type { OrthancClient, OrthancId } from '../orthanc/client.js';
import type { Arrival } from '../routing/series-facts.js';
import { isAboutStudy } from '../sr/own-document.js';
import type { PacsSeries } from './study-intake.js';

/** So many instances of a study are asked how they came. */
const maxAsked = 32;

/**
 * How the images of a study reached Orthanc, as the first instance tells that came by C-STORE. Our own documents and readers'
 * assessments are not asked: they came by STOW-RS, and Orthanc 1.12 lists series in no order of arrival.
 *
 * @returns nothing where no instance tells: all came by STOW-RS or as uploads
 */
export async function arrivalOfSeries(series: readonly PacsSeries[], orthanc: Pick<OrthancClient, 'arrivalOf'>): Promise<Arrival> {
  const images = series.filter((one) => !isAboutStudy(one.mainAttributes));
  // The first of each series, then the rest: who sent a series sent all of it, as a rule.
  const candidates = [...images.flatMap((one) => one.instanceIds.slice(0, 1)), ...images.flatMap((one) => one.instanceIds.slice(1))];
  for (const id of candidates.slice(0, maxAsked)) {
    const { remoteAet, calledAet } = await orthanc.arrivalOf(id as OrthancId);
    if (remoteAet !== undefined || calledAet !== undefined) return { callingAeTitle: remoteAet, calledAeTitle: calledAet };
  }
  return {};
}
