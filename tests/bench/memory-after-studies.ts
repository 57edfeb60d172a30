import { setTimeout as sleep } from 'node:timers/promises';
import type { DicomWeb } from '../../src/dicomweb/client.js';
import { sampleLoad } from '../../src/samples/sample-load.js';
import { temporaryDirectory, withOrthanc } from '../support/orthanc.js';
import { sendByCStore } from '../support/send.js';
import { spawnService } from '../support/service.js';
import { figure } from './history/figures.js';
import { peakMB, residentMB } from './process-family.js';

const studies = 400;
/** After the last report, until what is not needed any more has been given back. */
const idleMs = 60_000;

export const title = 'Memory after many studies';

/** The memory of the service with all its processes before and after 400 CR studies of 2500 × 2048, and at most. */
export async function bench(): Promise<void> {
  await withOrthanc(
    async ({ orthanc, dicomWeb }) => {
      const service = await spawnService(orthanc, { dataDir: temporaryDirectory('memory'), environment: { ENGINE: 'onnx-cpu' } });
      try {
        await sleep(20_000);
        const before = residentMB(service.process.pid!);
        const began = performance.now();
        let sent = 0;
        for (const { files } of sampleLoad(studies, 'memory')) {
          await sendByCStore(files, orthanc);
          sent++;
          // so that Orthanc does not hold all of them before the first is analysed
          while (sent - (await reported(dicomWeb)) > 40) await sleep(500);
        }
        while ((await reported(dicomWeb)) < studies) await sleep(500);
        const seconds = (performance.now() - began) / 1000;
        await sleep(idleMs);
        const after = residentMB(service.process.pid!);
        figure('memory 400 studies', after);
        console.log(
          `${studies} studies in ${seconds.toFixed(0)} s; all processes of the service: ${before.toFixed(0)} MB before, ${after.toFixed(0)} MB a minute after, the sum of their peaks ${peakMB(service.process.pid!).toFixed(0)} MB`,
        );
      } finally {
        await service.kill();
      }
    },
    { stableAgeSeconds: 1 },
  );
}

/** Studies with a structured report. */
async function reported(dicomWeb: DicomWeb): Promise<number> {
  return (await dicomWeb.searchForStudies({ ModalitiesInStudy: 'SR' })).length;
}
