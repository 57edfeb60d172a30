/** A coded concept, PS3.3 §8: Code Value, Coding Scheme Designator, Code Meaning. */
export interface CodedConcept {
  readonly value: string;
  readonly scheme: string;
  readonly meaning: string;
}

/** Two codes are the same concept if scheme and value agree; the meaning is only for people. */
export function sameConcept(a: CodedConcept | undefined, b: CodedConcept | undefined): boolean {
  return a !== undefined && b !== undefined && a.scheme === b.scheme && a.value === b.value;
}
