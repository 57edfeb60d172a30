import dcmjs from 'dcmjs';

/** One row of PS3.6 §6. `vr` may be `xs` (US or SS), `ox` (OB or OW) or `lt` (US, SS or OW), as dcmjs writes them. */
export interface Attribute {
  readonly tag: number;
  readonly keyword: string;
  readonly vr: string;
}

const { dictionary, nameMap } = dcmjs.data.DicomMetaDictionary;
const byTag = new Map<number, Attribute | undefined>();

/** The standard attribute of a tag; undefined for private, repeating (50xx, 60xx) and unknown ones. */
export function attributeOfTag(tag: number): Attribute | undefined {
  // dcmjs looks a tag up by parsing its text each time, so its results are cached.
  if (byTag.has(tag)) return byTag.get(tag);
  const group = tag >>> 16;
  const repeating = (group & 0xff00) === 0x5000 || (group & 0xff00) === 0x6000;
  const entry = group % 2 === 1 || repeating ? undefined : dictionary[tagText(tag)];
  const attribute = entry && /^[A-Z]\w+$/.test(entry.name) ? { tag, keyword: entry.name, vr: entry.vr } : undefined;
  if (byTag.size < 20_000) byTag.set(tag, attribute);
  return attribute;
}

/** The attribute of a keyword, or of eight hexadecimal digits (the key of attributes without a keyword). */
export function attributeOfKey(key: string): Attribute | undefined {
  if (/^[0-9A-F]{8}$/.test(key)) return { tag: parseInt(key, 16), keyword: key, vr: 'UN' };
  const entry = nameMap[key];
  if (!entry || !/^\([0-9A-Fa-f]{4},[0-9A-Fa-f]{4}\)$/.test(entry.tag)) return undefined;
  return { tag: parseInt(entry.tag.slice(1, 5) + entry.tag.slice(6, 10), 16), keyword: key, vr: entry.vr };
}

/** `(gggg,eeee)`, hexadecimal, upper case. */
export function tagText(tag: number): string {
  const digits = tagDigits(tag);
  return `(${digits.slice(0, 4)},${digits.slice(4)})`;
}

/** `ggggeeee`, hexadecimal, upper case: the DICOM JSON model's name of a tag (PS3.18 §F.2.2). */
export function tagDigits(tag: number): string {
  return (tag >>> 0).toString(16).toUpperCase().padStart(8, '0');
}

/** Keyword and tag, for a fault's subject. */
export function tagName(tag: number): string {
  const attribute = attributeOfTag(tag);
  return attribute ? `${attribute.keyword} ${tagText(tag)}` : tagText(tag);
}
