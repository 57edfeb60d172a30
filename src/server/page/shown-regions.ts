import { numberOf, textOf, textsOf, type DataSet } from '../../dicom/data-set.js';
import { turnedBox, unturned, uprightTurn } from '../../pixels/orientation.js';
import { ownDocumentsIn } from '../../reporting/own-documents.js';
import type { ShownRegion } from '../page-types.js';

/** The boxes of the documents that count, where they lie on the images as the page shows them: radiographs are turned upright. */
export function shownRegions(instances: readonly DataSet[]): readonly ShownRegion[] {
  const images = new Map(instances.map((one) => [textOf(one, 'SOPInstanceUID'), one]));
  return ownDocumentsIn(instances)
    .current.filter(({ kind }) => kind === 'measurement')
    .flatMap(({ report }) => report.findings)
    .flatMap(({ concept, region }): readonly ShownRegion[] => {
      const image = region && images.get(region.image.sopInstanceUID);
      const [columns, rows] = image ? [numberOf(image, 'Columns') ?? 0, numberOf(image, 'Rows') ?? 0] : [0, 0];
      if (!image || columns <= 0 || rows <= 0) return [];
      const isCt = textOf(image, 'Modality') === 'CT';
      const turn = (isCt ? undefined : uprightTurn(textsOf(image, 'PatientOrientation'))) ?? unturned;
      const box = turnedBox(region, columns, rows, turn);
      const [width, height] = turn.transpose ? [rows, columns] : [columns, rows];
      return [
        {
          finding: concept.meaning,
          sopInstanceUID: region.image.sopInstanceUID,
          frame: region.image.frameNumber ?? 1,
          left: share(box.left / width),
          top: share(box.top / height),
          right: share(box.right / width),
          bottom: share(box.bottom / height),
        },
      ];
    });
}

function share(value: number): number {
  return Math.min(1, Math.max(0, value));
}
