import type { CodedConcept } from '../dicom/code.js';
import type { CodeableConcept, Identifier } from './data-types.js';
import { fhirString } from './narrative.js';

/** URIs of the schemes that DICOM names by a designator (PS3.16 §8, FHIR R4 §4.3.0). */
const systems: Readonly<Record<string, string>> = {
  SCT: 'http://snomed.info/sct',
  LN: 'http://loinc.org',
  DCM: 'http://dicom.nema.org/resources/ontology/DCM',
  UCUM: 'http://unitsofmeasure.org',
  UMLS: 'http://www.nlm.nih.gov/research/umls',
  RADLEX: 'http://radlex.org',
  // The scheme of this software; it has no address.
  '99CHESTAI': 'urn:uuid:8f0c5a52-1d8e-4b1b-9b5e-7c86c2f4a901',
};

/** A coded concept of DICOM. A code of a scheme without a URI, as a hospital's own, has no system; its text says what it means. */
export function codeableConcept({ value, scheme, meaning }: CodedConcept): CodeableConcept {
  const system = systems[scheme];
  const text = fhirString(meaning);
  // A code has single spaces between its parts at most (FHIR R4 §2.24.0.1).
  const coding = { code: fhirString(value).replace(/\s+/g, ' '), display: text };
  return { coding: [system === undefined ? coding : { system, ...coding }], text };
}

/** A concept of a code system of FHIR or of HL7 v2. */
export function hl7Concept(name: string, code: string, display: string): CodeableConcept {
  return { coding: [{ system: `http://terminology.hl7.org/CodeSystem/${name}`, code, display }] };
}

/** A UID as an identifier: of a study in `urn:dicom:uid`, of anything else as a URI (FHIR R4 §4.3.0, ImagingStudy §10.4). */
export function uidIdentifier(uid: string, system: 'urn:dicom:uid' | 'urn:ietf:rfc:3986' = 'urn:ietf:rfc:3986'): Identifier {
  return { system, value: `urn:oid:${uid}` };
}
