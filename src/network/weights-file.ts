import { architecturesByNames, tensorsOfCandidate } from './detect-architecture.js';
import { readPth } from './pth.js';
import { torchvisionNames } from './published-names.js';
import { readSafetensors, type Tensor, type Tensors } from './safetensors.js';

/**
 * Weights as published: a safetensors file, or a `state_dict` of PyTorch (`.pth`, `.pt`), told apart by their first bytes.
 *
 * @throws Fault 'model-invalid' if it is neither, or not whole
 */
export function readWeightsFile(bytes: Uint8Array, source = 'weights'): Tensors {
  // a zip archive begins with "PK", a pickle of protocol 2 with its PROTO opcode; a header of safetensors with its length
  const pytorch =
    (bytes[0] === 0x50 && bytes[1] === 0x4b) || (bytes[0] === 0x80 && bytes[1] === 0x02 && bytes.length > 8 && bytes[7] !== 0);
  return pytorch ? readPth(bytes, source) : readSafetensors(bytes, source);
}

/** The same under the names of torchvision's modules, whichever library published it, without tensors that no layer needs. */
export function readPublishedWeights(bytes: Uint8Array, source = 'weights'): Tensors {
  const published = readWeightsFile(bytes, source);
  // of several candidates the tensors are the same
  const [known] = architecturesByNames(new Map([...published].map(([name, { shape }]) => [name, shape]))).candidates;
  if (known) return tensorsOfCandidate(known, published);
  const names = torchvisionNames(published.keys());
  return new Map(
    [...published].flatMap(([name, tensor]): [string, Tensor][] => {
      const known = names.get(name);
      return known === undefined ? [] : [[known, tensor]];
    }),
  );
}
