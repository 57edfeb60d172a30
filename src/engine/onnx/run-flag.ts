/**
 * Two flags shared between the main thread and the engine's.
 *
 * Why: Node ends a thread by forbidding JavaScript in it, and the native `run` of onnxruntime-node (1.30),
 * on coming back to that, aborts the whole process ("terminate called after throwing an instance of
 * 'Napi::Error'"). So the thread must not be ended, nor the process left, while it is inside a native call.
 */
export type RunFlag = Int32Array<SharedArrayBuffer>;

const running = 0;
const stopping = 1;

/** More than any batch takes; after that an abort is the lesser evil. */
const longestRunMs = 30_000;

export function createRunFlag(): RunFlag {
  return new Int32Array(new SharedArrayBuffer(8));
}

/** In the engine's thread: whether the native call may begin. Every call is followed by leave(). */
export function enter(flag: RunFlag): boolean {
  // first say so, then look: the other side does it the other way round, so that one of the two sees the other
  Atomics.store(flag, running, 1);
  return Atomics.load(flag, stopping) === 0;
}

export function leave(flag: RunFlag): void {
  Atomics.store(flag, running, 0);
  Atomics.notify(flag, running);
}

/** In the main thread: lets no further native call begin. */
export function forbidRuns(flag: RunFlag): void {
  Atomics.store(flag, stopping, 1);
}

/** In the main thread, when the process exits and nothing asynchronous happens any more: blocks until the call is over. */
export function waitForRun(flag: RunFlag): void {
  Atomics.wait(flag, running, 1, longestRunMs);
}
