/** The parts of FHIR R4 (4.0.1) that are written here; their names are FHIR's. */

export interface Coding {
  readonly system?: string;
  readonly code: string;
  readonly display?: string;
}

export interface CodeableConcept {
  readonly coding: readonly Coding[];
  readonly text?: string;
}

export interface Identifier {
  readonly use?: 'official';
  readonly type?: CodeableConcept;
  readonly system?: string;
  readonly value: string;
  readonly assigner?: { readonly display: string };
}

/** Literal (`reference`) or logical (`identifier`). */
export interface Reference {
  readonly reference?: string;
  readonly type?: string;
  readonly identifier?: Identifier;
  readonly display?: string;
}

export interface Narrative {
  readonly status: 'generated';
  readonly div: string;
}

export interface Meta {
  readonly security?: readonly Coding[];
}

export interface Device {
  readonly resourceType: 'Device';
  readonly meta?: Meta;
  readonly text: Narrative;
  readonly identifier: readonly Identifier[];
  readonly manufacturer: string;
  readonly deviceName: readonly { readonly name: string; readonly type: 'model-name' }[];
  readonly version: readonly { readonly value: string }[];
}

export interface ObservationComponent {
  readonly code: CodeableConcept;
  readonly valueQuantity?: { readonly value: number; readonly unit: string; readonly system: string; readonly code: string };
  readonly valueString?: string;
}

export interface FindingObservation {
  readonly resourceType: 'Observation';
  readonly meta?: Meta;
  readonly text: Narrative;
  readonly identifier: readonly Identifier[];
  readonly basedOn?: readonly Reference[];
  readonly status: 'preliminary';
  readonly category: readonly CodeableConcept[];
  readonly code: CodeableConcept;
  readonly subject?: Reference;
  readonly effectiveDateTime?: string;
  readonly issued: string;
  readonly valueCodeableConcept: CodeableConcept;
  readonly note: readonly { readonly text: string }[];
  readonly bodySite?: CodeableConcept;
  readonly device: Reference;
  readonly derivedFrom: readonly Reference[];
  readonly component: readonly ObservationComponent[];
}

export interface DiagnosticReport {
  readonly resourceType: 'DiagnosticReport';
  readonly meta?: Meta;
  readonly text: Narrative;
  readonly identifier: readonly Identifier[];
  readonly basedOn?: readonly Reference[];
  readonly status: 'partial' | 'cancelled';
  readonly category: readonly CodeableConcept[];
  readonly code: CodeableConcept;
  readonly subject?: Reference;
  readonly effectiveDateTime?: string;
  readonly issued: string;
  readonly result?: readonly Reference[];
  readonly imagingStudy: readonly Reference[];
  readonly conclusion: string;
  readonly presentedForm?: readonly { readonly contentType: string; readonly url: string; readonly title: string }[];
}

export type WrittenResource = Device | FindingObservation | DiagnosticReport;

/** A resource as a server returned it. */
export interface ReadResource {
  readonly resourceType: string;
  readonly id?: string;
  readonly [element: string]: unknown;
}

export interface BundleRequest {
  readonly method: 'POST' | 'PUT';
  readonly url: string;
  readonly ifNoneExist?: string;
  readonly ifMatch?: string;
}

export interface BundleEntry {
  readonly fullUrl?: string;
  readonly resource: WrittenResource | ReadResource;
  readonly request?: BundleRequest;
  readonly search?: { readonly mode: 'match' | 'include' };
}

export interface Bundle {
  readonly resourceType: 'Bundle';
  readonly type: 'transaction' | 'collection' | 'searchset';
  readonly timestamp?: string;
  readonly total?: number;
  readonly link?: readonly { readonly relation: 'self'; readonly url: string }[];
  readonly entry: readonly BundleEntry[];
}
