import type { OnnxRequest } from '../../src/engine/onnx/protocol.js';

/** An engine's program that takes every network and dies of every prediction. */
process.on('message', ({ id, request }: { readonly id: number; readonly request: OnnxRequest }) => {
  if (request.kind === 'predict') process.kill(process.pid, 'SIGKILL');
  else process.send!({ id, value: undefined });
});
process.on('disconnect', () => process.exit(0));
