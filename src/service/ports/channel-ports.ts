import type { Config } from '../../config.js';
import type { DicomChannelPorts } from '../../messages/dicom-channel.js';
import { keyObjectSeriesOffset } from '../../messages/key-objects.js';
import type { OrthancClient } from '../../orthanc/client.js';
import { orthancDestinations } from '../../reporting/orthanc-destinations.js';

/** The PACS as dicom channels use it. */
export function channelPortsOf(
  pacs: DicomChannelPorts['pacs'],
  orthanc: OrthancClient,
  { report }: Pick<Config, 'report'>,
): DicomChannelPorts {
  return {
    pacs,
    destinations: (settings) => orthancDestinations(orthanc, settings),
    echo: (modality) => orthanc.echo(modality),
    version: async () => (await orthanc.system()).version,
    seriesNumber: report.seriesNumber + keyObjectSeriesOffset,
  };
}
