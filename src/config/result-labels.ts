import { z } from 'zod';

/* Settings of the labels by which results show in Orthanc (1.12 and later): docs/guide/in-orthanc.md. */

const characters = 'expected letters, digits, _ and - only';

/** What follows the prefix; an empty text: no such label. The service checks the whole labels at its start. */
const label = z
  .string()
  .max(44)
  .regex(/^[A-Za-z0-9_-]*$/, characters);

export const resultLabelSettings = z
  .strictObject({
    /** Set labels on studies in Orthanc. */
    enabled: z.boolean().default(false),
    /** Every label begins with it. */
    prefix: z
      .string()
      .min(1)
      .max(20)
      .regex(/^[A-Za-z0-9_-]+$/, characters)
      .default('ai-'),
    /** For each finding that is present and that no reader has rejected. */
    finding: z
      .string()
      .max(50)
      .regex(
        /^$|^[A-Za-z0-9_-]*\{finding\}[A-Za-z0-9_-]*$/,
        'expected a text that contains {finding} once, and otherwise letters, digits, _ and - only',
      )
      .default('{finding}'),
    /** While the study waits to be read and nobody has claimed it. */
    unread: label.default('unread'),
    /** While the current result is a failure. */
    failed: label.default('failed'),
  })
  .prefault({});

export type ResultLabelSettings = z.output<typeof resultLabelSettings>;
