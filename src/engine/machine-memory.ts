import { totalmem } from 'node:os';

/** Bytes of memory that this process may have at all: the machine's, or those of its container. The same at every start. */
export function machineMemory(): number {
  const constrained = process.constrainedMemory();
  // 0 or a number beyond any machine where there is no limit
  return constrained > 0 ? Math.min(constrained, totalmem()) : totalmem();
}
