import type { Bundle } from '../../src/fhir/data-types.js';
import { fhirBundleOf, fhirTransaction } from '../../src/messages/fhir-bundle.js';
import { oracleMessages } from './result-messages.js';

/** The transaction of each example message, and one of them as it can be read. */
export const fhirExamples: Readonly<Record<string, Bundle>> = {
  ...Object.fromEntries(Object.entries(oracleMessages).map(([name, message]) => [name, fhirTransaction(message)])),
  'patient.collection': fhirBundleOf(oracleMessages['patient']!),
  'patient.searchset': fhirBundleOf(oracleMessages['patient']!, 'https://chest-ai.hospital.example/api/studies/1.2.3/fhir'),
};
