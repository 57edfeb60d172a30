import type { ShownDrift } from '../page-types.js';

/** Whether what arrives is still what the model was trained on; app.ts supplies it. */
export interface DriftPort {
  /** The last look, and the alarms that last. */
  shown(): Promise<ShownDrift>;
  /** Queues a look; while one waits or runs, no second. */
  ask(): Promise<void>;
  /** @returns false if no unacknowledged alarm has that id */
  acknowledge(id: string, by: string): Promise<boolean>;
}
