declare const brand: unique symbol;

/** Orthanc's own name of a resource: SHA-1 of its DICOM identifiers, five groups of eight hexadecimal digits. Never a UID. */
export type OrthancId = string & { readonly [brand]: 'OrthancId' };

export function isOrthancId(text: string): text is OrthancId {
  return /^[0-9a-f]{8}(-[0-9a-f]{8}){4}$/.test(text);
}
