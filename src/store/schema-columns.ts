import { pgSchema, timestamp } from './drizzle.js';

export const chestAi = pgSchema('chest_ai');

/** Milliseconds, as JavaScript's dates have. */
export const timeColumn = (name: string) => timestamp(name, { withTimezone: true, precision: 3, mode: 'date' });
