import { presentAction } from '../store/former-actions.js';

/** A code of DICOM's own terminology (scheme DCM, PS3.16 CID 400 and 401). */
export interface EventCode {
  readonly value: string;
  readonly meaning: string;
}

export interface AuditEvent {
  /** CID 400 Audit Event ID. */
  readonly id: EventCode;
  /** CID 401 Audit Event Type Code. */
  readonly type?: EventCode;
  /** Create, read, update, delete, execute. */
  readonly action: 'C' | 'R' | 'U' | 'D' | 'E';
}

const code = (value: string, meaning: string): EventCode => ({ value, meaning });

const applicationActivity = code('110100', 'Application Activity');
const auditLogUsed = code('110101', 'Audit Log Used');
const instancesAccessed = code('110103', 'DICOM Instances Accessed');
const exported = code('110106', 'Export');
const imported = code('110107', 'Import');
const query = code('110112', 'Query');
const securityAlert = code('110113', 'Security Alert');
const userAuthentication = code('110114', 'User Authentication');
const start = code('110120', 'Application Start');
const stop = code('110121', 'Application Stop');
const login = code('110122', 'Login');
const logout = code('110123', 'Logout');
const softwareConfiguration = code('110131', 'Software Configuration');
const restrictedFunction = code('110132', 'Use of Restricted Function');
const userAttributes = code('110137', 'User Security Attributes Changed');

const exact: Readonly<Record<string, AuditEvent>> = {
  'service.start': { id: applicationActivity, type: start, action: 'E' },
  'service.stop': { id: applicationActivity, type: stop, action: 'E' },
  login: { id: userAuthentication, type: login, action: 'E' },
  logout: { id: userAuthentication, type: logout, action: 'E' },
  'worklist.view': { id: query, action: 'E' },
  'pacs.search': { id: query, action: 'E' },
  'worklist.search': { id: query, action: 'E' },
  'patient.view': { id: query, action: 'E' },
  'patient.find': { id: query, action: 'E' },
  'rules.test': { id: query, action: 'E' },
  'upload.analyze': { id: imported, action: 'C' },
  'audit.export': { id: exported, action: 'R' },
  'message.send': { id: exported, action: 'R' },
  'message.test': { id: exported, action: 'R' },
  'message.view': { id: query, action: 'E' },
  'backfill.report': { id: query, action: 'E' },
  'report.receive': { id: imported, action: 'C' },
  'discordance.view': { id: query, action: 'E' },
  'labels.view': { id: query, action: 'E' },
  'dataset.export': { id: exported, action: 'R' },
};

/** By the object, the part of an action's name before the point. */
const byObject: Readonly<Record<string, Omit<AuditEvent, 'action'>>> = {
  study: { id: instancesAccessed },
  assessment: { id: instancesAccessed },
  reading: { id: instancesAccessed },
  document: { id: instancesAccessed },
  discordance: { id: instancesAccessed },
  account: { id: securityAlert, type: userAttributes },
  token: { id: securityAlert, type: userAttributes },
  session: { id: securityAlert, type: userAttributes },
  model: { id: securityAlert, type: softwareConfiguration },
  audit: { id: auditLogUsed },
};

/** The event of PS3.15 A.5.3 for an action; Use of Restricted Function where DICOM has no other code. */
export function eventOf(recorded: string): AuditEvent {
  const action = presentAction(recorded);
  if (Object.hasOwn(exact, action)) return exact[action]!;
  const [object = '', verb = ''] = action.split('.');
  const found = Object.hasOwn(byObject, object) ? byObject[object]! : { id: securityAlert, type: restrictedFunction };
  return { ...found, action: actionOf(verb) };
}

function actionOf(verb: string): AuditEvent['action'] {
  if (verb === 'view' || verb === 'verify' || verb === 'found') return 'R';
  if (verb === 'add' || verb === 'give') return 'C';
  if (verb === 'revoke' || verb === 'disable' || verb === 'delete' || verb === 'remove' || verb === 'erase' || verb === 'end') return 'D';
  if (
    verb === 'password' ||
    verb === 'roles' ||
    verb === 'enable' ||
    verb === 'change' ||
    verb === 'changed' ||
    verb === 'promote' ||
    verb === 'rollback' ||
    verb === 'claim' ||
    verb === 'takeover' ||
    verb === 'release' ||
    verb === 'read' ||
    verb === 'unread' ||
    verb === 'review'
  )
    return 'U';
  return 'E';
}
