import { z } from 'zod';

/** Disk, clock, versions, certificates and trends, as JSON. Times are ISO 8601. */

export const systemSchema = z
  .object({
    disk: z
      .object({
        freeBytes: z.number().exactOptional().describe('of the file system of DATA_DIR; absent if it cannot be read'),
        neededBytes: z.number().describe('below this no study can be processed'),
        warnBelowBytes: z.number(),
      })
      .readonly(),
    clock: z
      .object({ differenceMs: z.number().exactOptional().describe("from Orthanc's clock; absent if unknown"), toleratedMs: z.number() })
      .readonly(),
    versions: z
      .object({
        service: z.string(),
        node: z.string(),
        system: z.string(),
        database: z.string(),
        engine: z.string(),
        orthanc: z.string().exactOptional().describe('absent while Orthanc does not answer'),
        dicomWeb: z.string().exactOptional().describe('the DICOMweb plugin of Orthanc'),
      })
      .readonly(),
    certificates: z
      .array(
        z
          .object({
            use: z.string().describe('server, orthanc, openid, or the channel'),
            source: z.string().describe('address or file'),
            expiresAt: z.iso.datetime().exactOptional(),
            problem: z.string().exactOptional().describe('why it cannot be read'),
            state: z.enum(['valid', 'expires-soon', 'expired', 'unreadable']).describe('expires-soon: within 30 days'),
          })
          .readonly(),
      )
      .readonly()
      .describe('of encrypted connections of the settings'),
  })
  .readonly();
export type ShownSystem = z.infer<typeof systemSchema>;

export const trendsSchema = z
  .object({
    hours: z
      .array(
        z
          .object({
            hour: z.iso.datetime().describe('its beginning'),
            reported: z.int(),
            skipped: z.int(),
            failed: z.int(),
            medianMs: z.number().nullable().describe('duration of the analysis of a reported study; null if none was reported'),
            p95Ms: z.number().nullable().describe('95th percentile'),
            maxWaiting: z.int().describe('most jobs that waited at a time'),
          })
          .readonly(),
      )
      .readonly()
      .describe('oldest first; the last one is in progress'),
  })
  .readonly();
export type ShownTrends = z.infer<typeof trendsSchema>;
