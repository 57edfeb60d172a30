import { InferenceSession, type Tensor } from 'onnxruntime-node';
import { graph } from '../graph.js';
import type { Provider } from '../protocol.js';

const [given, copied] = ['given', 'copied'] as const;

/** Copies vectors from the device to memory; onnxruntime-node has no call for that (its tensors' `getData` ends the process). */
export interface DeviceReader {
  read(vector: Tensor): Promise<Float32Array>;
  release(): Promise<void>;
}

/** A network that does nothing, whose output is not kept on the device. */
export async function openDeviceReader(provider: Provider): Promise<DeviceReader> {
  const onnx = graph('read from the device');
  onnx.output(onnx.input(given, ['length']), copied, ['length']);
  const session = await InferenceSession.create(onnx.encode(), { executionProviders: [provider], logSeverityLevel: 3 });
  return {
    read: async (vector) => (await session.run({ [given]: vector }))[copied]!.data as Float32Array,
    release: () => session.release(),
  };
}
