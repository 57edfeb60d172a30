import { readFileSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
import { Fault } from '../errors.js';

/** PEM files for a TLS connection to a system of the hospital. */
export interface TlsFiles {
  /** The authority that signed the server's certificate; otherwise the system's authorities. */
  readonly ca?: string | undefined;
  /** Our certificate and its private key, where the server asks for one. */
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
  /** Name that the server's certificate must have, if it is not the host's. */
  readonly serverName?: string | undefined;
}

/** Their contents, as `tls.connect` takes them. */
export interface TlsMaterial {
  readonly ca?: Buffer;
  readonly cert?: Buffer;
  readonly key?: Buffer;
  readonly servername?: string;
}

/** @throws Fault config-invalid for a file that cannot be read, is no PEM, or a key that does not belong to the certificate */
export function readTlsFiles({ ca, cert, key, serverName }: TlsFiles): TlsMaterial {
  if ((cert === undefined) !== (key === undefined))
    throw new Fault(
      'config-invalid',
      `expected a certificate and its key for a TLS connection, found only the ${cert ? 'certificate' : 'key'}`,
    );
  const material = {
    ...(ca === undefined ? {} : { ca: contentOf(ca) }),
    ...(cert === undefined ? {} : { cert: contentOf(cert) }),
    ...(key === undefined ? {} : { key: contentOf(key) }),
  };
  try {
    createSecureContext(material);
  } catch (cause) {
    const files = [ca, cert, key].filter((one) => one !== undefined).join(', ');
    throw new Fault(
      'config-invalid',
      `expected PEM files with a certificate authority or a certificate and its key, found others: ${files}`,
      {},
      { cause },
    );
  }
  return { ...material, ...(serverName === undefined ? {} : { servername: serverName }) };
}

function contentOf(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (cause) {
    throw new Fault('config-invalid', `the TLS file ${file} cannot be read (${(cause as NodeJS.ErrnoException).code})`, {}, { cause });
  }
}
