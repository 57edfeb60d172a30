/** The place of a study in the page. A UID is what its sender wrote: it is quoted wherever it becomes part of an address. */
export function studyView(study: string): string {
  return `/study/${encodeURIComponent(study)}`;
}

/** The address of a study in the HTTP API, e.g. with `assessments`. */
export function studyApi(study: string, ...rest: readonly string[]): string {
  return ['/api/studies', study, ...rest].map((one, index) => (index === 0 ? one : encodeURIComponent(one))).join('/');
}
