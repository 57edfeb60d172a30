import type { Engine } from '../engine/engine.js';
import { Fault } from '../errors.js';
import { architectureOf } from '../network/architecture-spec.js';
import { networkInput } from '../pixels/network-input.js';
import type { CandidateNetwork } from '../registry/candidate.js';
import { examplePicture } from './example-picture.js';

/**
 * Computes one phantom, so that what cannot be computed never becomes a version.
 *
 * @throws Fault 'model-invalid' of outputs that are not finite, and as Engine.load and predict do
 */
export async function tryCandidate(engine: Pick<Engine, 'load'>, network: CandidateNetwork, kind: 'xray' | 'ct'): Promise<void> {
  const { input } = network;
  const predictor = await engine.load(
    'graph' in network ? network.graph : { architecture: architectureOf(network.architecture), tensors: network.tensors },
  );
  try {
    const data = networkInput(examplePicture(kind, input), input);
    const { logits } = await predictor.predict({ data, batch: 1, channels: input.channels, height: input.height, width: input.width });
    const wrong = logits.findIndex((value) => !Number.isFinite(value));
    if (wrong >= 0) throw new Fault('model-invalid', `output ${wrong} of a phantom: expected a finite number, found ${logits[wrong]}`);
  } finally {
    await predictor.release();
  }
}
