import dicomwebClient from 'dicomweb-client';

/** What a call may be given: the XMLHttpRequest to use. */
export interface WithRequest {
  readonly request: { readonly instance: unknown };
}

interface OfStudy extends WithRequest {
  readonly studyInstanceUID: string;
}

interface OfSeries extends OfStudy {
  readonly seriesInstanceUID: string;
}

interface Searching {
  readonly queryParams: Readonly<Record<string, string | number>>;
}

/**
 * dicomweb-client 0.11.3 as it is. Its own declarations are wrong: no `request` in the options, arrays where
 * promises are returned, `singlepart` required. The answers are `unknown` because they are whatever the PACS sent.
 */
export interface DicomWebLibrary {
  searchForStudies(options: Searching & WithRequest): Promise<unknown>;
  searchForSeries(options: Searching & OfStudy): Promise<unknown>;
  searchForInstances(options: Searching & OfSeries): Promise<unknown>;
  retrieveStudyMetadata(options: OfStudy): Promise<unknown>;
  retrieveSeriesMetadata(options: OfSeries): Promise<unknown>;
  retrieveInstance(options: OfSeries & { readonly sopInstanceUID: string }): Promise<unknown>;
  storeInstances(options: WithRequest & { readonly datasets: readonly Uint8Array[] }): Promise<unknown>;
}

export function openLibrary(url: string): DicomWebLibrary {
  // Not verbose: it would write whole requests, with patients' data, to the console.
  const options = { url, verbose: false, singlepart: '' };
  return new dicomwebClient.api.DICOMwebClient(options) as unknown as DicomWebLibrary;
}
