// Reads {width, height, bitsPerSample, isSigned, componentCount, reversible, rpcl, pixels} from standard input, writes the HTJ2K codestream as base64.
import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';

const create = createRequire(new URL('../../../package.json', import.meta.url))('@cornerstonejs/codec-openjph/wasmjs');
const job = JSON.parse(readFileSync(0, 'utf8'));
const codec = await create({ print: () => undefined, printErr: () => undefined });
const encoder = new codec.HTJ2KEncoder();
const pixels = Buffer.from(job.pixels, 'base64');
const { width, height, bitsPerSample, isSigned, componentCount } = job;
encoder.getDecodedBuffer({ width, height, bitsPerSample, isSigned, componentCount, isUsingColorTransform: false }).set(pixels);
encoder.setQuality(job.reversible, job.reversible ? 0 : 0.001);
encoder.setDecompositions(3);
// 0 LRCP, 1 RLCP, 2 RPCL, 3 PCRL, 4 CPRL; what `.202` asks for is RPCL, with tile-part lengths.
if (job.rpcl) {
  encoder.setProgressionOrder(2);
  encoder.setTLMMarker(true);
}
encoder.encode();
process.stdout.write(Buffer.from(encoder.getEncodedBuffer()).toString('base64'));
