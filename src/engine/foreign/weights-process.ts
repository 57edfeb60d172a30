import { Fault } from '../../errors.js';
import { readPytorch } from '../../network/pth.js';
import type { PytorchContent } from '../../network/pytorch-content.js';
import { readSafetensors } from '../../network/safetensors.js';
import { answerRequests } from '../compute-answers.js';

/** Weights of others, to be read where they can do no harm. */
export interface WeightsRequest {
  readonly bytes: Uint8Array;
  readonly source: string;
  /** Of the entry with the weights, where a checkpoint has several. */
  readonly key?: string | undefined;
}

/** The program of a process that reads files of PyTorch and safetensors, and does nothing else. */
answerRequests(async (request: WeightsRequest): Promise<PytorchContent> => {
  try {
    return read(request);
  } catch (error) {
    // the detail alone: the caller names the file
    throw error instanceof Fault ? new Error(error.detail) : error;
  }
});

function read({ bytes, source, key }: WeightsRequest): PytorchContent {
  const pytorch = (bytes[0] === 0x50 && bytes[1] === 0x4b) || (bytes[0] === 0x80 && bytes[7] !== 0);
  return pytorch ? readPytorch(bytes, source, { key }) : { kind: 'state_dict', tensors: readSafetensors(bytes, source), unread: [] };
}
