import { serverAccessOf } from '../http/server-access.js';
import type { Config } from '../config.js';
import { Fault } from '../errors.js';
import { openChannels } from '../messages/open-channels.js';
import { OrthancClient } from '../orthanc/client.js';
import { channelPortsOf } from '../service/ports/channel-ports.js';

/** A channel for messages, and what answered or what is wrong. */
export interface ExaminedChannel {
  readonly name: string;
  readonly reach: () => Promise<string>;
}

const timeoutMs = 10_000;

/**
 * The channels for messages, to be tried without sending a message.
 *
 * @throws Fault `config-invalid` for a channel whose settings cannot be used
 */
export function channelsToExamine(config: Pick<Config, 'messages' | 'orthanc' | 'report'>): readonly ExaminedChannel[] {
  const { url } = config.orthanc;
  const notUsed = (): never => {
    throw new Fault('config-invalid', 'expected a message to be sent, found an examination');
  };
  const channels = openChannels(config.messages.channels, () => {
    if (!url) throw new Fault('config-invalid', 'expected ORTHANC_URL for a dicom channel with a modality, found none');
    const orthanc = new OrthancClient({ url: url.replace(/\/+$/, ''), ...serverAccessOf(config.orthanc), timeoutMs });
    return channelPortsOf({ retrieveStudyMetadata: notUsed, storeInstances: notUsed }, orthanc, config);
  });
  return [...channels.values()].map(({ name, kind, reach }) => ({
    name: `channel ${name}`,
    reach: async () => `${kind}: ${await reach()}`,
  }));
}
