import type { OnnxRequest } from '../../src/engine/onnx/protocol.js';

/** An engine's program that takes every network and then, at a prediction, hangs as native code does: nothing reaches it any more. */
process.on('message', ({ id, request }: { readonly id: number; readonly request: OnnxRequest }) => {
  if (request.kind === 'predict') Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  else process.send!({ id, value: undefined });
});
process.on('disconnect', () => process.exit(0));
