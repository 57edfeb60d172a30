import { Anchor, Badge, Group, Table } from '@mantine/core';
import type { ReactNode } from 'react';
import { Link } from 'wouter';
import type { ShownAuditEntry } from '../../server/page-types.js';
import { studyView } from '../addresses.js';
import { moment } from '../parts/time.js';
import { isText } from '../texts/languages.js';
import { useTexts, type Translate } from '../texts/texts.js';

/** Entries, newest first; the intention of an action that has an outcome is part of that outcome's row. */
export function Entries({ entries }: { readonly entries: readonly ShownAuditEntry[] }): ReactNode {
  const { t, language } = useTexts();
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
          <Table.Th scope="col">{t('audit.action')}</Table.Th>
          <Table.Th scope="col" className="wide">
            {t('audit.subject')}
          </Table.Th>
          <Table.Th scope="col" className="wide">
            {t('audit.remote')}
          </Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {shown.map((entry) => (
          <Table.Tr key={entry.seq} data-seq={entry.seq}>
            <Table.Td className="number wide quiet">{entry.seq}</Table.Td>
            <Table.Td>{moment(entry.at, language)}</Table.Td>
            <Table.Td style={{ overflowWrap: 'anywhere' }}>{entry.actor}</Table.Td>
            <Table.Td>
              <Group gap={6}>
                <span title={entry.action}>{actionName(entry.action, t)}</span>
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
              <div className="narrow">
                <Subject entry={entry} intention={intentions.get(Number(entry.subject['intention']))} />
              </div>
            </Table.Td>
            <Table.Td className="wide">
              <Subject entry={entry} intention={intentions.get(Number(entry.subject['intention']))} />
            </Table.Td>
            <Table.Td className="wide quiet">{entry.remote}</Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}

/** What the action was about; a study is a link. */
function Subject({ entry, intention }: { readonly entry: ShownAuditEntry; readonly intention: ShownAuditEntry | undefined }): ReactNode {
  const subject = Object.entries({ ...intention?.subject, ...entry.subject }).filter(([name]) => name !== 'intention');
  return subject.map(([name, value]) => (
    <div key={name} className="mono">
      {name === 'studyInstanceUID' ? (
        <Anchor component={Link} href={studyView(String(value))} inherit>
          {String(value)}
        </Anchor>
      ) : (
        <>
          <span className="quiet">{name} </span>
          {Array.isArray(value) ? value.join(', ') : String(value)}
        </>
      )}
    </div>
  ));
}

/** The names of releases 0.1 and 0.2, which older entries have. */
const formerNames: Readonly<Record<string, string>> = {
  'verdict.view': 'assessment.view',
  'verdict.give': 'assessment.give',
  'verdict.found': 'assessment.found',
  'answer.ask': 'upload.analyze',
  'work.retry': 'job.retry',
};

/** An action in the language of the page; an unknown one as it is. */
function actionName(action: string, t: Translate): string {
  const key = `audit.of.${formerNames[action] ?? action}`;
  return isText(key) ? t(key) : action;
}
