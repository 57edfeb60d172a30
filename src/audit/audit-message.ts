import type { AuditRow, AuditSubject } from '../store/audit-entries.js';
import { eventOf, type EventCode } from './event-codes.js';

/** The patient of a study, read from the PACS. */
export interface Patient {
  readonly id: string;
  readonly name: string;
}

/**
 * An entry as an AuditMessage of PS3.15 A.5.1 on one line, for an IHE ATNA audit repository.
 *
 * @param patient required by A.5.3 where a study is accessed; the log itself contains no patient
 */
export function auditMessage(row: AuditRow, sourceId: string, patient?: Patient): string {
  const { id, type, action } = eventOf(row.action);
  // Only intentions without an outcome are written as messages: the process ended in between.
  const outcome = { done: '0', refused: '4', failed: '8', intended: '12' }[row.outcome];
  const event = element(
    'EventIdentification',
    { EventActionCode: action, EventDateTime: row.at, EventOutcomeIndicator: outcome },
    coded('EventID', id),
    type && coded('EventTypeCode', type),
  );
  const participant = element('ActiveParticipant', { UserID: row.actor, UserIsRequestor: 'true', ...networkOf(row.remote) });
  const source = element('AuditSourceIdentification', { AuditSourceID: sourceId }, element('AuditSourceTypeCode', { 'csd-code': '4' }));
  return `<?xml version="1.0" encoding="UTF-8"?>${element('AuditMessage', {}, event, participant, source, ...(patient ? [patientObject(patient)] : []), ...objectsOf(row))}`;
}

/** Each study that the action was on, and the entry itself with all its fields. */
function objectsOf(row: AuditRow): readonly string[] {
  const { studyInstanceUID, studyInstanceUIDs, ...rest } = JSON.parse(row.subject) as AuditSubject;
  const study = [
    ...(typeof studyInstanceUID === 'string' ? [studyInstanceUID] : []),
    ...(Array.isArray(studyInstanceUIDs) ? (studyInstanceUIDs as readonly string[]) : []),
  ].map(studyObject);
  const fields = { ...rest, action: row.action, seq: row.seq, hash: row.hash };
  const details = Object.entries(fields).map(([name, value]) =>
    element('ParticipantObjectDetail', {
      type: name,
      value: Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64'),
    }),
  );
  return [
    ...study,
    element(
      'ParticipantObjectIdentification',
      { ParticipantObjectID: String(row.seq), ParticipantObjectTypeCode: '2', ParticipantObjectTypeCodeRole: '13' },
      coded('ParticipantObjectIDTypeCode', { value: 'audit-entry', meaning: 'Entry of the audit log' }, 'L'),
      element('ParticipantObjectName', {}, escapeXml(row.action)),
      ...details,
    ),
  ];
}

/** PS3.15 A.5.3: a person (type 1) as patient (role 1), by Patient ID. A study without a Patient ID has an empty one, because the message cannot leave it out. */
function patientObject({ id, name }: Patient): string {
  return element(
    'ParticipantObjectIdentification',
    { ParticipantObjectID: id, ParticipantObjectTypeCode: '1', ParticipantObjectTypeCodeRole: '1' },
    coded('ParticipantObjectIDTypeCode', { value: '2', meaning: 'Patient Number' }, 'RFC-3881'),
    element('ParticipantObjectName', {}, escapeXml(name)),
  );
}

/** PS3.15 A.5.3: a study is a report (role 3) among system objects, named by its UID. */
function studyObject(uid: string): string {
  return element(
    'ParticipantObjectIdentification',
    { ParticipantObjectID: uid, ParticipantObjectTypeCode: '2', ParticipantObjectTypeCodeRole: '3' },
    coded('ParticipantObjectIDTypeCode', { value: '110180', meaning: 'Study Instance UID' }),
    element('ParticipantObjectName', {}, 'study'),
    element('ParticipantObjectDescription', {}, element('ParticipantObjectContainsStudy', {}, element('StudyIDs', { UID: uid }))),
  );
}

/** PS3.15 A.5.2: type 2 is an IP address. */
function networkOf(remote: string): Readonly<Record<string, string>> {
  return remote === '' ? {} : { NetworkAccessPointID: remote, NetworkAccessPointTypeCode: '2' };
}

function coded(name: string, { value, meaning }: EventCode, scheme = 'DCM'): string {
  return element(name, { 'csd-code': value, codeSystemName: scheme, originalText: meaning });
}

function element(name: string, attributes: Readonly<Record<string, string>>, ...children: readonly (string | undefined)[]): string {
  const written = Object.entries(attributes)
    .map(([key, value]) => ` ${key}="${escapeXml(value)}"`)
    .join('');
  const inside = children.filter((child) => child !== undefined).join('');
  return inside === '' ? `<${name}${written}/>` : `<${name}${written}>${inside}</${name}>`;
}

/** XML 1.0 does not allow most control characters, not even as references. */
function escapeXml(text: string): string {
  return text
    .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ud800-\udfff\ufffe\uffff]/gu, '\ufffd')
    .replace(/[&<>"'\t\n\r]/g, (character) => `&#${character.charCodeAt(0)};`);
}
