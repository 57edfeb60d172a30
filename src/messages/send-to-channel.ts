import { Fault } from '../errors.js';
import type { Channel, ResultMessage } from './ports.js';

/** At most this much of what a receiver answers is recorded, in characters. */
const maxReferenceLength = 200;

/**
 * Sends a message to the channel of this name.
 *
 * @returns what the receiver called it, if it named it
 * @throws Fault `config-invalid` (no such channel any more), and as Channel.send does
 */
export async function sendToChannel(
  name: string,
  message: ResultMessage,
  { channels }: { readonly channels: ReadonlyMap<string, Pick<Channel, 'send'>> },
  signal: AbortSignal,
): Promise<string | undefined> {
  const channel = channels.get(name);
  if (!channel)
    throw new Fault('config-invalid', `messages.channels: expected the channel "${name}", for which a message waits, found none`);
  return (await channel.send(message, signal))?.slice(0, maxReferenceLength);
}
