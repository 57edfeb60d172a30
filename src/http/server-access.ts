import { readFileSync } from 'node:fs';
import { Fault } from '../errors.js';

/** How a server of the PACS, or a proxy in front of it, knows who sends a request. */
export interface ServerAccess {
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  /** PEM file with the authority that signed the server's certificate; otherwise the system's authorities. */
  readonly caFile?: string | undefined;
  /** File with a token for a proxy that demands one. It is read for each request, because such tokens are renewed. */
  readonly tokenFile?: string | undefined;
  /** Header of the token; in `Authorization` it is a bearer token (RFC 6750), in any other it stands as it is. */
  readonly tokenHeader?: string | undefined;
}

/** Of settings that contain more. */
export function serverAccessOf({ username, password, caFile, tokenFile, tokenHeader }: ServerAccess): ServerAccess {
  return { username, password, caFile, tokenFile, tokenHeader };
}

/** The header with the token. @throws Fault `config-invalid` if the file cannot be read or contains no token */
export function tokenHeaders({ tokenFile, tokenHeader = 'Authorization' }: ServerAccess): Readonly<Record<string, string>> {
  if (tokenFile === undefined) return {};
  let token: string;
  try {
    token = readFileSync(tokenFile, 'utf8').trim();
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code;
    throw new Fault('config-invalid', `the file of orthanc.tokenFile cannot be read (${code})`, { source: tokenFile }, { cause });
  }
  if (!/^[\x21-\x7e]{1,8192}$/.test(token))
    throw new Fault('config-invalid', 'expected one token of printable ASCII in the file of orthanc.tokenFile, found another content', {
      source: tokenFile,
    });
  return { [tokenHeader]: tokenHeader.toLowerCase() === 'authorization' ? `Bearer ${token}` : token };
}
