/** Addresses of a study in the web page. */
export interface PageAddresses {
  study(studyInstanceUID: string): string;
  viewer(studyInstanceUID: string): string;
}

/** @param publicUrl of the service; undefined: relative to it */
export function pageAddresses(publicUrl: string | undefined): PageAddresses {
  const base = publicUrl?.replace(/\/+$/, '') ?? '';
  return {
    study: (uid) => `${base}/study/${encodeURIComponent(uid)}`,
    viewer: (uid) => `${base}/viewer/viewer?StudyInstanceUIDs=${encodeURIComponent(uid)}`,
  };
}
