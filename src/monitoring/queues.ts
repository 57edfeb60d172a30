import { defineQueue } from '../jobs/queue.js';

/** A drift check; one key for all. */
export const driftQueue = defineQueue<Record<string, never>>('drift-check', { formerNames: ['check-drift'] });
