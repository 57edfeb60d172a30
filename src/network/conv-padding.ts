import type { Padding } from './architecture.js';

interface Window {
  readonly kernel: number;
  readonly stride: number;
  readonly padding: Padding;
}

/** Zeros before and after an axis of this size. */
export function paddingAlong({ kernel, stride, padding }: Window, size: number): readonly [before: number, after: number] {
  if (padding !== 'same') return [padding, padding];
  const all = Math.max(0, (Math.ceil(size / stride) - 1) * stride + kernel - size);
  return [Math.floor(all / 2), Math.ceil(all / 2)];
}

/** How many places a kernel has along an axis of this size. */
export function placesAlong(window: Window, size: number): number {
  const [before, after] = paddingAlong(window, size);
  return Math.floor((size + before + after - window.kernel) / window.stride) + 1;
}
