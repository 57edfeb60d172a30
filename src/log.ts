import winston from 'winston';
import { loggedUid } from './dicom/uid.js';
import { plainText } from './lib/plain-text.js';

/**
 * What may stand in a log line: UIDs, counts, durations, codes. Patient attributes never do; as a second
 * guard the keywords below are dropped wherever somebody passes a whole data set by mistake.
 */
export interface LogFields {
  readonly [key: string]:
    | string
    | number
    | boolean
    | null
    | undefined
    | readonly (string | number)[]
    | Readonly<Record<string, string | number>>;
}

export interface Log {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  child(fields: LogFields): Log;
}

const neverLogged =
  /^(patient|otherpatient|responsible|referring|performing|operator|requesting|physician|accession|studyid$|issuerofpatient|password|authorization|token|secret)/i;

const dropForbidden = winston.format((info) => {
  for (const key of Object.keys(info)) if (neverLogged.test(key)) delete info[key];
  return info;
});

/** Fields that name objects of the PACS; whoever made the object chose the text. */
const uidFields = /^(study|studies|series|instances?|document|sop)(InstanceUIDs?)?$/i;
/** Keys of jobs: an identifier of Orthanc's, UIDs of ours and what belongs to them, a word of the program; or a Study Instance UID. */
const plainKey = /^([0-9a-f]{8}(-[0-9a-f]{8}){4}|[0-9.]+\/[^/]*|[a-z]+)$/;
const maxLoggedLength = 2_000;

/** One value is one line: nothing from outside forges a log line, moves a terminal's cursor or fills the disk. */
function loggedValue(name: string, value: unknown): unknown {
  if (typeof value === 'string')
    return uidFields.test(name) || (name === 'key' && !plainKey.test(value)) ? loggedUid(value) : plainText(value, maxLoggedLength);
  if (Array.isArray(value)) return value.slice(0, 100).map((one) => loggedValue(name, one));
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, loggedValue(key, one)]));
  return value;
}

const onlyPlain = winston.format((info) => {
  for (const key of Object.keys(info)) if (key !== 'level') info[key] = loggedValue(key, info[key]);
  return info;
});

const readable = winston.format.printf(({ level, message, timestamp, ...fields }) => {
  const rest = Object.entries(fields)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => `${key}=${typeof value === 'object' ? JSON.stringify(value) : String(value)}`)
    .join(' ');
  return `${String(timestamp)} ${level.padEnd(5)} ${String(message)}${rest ? `  ${rest}` : ''}`;
});

/** @param format `text` for people, `json` (one object a line) for collectors. Everything goes to standard error. */
export function createLog(options: { level?: string; format?: 'text' | 'json' } = {}): Log {
  const { level = 'info', format = 'text' } = options;
  return winston.createLogger({
    level,
    format: winston.format.combine(
      dropForbidden(),
      onlyPlain(),
      winston.format.timestamp(),
      format === 'json' ? winston.format.json() : readable,
    ),
    transports: [new winston.transports.Console({ stderrLevels: ['error', 'warn', 'info', 'debug'] })],
  }) as unknown as Log;
}

/**
 * The place of a bug for the log: kind of error and stack frames, without its message, which may quote anything, also from
 * a patient's data.
 */
export function placeOf(thrown: unknown): string {
  if (!(thrown instanceof Error)) return typeof thrown;
  const frames = (thrown.stack ?? '')
    .split('\n')
    .filter((line) => /^\s+at /.test(line))
    .slice(0, 12);
  return [thrown.name, ...frames.map((line) => line.trim())].join(' ');
}

export const silentLog: Log = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  child: () => silentLog,
};
