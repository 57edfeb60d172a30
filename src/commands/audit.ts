import { verifyAudit, type ChainHead } from '../audit/verify.js';
import { Fault } from '../errors.js';
import { withStore } from './administration.js';

/** `audit verify`: exit status 1 if the log was tampered with. */
export async function verify(options: { readonly head?: string; readonly json: boolean }): Promise<void> {
  const verdict = await withStore((store) => verifyAudit(store.audit, options.head === undefined ? undefined : readHead(options.head)));
  if (!verdict.intact) process.exitCode = 1;
  if (options.json) console.log(JSON.stringify(verdict));
  else if (verdict.intact) console.log(`intact: ${verdict.entries} entries; head ${verdict.head.seq}:${verdict.head.hash}\nKeep the head elsewhere: \`audit verify --head\` then also notices entries cut off the end.`);
  else console.log(`TAMPERED WITH at entry ${verdict.at}: ${verdict.why}; ${verdict.entries} entries before it are intact`);
}

function readHead(text: string): ChainHead {
  const [, seq, hash] = /^(\d{1,15}):([0-9a-f]{64})$/.exec(text) ?? [];
  if (seq === undefined || hash === undefined) throw new Fault('request-invalid', `expected --head as NUMBER:HASH, as audit verify prints it, found ${text.slice(0, 100)}`);
  return { seq: Number(seq), hash };
}
