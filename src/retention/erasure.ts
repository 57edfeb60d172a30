import type { FoundData } from './find-data.js';
import type { FoundPatient } from './find-patient.js';

/** Who acts, for the audit log. */
export interface ErasureActor {
  readonly actor: string;
  readonly remote?: string;
}

/** What was found, and in `isErased` whether it is gone. */
export interface Erasure extends FoundPatient, FoundData {
  readonly isErased: boolean;
  /** By which the audit log names the patient; absent if studies were named. */
  readonly fingerprint: string | undefined;
}
