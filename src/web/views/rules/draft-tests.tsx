import { Anchor, Text } from '@mantine/core';
import { useMemo, type ReactNode } from 'react';
import { Link } from 'wouter';
import type { DraftTest, RuleTest } from '../../../server/page-types.js';
import { studyView } from '../../addresses.js';
import { patientLine } from '../../parts/patient-line.js';
import { useTexts, type Translate } from '../../texts/texts.js';
import { usePatients } from '../../use-patients.js';

/** What the rules that apply and the draft do with the last studies; those that differ first. */
export function DraftTests({ tests }: { readonly tests: readonly DraftTest[] }): ReactNode {
  const { t, language } = useTexts();
  const studies = useMemo(() => tests.map(({ after }) => after.subject), [tests]);
  const patients = usePatients(studies);
  const differs = ({ before, after }: DraftTest): boolean => before.action !== after.action || before.rule !== after.rule;
  const sorted = [...tests].sort((a, b) => Number(differs(b)) - Number(differs(a)));
  return (
    <div data-testid="draft-tests">
      <Text size="sm" fw={600} role="status">
        {t('rules.dryRunResult', { changed: tests.filter(differs).length, n: tests.length })}
      </Text>
      {sorted.map((test) => (
        <div key={test.after.subject} data-study={test.after.subject} className={differs(test) ? '' : 'quiet'}>
          <Anchor component={Link} href={studyView(test.after.subject)} title={test.after.subject} size="sm">
            {patientLine(patients[test.after.subject], language) ?? test.after.subject}
          </Anchor>{' '}
          <Text span size="sm">
            {t('rules.before')}: {outcomeOf(test.before, t)} → {t('rules.after')}: {outcomeOf(test.after, t)}
          </Text>
        </div>
      ))}
    </div>
  );
}

function outcomeOf({ action, rule }: RuleTest, t: Translate): string {
  return rule === undefined ? t(`operations.action.${action}`) : `${t(`operations.action.${action}`)} (${rule})`;
}
