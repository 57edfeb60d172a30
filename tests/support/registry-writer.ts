import { openRegistry } from '../../src/registry/registry.js';
import { tinyCandidate } from './tiny-model.js';

/** A process that writes versions into a registry until it is killed; one line when each is done. */
const registry = openRegistry(process.argv[2]!);
for (let number = 1; ; number++) {
  const { version } = await registry.add(tinyCandidate(Number(process.argv[3]) + number, { card: 'x'.repeat(2_000_000) }));
  const seen = await registry.aliases();
  if (seen) await registry.promote(version, { by: 'test', why: 'test', at: new Date() });
  else await registry.putFirst(version, { by: 'test', why: 'test', at: new Date() });
  process.stdout.write(`${version}\n`);
}
