import { Anchor, Badge, Group, Table } from '@mantine/core';
import type { ReactNode } from 'react';
import { Link } from 'wouter';
import type { ShownAuditEntry } from '../../server/page-types.js';
import { studyView } from '../addresses.js';
import { moment } from '../parts/time.js';
import { isText } from '../texts/en.js';
import { useTexts, type Translate } from '../texts/texts.js';

/** Entries, newest first; the intention of an action that has an outcome is part of that outcome's row. */
export function Entries({ entries }: { readonly entries: readonly ShownAuditEntry[] }): ReactNode {
  const { t } = useTexts();
  const completed = new Set(entries.map(({ subject }) => subject['intention']));
  const shown = entries.filter(({ seq, outcome }) => outcome !== 'intended' || !completed.has(seq));
  const intentions = new Map(entries.map((entry) => [entry.seq, entry]));
  return (
    <Table verticalSpacing={6} data-testid="audit-entries">
      <Table.Thead>
        <Table.Tr>
          <Table.Th scope="col" className="number wide">
            {t('audit.number')}
          </Table.Th>
          <Table.Th scope="col">{t('audit.when')}</Table.Th>
          <Table.Th scope="col">{t('audit.actor')}</Table.Th>
          <Table.Th scope="col">{t('audit.what')}</Table.Th>
          <Table.Th scope="col" className="wide">
            {t('audit.remote')}
          </Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {shown.map((entry) => (
          <Entry key={entry.seq} entry={entry} intention={intentions.get(Number(entry.subject['intention']))} />
        ))}
      </Table.Tbody>
    </Table>
  );
}

/** One action: an intention and its outcome are one row. */
function Entry({ entry, intention }: { readonly entry: ShownAuditEntry; readonly intention: ShownAuditEntry | undefined }): ReactNode {
  const { t, language } = useTexts();
  const fields = { ...intention?.subject, ...entry.subject };
  delete fields['intention'];
  const sentence = sentenceOf(entry.action, fields, t);
  return (
    <Table.Tr data-seq={entry.seq}>
      <Table.Td className="number wide quiet">{entry.seq}</Table.Td>
      <Table.Td>{moment(entry.at, language)}</Table.Td>
      <Table.Td style={{ overflowWrap: 'anywhere' }}>{entry.actor}</Table.Td>
      <Table.Td>
        <Group gap={6}>
          <span title={entry.action}>{sentence}</span>
          {entry.outcome !== 'done' && (
            <Badge
              variant="outline"
              tt="none"
              color="red"
              styles={{
                root: { color: `var(--${entry.outcome === 'intended' ? 'quiet' : 'present'})`, borderColor: 'currentColor' },
              }}
            >
              {t(`audit.outcome.${entry.outcome}`)}
            </Badge>
          )}
        </Group>
        <Subject fields={fields} />
      </Table.Td>
      <Table.Td className="wide quiet">{entry.remote}</Table.Td>
    </Table.Tr>
  );
}

type Fields = Readonly<ShownAuditEntry['subject']>;

/** What the action was about, as far as the sentence does not say it; a study is a link. */
function Subject({ fields }: { readonly fields: Fields }): ReactNode {
  const { t } = useTexts();
  const { studyInstanceUID, ...others } = fields;
  return (
    <>
      {studyInstanceUID !== undefined && (
        <div>
          <Anchor component={Link} href={studyView(String(studyInstanceUID))} className="mono">
            {String(studyInstanceUID)}
          </Anchor>
        </div>
      )}
      {Object.keys(others).length > 0 && (
        <details>
          <summary className="quiet">{t('audit.details')}</summary>
          {Object.entries(others).map(([name, value]) => (
            <div key={name} className="mono">
              <span className="quiet">{fieldName(name, t)}: </span>
              {textOf(value)}
            </div>
          ))}
        </details>
      )}
    </>
  );
}

function textOf(value: Fields[string] | undefined): string {
  return Array.isArray(value) ? value.join(', ') : String(value ?? '');
}

/** A field of another release has no text. */
function fieldName(name: string, t: Translate): string {
  const key = `audit.field.${name}`;
  return isText(key) ? t(key) : name;
}

/** The names of releases 0.1 and 0.2, which older entries have. */
const formerNames: Readonly<Record<string, string>> = {
  'verdict.view': 'assessment.view',
  'verdict.give': 'assessment.give',
  'verdict.found': 'assessment.found',
  'answer.ask': 'upload.analyze',
  'work.retry': 'job.retry',
};

/** What was done, in the language of the page; an action of another release by its name. */
function sentenceOf(recorded: string, fields: Fields, t: Translate): string {
  const action = formerNames[recorded] ?? recorded;
  const values = Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, textOf(value)]));
  const [sentence, name] = [`audit.sentence.${action}`, `audit.of.${action}`];
  return isText(sentence) ? t(sentence, values) : isText(name) ? t(name) : recorded;
}
