import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { connect } from 'node:tls';
import type { Config } from '../config.js';

/** A certificate that an encrypted connection of this service depends on. */
export interface UsedCertificate {
  /** `server` (publicUrl), `orthanc`, `openid`, or the setting of a channel, e.g. `channel ris`. */
  readonly use: string;
  /** Address or file. */
  readonly source: string;
  /** End of its validity; absent if it cannot be read. */
  readonly expiresAt?: Date;
  /** Why it cannot be read. */
  readonly problem?: string;
}

/** Where a certificate is read: a PEM file, or the TLS handshake of an address. */
export interface CertificateSource {
  readonly use: string;
  readonly file?: string;
  readonly host?: string;
  readonly port?: number;
  /** For a server that shows several (SNI). */
  readonly serverName?: string | undefined;
}

const handshakeMs = 5_000;
/** Certificates change rarely, and servers need not be asked at each look. */
const freshMs = 600_000;

/** The encrypted connections of the settings. */
export function certificateSources(config: Config): readonly CertificateSource[] {
  const ofUrl = (use: string, url: string | undefined): readonly CertificateSource[] => {
    if (url === undefined || !URL.canParse(url) || new URL(url).protocol !== 'https:') return [];
    const { hostname, port } = new URL(url);
    return [{ use, host: hostname.replace(/^\[|\]$/g, ''), port: port === '' ? 443 : Number(port) }];
  };
  const ofFile = (use: string, file: string | undefined): readonly CertificateSource[] => (file === undefined ? [] : [{ use, file }]);
  const channels = config.messages.channels.flatMap(({ name, hl7, fhir, webhook }) => {
    const use = `channel ${name}`;
    return [
      ...(hl7?.tls ? [{ use, host: hl7.host, port: hl7.port, serverName: hl7.tls.serverName }, ...ofFile(use, hl7.tls.cert)] : []),
      // Through a proxy this would ask directly, which the network may forbid.
      ...ofUrl(use, fhir?.proxy === undefined ? fhir?.url : undefined),
      ...ofFile(use, fhir?.tls?.cert),
      ...ofUrl(use, webhook?.proxy === undefined ? webhook?.url : undefined),
      ...ofFile(use, webhook?.tls?.cert),
    ];
  });
  return [
    ...ofUrl('server', config.server.publicUrl),
    ...ofUrl('orthanc', config.orthanc.url),
    ...ofUrl('openid', config.access.oidc?.issuer),
    ...channels,
    ...ofFile('reports by HL7', config.radiologyReports.hl7?.tls?.cert),
  ];
}

/** @returns reads them, and again after ten minutes */
export function certificateReader(sources: readonly CertificateSource[]): () => Promise<readonly UsedCertificate[]> {
  let read: { readonly at: number; readonly certificates: Promise<readonly UsedCertificate[]> } | undefined;
  return () => {
    if (!read || Date.now() - read.at > freshMs) read = { at: Date.now(), certificates: Promise.all(sources.map(readCertificate)) };
    return read.certificates;
  };
}

async function readCertificate(source: CertificateSource): Promise<UsedCertificate> {
  const { use, file, host = '', port = 0 } = source;
  const named = { use, source: file ?? `${host}:${port}` };
  try {
    const certificate = file === undefined ? await shownBy(source) : new X509Certificate(await readFile(file));
    return { ...named, expiresAt: new Date(certificate.validTo) };
  } catch (error) {
    return { ...named, problem: (error as NodeJS.ErrnoException).code ?? (error as Error).message };
  }
}

/** Only its dates are wanted: whether it is trusted is decided where the connection is used. */
function shownBy({ host = '', port = 0, serverName = host }: CertificateSource): Promise<X509Certificate> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, rejectUnauthorized: false, ...(isIP(serverName) ? {} : { servername: serverName }) });
    const end = (complete: () => void): void => {
      socket.destroy();
      complete();
    };
    socket.setTimeout(handshakeMs, () => end(() => reject(new Error('no answer'))));
    socket.once('error', (error) => end(() => reject(error)));
    socket.once('secureConnect', () => {
      const certificate = socket.getPeerX509Certificate();
      end(() => (certificate ? resolve(certificate) : reject(new Error('no certificate'))));
    });
  });
}
