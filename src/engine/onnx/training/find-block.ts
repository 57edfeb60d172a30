import { InferenceSession, Tensor } from 'onnxruntime-node';
import { blockDomain } from './channel-blocks.js';
import { graph } from '../graph.js';
import type { Provider } from '../protocol.js';

const channels = 16;
const places = 2;

/**
 * How many channels onnxruntime's processor kernels take together on this machine (16 with AVX-512, 8 with AVX2), found by looking
 * where they put 32 numbers.
 *
 * @returns undefined where there are no such kernels: on another provider, another processor, a runtime that does not take the operator
 */
export async function findBlock(provider: Provider): Promise<number | undefined> {
  if (provider !== 'cpu') return undefined;
  const onnx = graph('channel blocks');
  onnx.input('x', [1, channels, 1, places]);
  onnx.output(onnx.node('ReorderInput', ['x'], { domain: blockDomain }), 'y', [1, channels, 1, places]);
  try {
    const session = await InferenceSession.create(onnx.encode(), { executionProviders: [provider], logSeverityLevel: 4 });
    const { y } = await session.run({
      x: new Tensor(
        'float32',
        Float32Array.from({ length: channels * places }, (_, index) => index),
        [1, channels, 1, places],
      ),
    });
    await session.release();
    return [16, 8].find((block) => inBlocks(block).every((value, index) => value === y!.data[index]));
  } catch {
    return undefined;
  }
}

/** The numbers of the input in the order of blocks: block, place, channel within. */
function inBlocks(block: number): readonly number[] {
  return Array.from({ length: channels * places }, (_, index) => {
    const [first, place, within] = [Math.floor(index / (block * places)), Math.floor(index / block) % places, index % block];
    return (first * block + within) * places + place;
  });
}
