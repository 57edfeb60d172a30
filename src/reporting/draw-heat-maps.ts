import { textOf, type DataSet } from '../dicom/data-set.js';
import { drawHeatMap } from '../pixels/heat-map.js';
import { algorithmOfFinding } from '../sr/algorithms.js';
import { heatMapCapture } from '../sr/heat-map-capture.js';
import type { ReportContent } from '../sr/report-content.js';
import { probabilityPercent } from '../sr/wording.js';
import type { StudyFinding } from './analysis.js';
import { heatMapUid, type DocumentUids } from './document-identity.js';

/**
 * A heat map for each finding that is present, as Secondary Capture; the findings' order is the instances'. Each names the model that
 * it is of.
 *
 * @param findings in the order of `content.findings`
 * @param content of the report that they belong to
 * @param instances metadata of the study, where the image of a finding is looked for
 * @param input see inputParameter
 */
export async function drawHeatMaps(
  findings: readonly StudyFinding[],
  content: ReportContent,
  instances: readonly DataSet[],
  uids: DocumentUids,
  input: string,
): Promise<readonly DataSet[]> {
  const placed = findings.flatMap((finding, index) => {
    const reported = content.findings[index];
    const [image] = finding.images;
    // a model of others may have no map
    return finding.decision === 'present' && finding.activation.width > 0 && finding.preview && image && reported
      ? [{ finding, reported, image, preview: finding.preview }]
      : [];
  });
  return Promise.all(
    placed.map(async ({ finding, reported, image, preview }, index) => {
      const imageUid: string = image.sopInstanceUID;
      const algorithm = algorithmOfFinding(reported, content);
      const picture = await drawHeatMap(preview, {
        title: `${reported.concept.meaning}: ${probabilityPercent(reported)} % (present)`,
        source: `Where the network looked, not where disease is. ${algorithm.name} ${algorithm.serialNumber.slice(0, 12)}`,
        activation: finding.activation,
        box: finding.box,
      });
      return heatMapCapture({
        source: instances.find((one) => textOf(one, 'SOPInstanceUID') === imageUid) ?? content.source,
        image,
        finding: reported,
        algorithm,
        input,
        picture,
        createdAt: content.createdAt,
        seriesInstanceUID: uids.heatMap.series,
        sopInstanceUID: heatMapUid(uids, finding.name, finding.overruledBy === undefined ? undefined : algorithm.deviceUID),
        seriesNumber: content.seriesNumber + 2,
        instanceNumber: index + 1,
      });
    }),
  );
}
