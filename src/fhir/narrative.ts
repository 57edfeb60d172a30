import { wellFormed } from '../lib/plain-text.js';
import type { Narrative } from './data-types.js';

const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

/** Sentences as the XHTML that each resource carries for people (FHIR R4 §2.4). */
export function narrative(lines: readonly string[]): Narrative {
  const paragraphs = lines.map((line) => `<p>${fhirString(line).replace(/[&<>"]/g, (one) => entities[one]!)}</p>`);
  return { status: 'generated', div: `<div xmlns="http://www.w3.org/1999/xhtml">${paragraphs.join('')}</div>` };
}

/** A text without the characters that a string may not have (FHIR R4 §2.24.0.1), and not empty. */
export function fhirString(text: string): string {
  return (
    wellFormed(text)
      .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]/g, ' ')
      .trim() || '-'
  );
}
