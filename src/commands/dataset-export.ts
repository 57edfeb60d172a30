import { agreedLabelsIn } from '../assessments/agreed-labels.js';
import { openAuditLog } from '../audit/audit-log.js';
import { loadConfig, modelLine } from '../config.js';
import { pluralise } from '../evaluation/pluralise.js';
import { Fault } from '../errors.js';
import { createLog } from '../log.js';
import { siteOf } from '../monitoring/site-of.js';
import { pacsOf } from '../reporting/orthanc-pacs.js';
import { exportDataset, exportOnRecord, type ExportReport } from '../retraining/export-dataset.js';
import { retrainingMemoryOf } from '../retraining/retraining-memory.js';
import { openPacs } from '../service/open-pacs.js';
import { openReader } from '../serving/image-reader.js';
import { openStoreBesideService } from '../store/store.js';
import { storeLocation } from '../store/store-location.js';
import { commandActor } from './administration.js';
import { progressLine } from './progress-line.js';

export interface ExportCommand {
  readonly out: string;
  readonly format: string;
  readonly shiftDates: boolean;
  readonly retainCharacteristics: boolean;
  readonly retainDevice: boolean;
  readonly includeSuspected: boolean;
  readonly line: string;
  readonly json: boolean;
}

/**
 * `dataset export`: the readers' agreed labels with de-identified images, as a data set. On record before the first image is read.
 *
 * @throws Fault 'request-invalid', 'config-invalid' without ORTHANC_URL, 'dataset-invalid' as exportDataset
 */
export async function exportCommand(options: ExportCommand): Promise<void> {
  const { format } = options;
  if (format !== 'dicom' && format !== 'png') throw new Fault('request-invalid', `expected --format dicom or png, found ${format}`);
  const config = loadConfig();
  if (!config.orthanc.url) throw new Fault('config-invalid', 'expected ORTHANC_URL, because readers label studies of your PACS');
  const { retraining } = modelLine(config, options.line);
  const place = { dataDir: config.dataDir, line: options.line };
  const log = createLog({ ...config.log, level: 'warn' });
  const store = await openStoreBesideService(storeLocation(config), log);
  const reader = openReader(config, { xray: undefined, ct: undefined });
  const progress = progressLine('exporting images', options.json);
  try {
    const pacs = await openPacs(config, log, { environment: {}, script: '' });
    try {
      const siteKey = await store.drift.siteKey();
      const audit = openAuditLog(store.audit, log);
      const request = {
        directory: options.out,
        format,
        options: {
          shiftDates: options.shiftDates,
          retainPatientCharacteristics: options.retainCharacteristics,
          retainDeviceIdentity: options.retainDevice,
        },
        includeSuspected: options.includeSuspected,
        onProgress: progress.tell,
      } as const;
      const { subject, outcomeOf } = exportOnRecord(request);
      const entry = { actor: commandActor(), action: 'dataset.export', subject };
      const work = (): Promise<ExportReport> =>
        exportDataset(request, {
          settings: { ...place, retraining, maxImages: config.report.maxImages },
          agreedLabels: () => agreedLabelsIn(store.labels),
          pacs: pacsOf(pacs.dicomWeb, pacs.orthanc),
          siteOf: (instance) => siteOf(instance, config.drift.sites, siteKey),
          memory: retrainingMemoryOf(place, { kind: store.kind, retraining: store.ofLine(options.line).retraining }),
          reader,
          clock: { now: () => new Date() },
          log,
        });
      const report = await audit.recordAction(entry, work, outcomeOf);
      progress.end();
      console.log(options.json ? JSON.stringify(report) : describeExport(report));
    } finally {
      await pacs.close();
    }
  } finally {
    await reader.close();
    await store.close();
  }
}

function describeExport({ directory, format, images, patients, findings, burnedIn, unreadable }: ExportReport): string {
  return [
    `Exported ${pluralise(images, 'image')} of ${pluralise(patients, 'patient')} as ${format} into ${directory}`,
    `findings: ${findings.join(', ')}`,
    ...burnedIn.map(
      ({ studyInstanceUID, reason, exported }) =>
        `! ${exported ? 'look for burned-in text' : 'left out, burned-in text'}: ${studyInstanceUID}: ${reason}`,
    ),
    ...unreadable.map(({ studyInstanceUID, reason }) => `! not readable: ${studyInstanceUID}: ${reason}`),
    `Train on it: chest-ai train --dataset ${directory}`,
  ].join('\n');
}
