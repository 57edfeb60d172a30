import {
  headerAt,
  isBytesVr,
  itemTag,
  startsElement,
  tagAt,
  undefinedLength,
  type ElementHeader,
  type Encoding,
} from './element-header.js';

const pixelData = 0x7fe00010;

/**
 * Whether an element of undefined length holds fragments and not the items of a sequence: compressed icons and private bytes are
 * fragments too (PS3.5 §A.4). VRs of bytes contain fragments; for UN, the content of the first item decides.
 *
 * @param offset of the element's value
 * @param bound the value does not reach beyond it
 */
export function holdsFragments(view: DataView, offset: number, bound: number, tag: number, { vr, encoding }: ElementHeader): boolean {
  if (vr === 'SQ') return false;
  const areBytes = tag === pixelData || (isBytesVr(vr) && vr !== 'UN');
  for (let at = offset; at + 8 <= bound; at += 8) {
    if (tagAt(view, at, encoding.littleEndian) !== itemTag) return areBytes || at > offset;
    const length = view.getUint32(at + 4, encoding.littleEndian);
    if (length === undefinedLength) return false;
    if (areBytes) return true;
    if (length > 0) return length < 8 || !looksLikeDataSet(view, at + 8, at + 8 + length, encoding);
  }
  return false;
}

/** Whether up to four data elements, in implicit or explicit encoding, fill the bytes from `start` to `end`. */
function looksLikeDataSet(view: DataView, start: number, end: number, encoding: Encoding): boolean {
  if (end > view.byteLength) return false;
  for (const explicit of [false, true]) {
    let at = start;
    let tag = -1;
    for (let elements = 0; at < end && elements < 4; elements++) {
      if (!startsElement(view, at, { ...encoding, explicit }, tag)) {
        at = -1;
        break;
      }
      tag = tagAt(view, at, encoding.littleEndian);
      const header = headerAt(view, at, end, { ...encoding, explicit });
      if (!header || header.length === undefinedLength) return header !== undefined;
      at += header.size + header.length;
    }
    if (at >= start && at <= end) return true;
  }
  return false;
}
