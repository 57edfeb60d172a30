import type { Registry } from '../registry/registry.js';

/**
 * A version that was revised while it was the challenger hands this over to its revision: the same weights go on in shadow.
 *
 * @returns what the revision is now
 */
export async function replaceChallenger(
  registry: Pick<Registry, 'aliases' | 'challenge'>,
  before: string,
  after: string,
  why: string,
): Promise<'challenger' | 'none'> {
  const aliases = await registry.aliases();
  if (aliases?.challenger !== before || before === after) return aliases?.challenger === after ? 'challenger' : 'none';
  await registry.challenge(after, { by: 'command line', why: `takes the place of ${before}: ${why}`, at: new Date() });
  return 'challenger';
}
