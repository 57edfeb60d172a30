import type { ChannelSettings } from '../config.js';
import { openEmail } from './email-channel.js';
import { fhirChannel } from './fhir-channel.js';
import { hl7Channel } from './hl7-channel.js';
import { channelKinds, type Channel, type ChannelKind } from './ports.js';
import { openWebhook } from './webhook-channel.js';

/** How a channel of each kind is opened. Opening connects to nothing. */
const open: { readonly [Kind in ChannelKind]: (name: string, settings: NonNullable<ChannelSettings[Kind]>) => Channel } = {
  hl7: hl7Channel,
  fhir: fhirChannel,
  webhook: openWebhook,
  email: openEmail,
};

/** @throws Fault `config-invalid` naming the channel */
export function openChannels(channels: readonly ChannelSettings[]): ReadonlyMap<string, Channel> {
  return new Map(channels.map((one) => [one.name, openChannel(one)]));
}

function openChannel(settings: ChannelSettings): Channel {
  for (const kind of channelKinds) {
    const own = settings[kind];
    if (own !== undefined) return (open[kind] as (name: string, given: typeof own) => Channel)(settings.name, own);
  }
  throw new Error(`channel ${settings.name} has no kind`);
}
