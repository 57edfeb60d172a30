import { z } from 'zod';
import { milliseconds } from './ranges.js';

const demands = ['off', 'if-offered', 'required'] as const;

/** Whether a modality is asked to answer for what it was sent (DICOM PS3.4 Annex J), and how long its report is awaited. */
export interface StorageCommitmentSettings {
  readonly storageCommitment: (typeof demands)[number];
  readonly storageCommitmentTimeoutMs: number;
}

/** The two settings, for an object of others. */
export function storageCommitmentShape(byDefault: StorageCommitmentSettings['storageCommitment']) {
  return {
    /** `required`: a modality that does not offer it has not accepted. */
    storageCommitment: z.enum(demands).default(byDefault),
    /** Longest wait for the report of the modality, which it sends to Orthanc by an association of its own. */
    storageCommitmentTimeoutMs: milliseconds.default(60_000),
  };
}
