import type { ChannelSettings } from '../config.js';
import { dicomChannel, type DicomChannelPorts } from './dicom-channel.js';
import { openEmail } from './email-channel.js';
import { fhirChannel } from './fhir-channel.js';
import { hl7Channel } from './hl7-channel.js';
import { channelKinds, type Channel, type ChannelKind } from './ports.js';
import { openWebhook } from './webhook-channel.js';

/** How a channel of each kind is opened. Opening connects to nothing. */
const open: {
  readonly [Kind in ChannelKind]: (name: string, settings: NonNullable<ChannelSettings[Kind]>, pacs: () => DicomChannelPorts) => Channel;
} = {
  hl7: hl7Channel,
  fhir: fhirChannel,
  webhook: openWebhook,
  email: openEmail,
  dicom: dicomChannel,
};

/**
 * @param pacs called when a channel sends: the PACS is opened after the channels
 * @throws Fault `config-invalid` naming the channel
 */
export function openChannels(channels: readonly ChannelSettings[], pacs: () => DicomChannelPorts): ReadonlyMap<string, Channel> {
  return new Map(channels.map((one) => [one.name, openChannel(one, pacs)]));
}

function openChannel(settings: ChannelSettings, pacs: () => DicomChannelPorts): Channel {
  for (const kind of channelKinds) {
    const own = settings[kind];
    if (own !== undefined)
      return (open[kind] as (name: string, given: typeof own, ports: typeof pacs) => Channel)(settings.name, own, pacs);
  }
  throw new Error(`channel ${settings.name} has no kind`);
}
