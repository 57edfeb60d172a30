import type { ChosenFile } from './chosen-files.js';
import { zipOfFiles } from './zip-of-files.js';

/** Enough for the attributes that identify study and modality; a longer header is not a slice's. */
const headBytes = 16 * 1024;
const studyInstanceUidTag = [0x20, 0x00, 0x0d, 0x00];
const modalityTag = [0x08, 0x00, 0x60, 0x00];

/**
 * CT slices are analyzed together: those of one study become one ZIP, named by the folder they share. Everything else stays as it
 * is. Files whose header cannot be read here stay as they are too; the service reads them by the standard.
 *
 * @param maxBytes of one upload; a larger study is sent as single files
 */
export async function groupSlices(files: readonly ChosenFile[], maxBytes: number): Promise<readonly ChosenFile[]> {
  const slices = new Map<string, ChosenFile[]>();
  const others: ChosenFile[] = [];
  for (const one of files) {
    const study = await ctStudyOf(one.file);
    if (study === undefined) others.push(one);
    else slices.set(study, [...(slices.get(study) ?? []), one]);
  }
  const grouped: ChosenFile[] = [];
  for (const members of slices.values()) {
    const bytes = members.reduce((sum, { file }) => sum + file.size, 0);
    if (members.length === 1 || bytes > maxBytes) grouped.push(...members);
    else grouped.push({ file: await zipOfFiles('slices.zip', members), path: `${sharedFolder(members)} (${members.length} × CT)` });
  }
  return [...others, ...grouped];
}

function sharedFolder(members: readonly ChosenFile[]): string {
  const [first, ...rest] = members.map(({ path }) => path.split('/').slice(0, -1));
  const shared = first!.filter((part, index) => rest.every((parts) => parts[index] === part));
  return shared.length > 0 ? shared.join('/') : members[0]!.path;
}

/** The Study Instance UID of a CT slice. @returns undefined for every other file */
async function ctStudyOf(file: File): Promise<string | undefined> {
  if (/\.(zip|png|jpe?g|tiff?|bmp|gif|webp)$/i.test(file.name)) return undefined;
  const head = new Uint8Array(await file.slice(0, headBytes).arrayBuffer());
  if (valueAt(head, modalityTag) !== 'CT') return undefined;
  return valueAt(head, studyInstanceUidTag);
}

/** The first value of a text attribute in little endian, with explicit or implicit VR (PS3.5 §7.1). */
function valueAt(bytes: Uint8Array, tag: readonly number[]): string | undefined {
  for (let at = 132; at < bytes.length - 8; at++) {
    if (tag.some((byte, index) => bytes[at + index] !== byte)) continue;
    const isExplicit = bytes[at + 4]! >= 0x41 && bytes[at + 5]! >= 0x41;
    const length = bytes[at + (isExplicit ? 6 : 4)]! | (bytes[at + (isExplicit ? 7 : 5)]! << 8);
    if (length > 64) continue;
    // UIDs are padded with a zero byte, codes with a space
    return String.fromCharCode(...bytes.subarray(at + 8, at + 8 + length)).replace(/[\0 ]+$/, '');
  }
  return undefined;
}
