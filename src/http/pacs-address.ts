import { isUsableUid } from '../dicom/uid.js';
import { Fault } from '../errors.js';
import { wellFormed } from '../lib/plain-text.js';

declare const brand: unique symbol;

/** Path and query below the base address of a PACS. Only `pacsAddress` makes one, so no request leaves the address that its caller named. */
export type PacsAddress = string & { readonly [brand]: 'PacsAddress' };

/** `true` for a name without a value, several values for a name that is repeated. */
export type AddressQuery = Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>;

const maxSegmentLength = 256;
/** Tags, keywords and their sequences (PS3.18 §8.3.4) and the names of DICOMweb and Orthanc; `_method` is none of them. */
const queryName = /^[A-Za-z0-9]+(\.[A-Za-z0-9]+)*$/;
/** Whether a query of an address may have this name. */
export function isQueryName(name: string): boolean {
  return queryName.test(name);
}

/** What may stand in a finished address. A segment never begins with a point, and "%2F" would be a slash again at the server. */
const finished = /^(\/(?!\.|%2e)(?:[A-Za-z0-9._~!$'()*,:@-]|%(?!2f|5c|00)[0-9a-f]{2})+)+(\?[A-Za-z0-9.,:/@^*%&=_~!'()-]*)?$/i;

/**
 * The one function that makes addresses of a PACS, for Orthanc's REST API and for DICOMweb alike.
 *
 * Each segment is encoded, and refused where encoding is not enough: Orthanc decodes %2F and resolves ".." after it has
 * decoded a path (tried on 1.10.1), and takes `GET …?_method=DELETE` for DELETE.
 *
 * @param segments of the path, e.g. 'studies', a UID, 'metadata'
 * @throws Fault request-invalid for a segment or a name that cannot stand in an address
 */
export function pacsAddress(segments: readonly string[], query: AddressQuery = {}): PacsAddress {
  const path = segments.map((one) => `/${encodedSegment(one)}`).join('');
  const parts = Object.entries(query).flatMap(([name, value]) => {
    if (value === undefined || value === false) return [];
    if (!isQueryName(name))
      throw new Fault('request-invalid', 'expected the name of an attribute or a parameter in a query, found something else');
    if (value === true) return [name];
    return (Array.isArray(value) ? value : [value]).map((one) => `${name}=${encodedValue(String(one))}`);
  });
  const address = path + (parts.length > 0 ? `?${parts.join('&')}` : '');
  requireAddress(address);
  return address;
}

/**
 * A UID as a segment of an address.
 * @throws Fault dicom-attribute, naming the attribute, for a UID that no request can name
 */
export function uidSegment(uid: string, attribute: 'StudyInstanceUID' | 'SeriesInstanceUID' | 'SOPInstanceUID'): string {
  if (!isUsableUid(uid))
    throw new Fault(
      'dicom-attribute',
      'expected a UID of letters, digits and points (at most 128), found another: no request to the PACS can name it',
      { attribute },
    );
  return uid;
}

/** The last check of an address before it is sent. @throws Fault internal if `pacsAddress` did not make it */
export function requireAddress(address: string): asserts address is PacsAddress {
  if (!finished.test(address) || /[?&]_method\b/i.test(address))
    throw new Fault('internal', 'an address for the PACS was not built as it must be');
}

function encodedSegment(segment: string): string {
  if (
    segment === '' ||
    segment.length > maxSegmentLength ||
    segment.startsWith('.') ||
    /[/\\\u0000-\u001f\u007f]/.test(segment) ||
    wellFormed(segment) !== segment
  ) {
    throw new Fault(
      'request-invalid',
      `expected a name of 1 to ${maxSegmentLength} characters without slash, backslash, control character or first point, found another`,
    );
  }
  return encodeURIComponent(segment).replaceAll('%2C', ',');
}

/**
 * Orthanc 1.10 does not decode values of a query for its plugins: what is legal there stays as it is, a slash only where nothing could
 * take the value for a path.
 */
function encodedValue(value: string): string {
  const legal = value.includes('..') ? /%(2C|3A|40|5E)/g : /%(2C|3A|2F|40|5E)/g;
  return encodeURIComponent(wellFormed(value)).replace(legal, (one) => decodeURIComponent(one));
}
