import { agreedLabelsIn } from '../assessments/agreed-labels.js';
import { modelLine, type Config } from '../config.js';
import { Fault } from '../errors.js';
import { createLog } from '../log.js';
import { siteOf } from '../monitoring/site-of.js';
import { pacsOf } from '../reporting/orthanc-pacs.js';
import { localLabels, type LocalLabels } from '../retraining/local-labels.js';
import { retrainingMemoryOf } from '../retraining/retraining-memory.js';
import { openPacs } from '../service/open-pacs.js';
import type { ImageReader } from '../serving/image-reader.js';
import { openStoreBesideService } from '../store/store.js';
import { storeLocation } from '../store/store-location.js';

/**
 * The readers' labels of these findings, split by the locked test set of the line, for a command that uses them while database and PACS are open.
 *
 * @param line model line, which has a locked test set of its own
 *
 * @throws Fault 'config-invalid' without ORTHANC_URL, 'dataset-invalid' if there are too few labels
 */
export async function withLocalLabels<Result>(
  config: Config,
  line: string,
  findings: readonly string[],
  reader: Pick<ImageReader, 'readXray'>,
  use: (labels: LocalLabels) => Promise<Result>,
): Promise<Result> {
  if (!config.orthanc.url)
    throw new Fault(
      'config-invalid',
      'expected ORTHANC_URL, because readers label studies of your PACS, or --dataset with labelled images',
    );
  const { retraining } = modelLine(config, line);
  const place = { dataDir: config.dataDir, line };
  const log = createLog({ ...config.log, level: 'warn' });
  const store = await openStoreBesideService(storeLocation(config), log);
  try {
    const pacs = await openPacs(config, log, { environment: {}, script: '' });
    try {
      const siteKey = await store.drift.siteKey();
      const labels = await localLabels(
        findings,
        {
          settings: { ...place, retraining, maxImages: config.report.maxImages },
          agreedLabels: () => agreedLabelsIn(store.labels),
          pacs: pacsOf(pacs.dicomWeb, pacs.orthanc),
          siteOf: (instance) => siteOf(instance, config.drift.sites, siteKey),
          memory: retrainingMemoryOf(place, { kind: store.kind, retraining: store.ofLine(line).retraining }),
          clock: { now: () => new Date() },
          log,
        },
        reader,
      );
      return await use(labels);
    } finally {
      await pacs.close();
    }
  } finally {
    await store.close();
  }
}
