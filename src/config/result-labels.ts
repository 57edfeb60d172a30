import { z } from 'zod';

/* Settings of the labels by which results show in Orthanc (1.12 and later): docs/guide/orthanc-labels.md. */

/** Characters that Orthanc takes in a label; the service checks the whole labels at its start. */
const part = z.string().regex(/^[A-Za-z0-9_-]+$/, 'expected letters, digits, _ and - only');

const off = z.literal(false);

export const resultLabelSettings = z
  .strictObject({
    /** Set labels on studies in Orthanc. */
    enabled: z.boolean().default(false),
    /** Every label begins with it, and every label of a study that begins with it belongs to the service. */
    prefix: part.max(20).default('ai-'),
    /** For each finding that is present and that no reader has rejected, or false. */
    finding: z
      .union([off, z.string().max(50)])
      .refine((text) => text === false || /^[A-Za-z0-9_-]*\{finding\}[A-Za-z0-9_-]*$/.test(text), {
        error: 'expected a text that contains {finding} once, and letters, digits, _ and - only, or false',
      })
      .default('{finding}'),
    /** While the study waits to be read and nobody has claimed it, or false. */
    unread: z.union([off, part.max(44)]).default('unread'),
    /** While the current result is a failure, or false. */
    failed: z.union([off, part.max(44)]).default('failed'),
  })
  .prefault({});

export type ResultLabelSettings = z.output<typeof resultLabelSettings>;
