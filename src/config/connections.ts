import { homedir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { host, httpProxy, integer, line, milliseconds, path, secret } from './ranges.js';

/* Settings of what the service is connected to: Orthanc, browsers, the OpenID provider, the database, the viewer. */

export const orthancSettings = z
  .strictObject({
    /** Base address of Orthanc's REST API. Without it a private Orthanc is started. */
    url: z
      .url({ protocol: /^https?$/, error: 'expected an address such as http://orthanc:8042' })
      .max(2_000)
      .optional(),
    /** Path of the DICOMweb plugin below the base address. */
    dicomWebPath: line(1_000).startsWith('/').default('/dicom-web'),
    username: line(1_000, 0).optional(),
    password: secret.optional(),
    /** File that contains the password (Docker and Kubernetes secrets). */
    passwordFile: path.optional(),
    /** Certificate authority of the hospital, PEM. */
    caFile: path.optional(),
    /** File with a token that a proxy in front of Orthanc demands. It is read for each request: such tokens are renewed. */
    tokenFile: path.optional(),
    /** Header of the token: in Authorization it is a bearer token, in any other it stands as it is. */
    tokenHeader: z
      .string()
      .regex(/^[A-Za-z][A-Za-z0-9-]{0,99}$/, 'expected the name of an HTTP header, such as Authorization or X-Auth-Token')
      .default('Authorization'),
    requestTimeoutMs: milliseconds.default(30_000),
    /** Maximum number of simultaneous requests to the PACS, by reporting and viewers together. */
    maxConcurrentRequests: integer(1, 1_000).default(4),
    /** Time between two readings of Orthanc's change log. */
    pollIntervalMs: milliseconds.default(1_000),
    /** Time between two sweeps for studies that should have a result and have none. */
    sweepIntervalMs: milliseconds.default(600_000),
    /** How many days back the sweep looks, by Study Date. */
    sweepDays: integer(1, 36_500).default(7),
    /**
     * At the first contact with a PACS, analyse everything that it contains. Otherwise the service analyses only what arrives from
     * then on, and the studies of the last sweepDays.
     */
    analyseArchive: z.boolean().default(false),
    /** How long to wait before asking again whether a study that is still arriving is stable. */
    stabilityCheckMs: milliseconds.default(2_000),
    /** StableAge of the private Orthanc, in seconds. */
    privateStableAgeSeconds: integer(1, 86_400).default(5),
  })
  .refine(
    ({ username, tokenFile, tokenHeader }) => username === undefined || tokenFile === undefined || !/^authorization$/i.test(tokenHeader),
    {
      path: ['tokenFile'],
      error: 'expected another tokenHeader beside username: both would stand in the header Authorization',
    },
  )
  .prefault({});

/** A base path that began as a route of ours does could not be told from it, where a proxy removes the base path. */
const ownFirstParts =
  /^\/(api|login|worklist|study|analyze|answer|operations|discordances|administration|rules|audit|research|models|password|help|page|viewer|dicom-web|request-analysis|health|hint|metrics)(\/|$)/i;

function isPublicAddress(url: string): boolean {
  const { pathname, username, password } = new URL(url);
  return (
    !/[?#]/.test(url) && username === '' && password === '' && /^(\/[\w-][\w.-]*)*\/?$/.test(pathname) && !ownFirstParts.test(pathname)
  );
}

export const serverSettings = z
  .strictObject({
    host: host.default('127.0.0.1'),
    /** 0 lets the operating system choose a free port. */
    port: integer(0, 65_535).default(8787),
    /** Secret that Orthanc's routing.lua sends with its wake-up hint; without it hints are accepted from loopback only. */
    hintToken: secret.optional(),
    hintTokenFile: path.optional(),
    /**
     * The address under which browsers reach the service, https behind a proxy with TLS: https://chest-ai.hospital.example, or below a
     * path of another host: https://www.hospital.example/ai. A host name of its own is safer: other applications of a host can read what
     * the page shows.
     */
    publicUrl: z
      .url({ protocol: /^https?$/, error: 'expected an address such as https://chest-ai.hospital.example' })
      .max(2_000)
      .refine((url) => !URL.canParse(url) || isPublicAddress(url), {
        error:
          'expected https://chest-ai.hospital.example or a path of letters, digits, - _ . such as https://www.hospital.example/ai, ' +
          "without ?, # and account, whose first part is none of the service's own (/api, /study, …)",
      })
      .optional(),
    /** Addresses or subnets of proxies in front of the service whose X-Forwarded-For is trusted: 10.0.0.5, 10.0.0.0/8, loopback. */
    trustedProxies: z.array(host).max(1_000).default([]),
  })
  .prefault({});

export const accessSettings = z
  .strictObject({
    /** A login ends after this time without a request. */
    sessionIdleMinutes: integer(1, 525_600).default(60),
    /** A login ends after this time in any case. */
    sessionHours: integer(1, 8_760).default(12),
    /** A token of the role metrics, for a Prometheus that is installed together with the service. It works without the database. */
    metricsToken: secret.optional(),
    metricsTokenFile: path.optional(),
    /** Login by the hospital's OpenID provider; local accounts work beside it. */
    oidc: z
      .strictObject({
        issuer: z
          .url({ protocol: /^https?$/, error: 'expected an address such as https://login.hospital.example/realms/clinic' })
          .max(2_000),
        /** For the requests of the service to the provider; browsers find their own way. */
        proxy: httpProxy,
        clientId: line(1_000),
        clientSecret: secret.optional(),
        clientSecretFile: path.optional(),
        scope: line(1_000).default('openid profile email'),
        /** Claim that names the user in the audit log. */
        nameClaim: line(1_000).default('preferred_username'),
        /** Claim that lists groups or roles. */
        rolesClaim: line(1_000).default('groups'),
        /** Maps values of that claim to viewer, reader, operator or admin. */
        roles: z.record(line(1_000), z.enum(['viewer', 'reader', 'operator', 'admin'])),
      })
      .optional(),
  })
  .prefault({});

export const databaseSettings = z
  .strictObject({
    /** postgres://… ; without it an embedded database below dataDir is used. */
    url: z
      .string()
      .max(4_096)
      .regex(/^postgres(ql)?:\/\//, 'expected postgres://user:password@host/database')
      .optional(),
    /** File that contains the address, because the address contains a password. */
    urlFile: path.optional(),
  })
  .prefault({});

export const viewerSettings = z
  .strictObject({
    /** Folder with OHIF's files (index.html); without it the one that `chest-ai viewer fetch` fills. */
    directory: path.optional(),
    /** Folder for fetched files, shared by all installations of a user. */
    cache: path.default(join(homedir(), '.cache/orthanc-chest-ai')),
  })
  .prefault({});

export const uploadSettings = z
  .strictObject({
    /** Largest upload on the page, in megabytes. */
    maxMegabytes: integer(1, 1_000_000).default(512),
  })
  .prefault({});
