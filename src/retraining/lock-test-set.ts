import { drawTestLock, type TestLock } from '../dataset/test-lock.js';
import type { LabelledImage } from './labelled-images.js';
import type { RetrainingPorts } from './ports.js';
import { exampleOf } from './retraining-plan.js';

/** Draws the test set, unless another process was first: then that one's applies. */
export function lockTestSet(
  images: readonly LabelledImage[],
  seed: number,
  { settings, memory, clock }: Pick<RetrainingPorts, 'settings' | 'memory' | 'clock'>,
): Promise<TestLock> {
  const created = clock.now().toISOString().slice(0, 10);
  return memory.storeTestLock(drawTestLock(images.map(exampleOf), { seed, share: settings.retraining.testShare, created }));
}
