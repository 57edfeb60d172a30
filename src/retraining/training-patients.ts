import { defaultLine } from '../lib/model-line.js';
import type { Registry } from '../registry/registry.js';
import type { Store } from '../store/store.js';
import { patientHash } from './patient-identifier.js';
import { retrainingMemoryOf } from './retraining-memory.js';

/** The patients on whose images a model version was trained. */
export interface TrainingPatients {
  /** Keyed hash of a patient (patientIdentifier). */
  hashOf(identifier: string): string;
  /** Hashes of those whose images the version, or one before it, was trained, validated or calibrated on; undefined if it states none. */
  readonly trainedOn: ReadonlySet<string> | undefined;
}

/**
 * @param registries of the model lines by name; the first that has the version states its patients
 * @throws Fault `dataset-invalid` if the key of patients is lost
 */
export async function trainingPatientsOf(
  version: string,
  registries: ReadonlyMap<string, Pick<Registry, 'load' | 'versions'>>,
  place: { readonly dataDir: string },
  store: Pick<Store, 'kind' | 'ofLine'>,
): Promise<TrainingPatients> {
  for (const [line, registry] of registries) {
    if (!(await registry.versions()).includes(version)) continue;
    const { lineage } = await registry.load(version);
    const key = await keyOf(line);
    return { hashOf: (identifier) => patientHash(identifier, key), trainedOn: lineage?.trainedOn && new Set(lineage.trainedOn) };
  }
  const key = await keyOf(defaultLine);
  return { hashOf: (identifier) => patientHash(identifier, key), trainedOn: undefined };

  function keyOf(line: string): Promise<Uint8Array> {
    const { retraining } = store.ofLine(line);
    return retrainingMemoryOf({ ...place, line }, { kind: store.kind, retraining }).patientKey();
  }
}
