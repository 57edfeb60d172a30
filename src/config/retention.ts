import { z } from 'zod';
import { integer, line } from './ranges.js';

/** For how long what was superseded stays in the PACS: docs/guide/retention.md. */
export const retentionSettings = z
  .strictObject({
    /** Reports are removed from the PACS this many days after a later one superseded them; without it they are kept. */
    supersededReportsDays: integer(1, 36_500).optional(),
    /** The same for heat maps. */
    supersededHeatMapsDays: integer(1, 36_500).optional(),
    /** When they are removed: a cron expression in timeZone. */
    schedule: line(100).default('0 3 * * *'),
  })
  .prefault({});
