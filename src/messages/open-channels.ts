import type { ChannelSettings } from '../config.js';
import { Fault } from '../errors.js';
import { openEmail } from './email-channel.js';
import { channelKinds, type Channel, type ChannelKind } from './ports.js';
import { openWebhook } from './webhook-channel.js';

/** How a channel of each kind is opened. Opening connects to nothing. */
const open: { readonly [Kind in ChannelKind]: (name: string, settings: NonNullable<ChannelSettings[Kind]>) => Channel } = {
  hl7: (name) => notAvailable(name, 'hl7'),
  fhir: (name) => notAvailable(name, 'fhir'),
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

function notAvailable(name: string, kind: ChannelKind): never {
  throw new Fault('config-invalid', `messages.channels, ${name}: channels of the kind ${kind} are not available in this release`);
}
