import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { textOf } from '../dicom/data-set.js';
import { readPart10 } from '../dicom/part10.js';
import type { StudyInstanceUID } from '../dicom/uid.js';
import type { SampleStudy } from './sample-studies.js';

/**
 * Real chest radiographs with free licences, for the demo: images of patients as NIH and the Hannover Medical School published them,
 * with synthetic headers. `scripts/demo/radiographs.ts` makes the folder and states how they were chosen; README.md beside them names
 * the authors. Nothing is trained on these patients.
 */
const indexSchema = z.strictObject({
  chosen: z.string().min(1),
  radiographs: z
    .array(
      z.strictObject({
        file: z.string().regex(/^[\w-]+\.dcm$/),
        title: z.string().min(1),
        /** What the publisher's readers found. */
        findings: z.array(z.string().min(1)).readonly(),
        /** Readers found nothing abnormal. */
        healthy: z.boolean(),
        /** Data set and patient, as `train-starter` names them. */
        patient: z.string().min(1),
        /** Name of the published image. */
        image: z.string().min(1),
        licence: z.string().min(1),
      }),
    )
    .min(1)
    .readonly(),
});

export type RadiographIndex = z.infer<typeof indexSchema>;

export const radiographsFolder = 'radiographs';

/** What is in the folder. @throws if the folder is not there, or its list is not as expected */
export async function readRadiographIndex(folder = radiographsFolder): Promise<RadiographIndex> {
  return indexSchema.parse(JSON.parse(await readFile(join(folder, 'index.json'), 'utf8')));
}

/** The radiographs as studies of the demo, each of one image. */
export async function sampleRadiographs(folder = radiographsFolder): Promise<readonly SampleStudy[]> {
  const { radiographs } = await readRadiographIndex(folder);
  return Promise.all(
    radiographs.map(async ({ file, title }) => {
      const bytes = new Uint8Array(await readFile(join(folder, file)));
      const { dataSet } = readPart10(bytes, { untilPixelData: true });
      return {
        title,
        studyInstanceUID: textOf(dataSet, 'StudyInstanceUID') as StudyInstanceUID,
        files: [bytes],
        expected: undefined,
      };
    }),
  );
}
