import { randomBytes } from 'node:crypto';

export interface PrivateOrthancOptions {
  /** Where images, index, log and configuration are stored; created if absent. The same folder again continues with the same data. */
  readonly directory: string;
  /** Free loopback ports if not given. */
  readonly httpPort?: number;
  readonly dicomPort?: number;
  readonly aet?: string;
  readonly stableAgeSeconds?: number;
  /** Random if not given. */
  readonly credentials?: { readonly username: string; readonly password: string };
  readonly modalities?: Readonly<Record<string, { readonly aet: string; readonly host: string; readonly port: number }>>;
  readonly peers?: Readonly<Record<string, { readonly url: string; readonly username?: string; readonly password?: string }>>;
  readonly luaScripts?: readonly string[];
  /** For the Lua scripts: they read it by os.getenv. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Laid over everything else, under Orthanc's own names. */
  readonly extraConfig?: Readonly<Record<string, unknown>>;
  readonly startTimeoutMs?: number;
}

export interface PrivateSettings {
  readonly httpPort: number;
  readonly dicomPort: number;
  readonly username: string;
  readonly password: string;
}

export function randomCredentials(): { readonly username: string; readonly password: string } {
  return { username: 'chest-ai', password: randomBytes(18).toString('base64url') };
}

/**
 * The configuration of a private Orthanc.
 *
 * HTTP is for this machine and for whoever knows the password. Orthanc cannot bind DICOM to the loopback interface
 * (HttpBindAddresses does nothing in 1.10.1), and C-STORE is left open as on a real PACS's day one; queries and
 * retrieval over DICOM are not.
 *
 * @param place paths as Orthanc itself sees them: inside the container, if it runs in one
 */
export function privateConfig(
  options: PrivateOrthancOptions,
  settings: PrivateSettings,
  place: {
    readonly storage: string;
    readonly dicomWebPlugin: string;
    readonly luaScripts: readonly string[];
    readonly inContainer: boolean;
  },
): Record<string, unknown> {
  return {
    Name: 'chest-ai private Orthanc',
    StorageDirectory: place.storage,
    IndexDirectory: place.storage,
    Plugins: [place.dicomWebPlugin],
    LuaScripts: place.luaScripts,
    HttpPort: place.inContainer ? 8042 : settings.httpPort,
    // In a container every request comes from docker's bridge; docker then publishes on the loopback interface only.
    RemoteAccessAllowed: place.inContainer,
    AuthenticationEnabled: true,
    RegisteredUsers: { [settings.username]: settings.password },
    WebDavEnabled: false,
    DicomPort: place.inContainer ? 4242 : settings.dicomPort,
    DicomAet: options.aet ?? 'CHESTAI',
    DicomAlwaysAllowStore: true,
    DicomAlwaysAllowFind: false,
    DicomAlwaysAllowGet: false,
    UnknownSopClassAccepted: true,
    // Latin1, the default, makes QIDO-RS answers lose every character that it does not have.
    DefaultEncoding: 'Utf8',
    StableAge: options.stableAgeSeconds ?? 5,
    OverwriteInstances: false,
    DicomModalities: Object.fromEntries(
      Object.entries(options.modalities ?? {}).map(([name, { aet, host, port }]) => [name, { AET: aet, Host: host, Port: port }]),
    ),
    OrthancPeers: Object.fromEntries(
      Object.entries(options.peers ?? {}).map(([name, { url, username, password }]) => [
        name,
        { Url: url, Username: username ?? '', Password: password ?? '' },
      ]),
    ),
    DicomWeb: { Enable: true, Root: '/dicom-web/', StudiesMetadata: 'Full', SeriesMetadata: 'Full' },
    ...options.extraConfig,
  };
}
