import { readFileSync } from 'node:fs';
import { writePart10 } from '../../src/dicom/part10.js';
import { derivedUid, type StudyInstanceUID } from '../../src/dicom/uid.js';
import { ctPhantom } from '../../src/samples/ct-phantom.js';
import { temporaryDirectory, withOrthanc } from '../support/orthanc.js';
import { sendByStow } from '../support/send.js';
import { figure } from './history/figures.js';
import { eventuallyOneResult, spawnService } from '../support/service.js';

const slices = 3_000;
const size = 128;

export const title = 'A CT of 3,000 slices';

/** A CT of 3,000 slices through the service in a process of its own: how much memory it took at most. */
export async function bench(): Promise<void> {
  const phantom = ctPhantom({ seed: 'large', sex: 'M', slices: 60, size });
  const studyInstanceUID = derivedUid<StudyInstanceUID>('large ct');
  const file = (index: number): Uint8Array =>
    writePart10({
      SOPClassUID: '1.2.840.10008.5.1.4.1.1.2',
      SOPInstanceUID: derivedUid('large ct', String(index)),
      StudyInstanceUID: studyInstanceUID,
      SeriesInstanceUID: derivedUid('large ct', 'series'),
      PatientName: 'PHANTOM^LARGE',
      PatientID: 'LARGE',
      Modality: 'CT',
      BodyPartExamined: 'CHEST',
      ImageType: ['ORIGINAL', 'PRIMARY', 'AXIAL'],
      SeriesNumber: 1,
      InstanceNumber: index + 1,
      ImagePositionPatient: [0, 0, 150 - (300 * index) / slices],
      ImageOrientationPatient: [1, 0, 0, 0, 1, 0],
      PixelSpacing: [phantom.mmPerPixel, phantom.mmPerPixel],
      SliceThickness: 1,
      SamplesPerPixel: 1,
      PhotometricInterpretation: 'MONOCHROME2',
      Rows: size,
      Columns: size,
      BitsAllocated: 16,
      BitsStored: 16,
      HighBit: 15,
      PixelRepresentation: 1,
      RescaleIntercept: 0,
      RescaleSlope: 1,
      PixelData: new Uint8Array(phantom.slices[Math.floor((index * phantom.slices.length) / slices)]!.hu.buffer),
    });
  await withOrthanc(
    async ({ orthanc, dicomWeb }) => {
      const service = await spawnService(orthanc, { dataDir: temporaryDirectory('large'), environment: { ENGINE: 'onnx-cpu' } });
      try {
        const before = memoryOf(service.process.pid!);
        for (let from = 0; from < slices; from += 250)
          await sendByStow(
            Array.from({ length: Math.min(250, slices - from) }, (_, n) => file(from + n)),
            dicomWeb,
          );
        const sentAt = performance.now();
        const { report } = await eventuallyOneResult(dicomWeb, studyInstanceUID, { timeoutMs: 300_000 });
        const after = memoryOf(service.process.pid!);
        figure('memory large ct', after.peak);
        console.log(
          `${slices} slices of ${size} × ${size}: ${report.outcome.kind} ${((performance.now() - sentAt) / 1000).toFixed(1)} s after the last was sent; memory ${before.now} MB before, at most ${after.peak} MB`,
        );
      } finally {
        await service.kill();
      }
    },
    { stableAgeSeconds: 3 },
  );
}

/** proc_pid_status(5), in megabytes. */
function memoryOf(pid: number): { readonly now: number; readonly peak: number } {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const of = (name: string): number => Math.round(Number(new RegExp(`${name}:\\s+(\\d+) kB`).exec(status)?.[1]) / 1024);
  return { now: of('VmRSS'), peak: of('VmHWM') };
}
