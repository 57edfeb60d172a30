import type { ArchiveModels } from '../../archive/choose-model.js';
import type { Config } from '../../config.js';
import { Fault } from '../../errors.js';
import type { Log } from '../../log.js';
import { patientHash } from '../../retraining/patient-identifier.js';
import { trainingPatientsOf, type TrainingPatients } from '../../retraining/training-patients.js';
import type { Store } from '../../store/store.js';
import type { OpenedLine } from '../open-lines.js';

/** The model versions of the running service. */
export function archiveModelsOf(lines: ReadonlyMap<string, OpenedLine>): ArchiveModels {
  const all = [...lines.values()];
  const of = (role: 'champion' | 'challenger') => async () => [...new Set(all.flatMap(({ serving }) => serving[role]()?.version ?? []))];
  return {
    champions: of('champion'),
    challengers: of('challenger'),
    registered: async () => (await Promise.all(all.map(({ registry }) => registry.versions()))).flat(),
  };
}

/**
 * The patients that a version was trained on. If the key of patients is lost, that is not known, and patients are told apart by another
 * key of this database.
 */
export function trainingPatientsIn(
  lines: ReadonlyMap<string, OpenedLine>,
  { dataDir }: Pick<Config, 'dataDir'>,
  store: Pick<Store, 'kind' | 'ofLine' | 'drift'>,
  log: Log,
): (version: string) => Promise<TrainingPatients> {
  const registries = new Map([...lines].map(([name, { registry }]) => [name, registry]));
  return async (version) => {
    try {
      return await trainingPatientsOf(version, registries, { dataDir }, store);
    } catch (error) {
      if (!(error instanceof Fault) || error.retryable) throw error;
      log.warn('it is not known on which patients a model version was trained', { version, code: error.code, detail: error.detail });
      const otherKey = await store.drift.siteKey();
      return { hashOf: (identifier) => patientHash(identifier, otherKey), trainedOn: undefined };
    }
  };
}
