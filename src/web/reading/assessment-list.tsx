import { Button, Text } from '@mantine/core';
import { useState, type ReactNode } from 'react';
import type { ShownAssessment } from '../../server/page-types.js';
import { foldAssessments } from '../assessments.js';
import { moment } from '../parts/time.js';
import { findingText } from '../texts/finding-name.js';
import { useTexts } from '../texts/texts.js';

/** The assessments that count; superseded and withdrawn ones are folded away. */
export function AssessmentList({ assessments }: { readonly assessments: readonly ShownAssessment[] }): ReactNode {
  const { t } = useTexts();
  const [isOpen, setOpen] = useState(false);
  const { current, earlier } = foldAssessments(assessments);
  if (assessments.length === 0) return null;
  return (
    <div data-testid="assessment-list">
      <Text size="sm" fw={600}>
        {t('assessment.all')}
      </Text>
      {current.map((one) => (
        <Line key={one.sopInstanceUID} assessment={one} />
      ))}
      {earlier.length > 0 && (
        <Button size="compact-xs" variant="subtle" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)} data-testid="earlier">
          {t('assessment.earlier', { n: earlier.length })}
        </Button>
      )}
      {isOpen && earlier.map((one) => <Line key={one.sopInstanceUID} assessment={one} isEarlier />)}
    </div>
  );
}

function Line({ assessment, isEarlier = false }: { readonly assessment: ShownAssessment; readonly isEarlier?: boolean }): ReactNode {
  const { t, language } = useTexts();
  const { reader, givenAt, verified, adjudicates, findings, withdrawn } = assessment;
  // Of an assessment that counts, what a later one has superseded is left out.
  const shown = isEarlier ? findings : findings.filter(({ isCurrent }) => isCurrent);
  return (
    <Text size="sm" className={isEarlier ? 'quiet' : ''}>
      {shown
        .map(
          ({ meaning, decision, comment }) =>
            `${findingText(meaning, t)}: ${t(`decision.${decision}`).toLowerCase()}${comment ? ` (${t('assessment.quoted', { text: comment })})` : ''}`,
        )
        .join(', ')}
      {withdrawn.length > 0 && t('assessment.withdrawn', { findings: withdrawn.map(({ meaning }) => findingText(meaning, t)).join(', ') })}
      <span className="quiet">
        {' '}
        – {t('assessment.given', { reader, time: givenAt ? moment(givenAt, language) : '?' })}
        {verified ? ` · ${t('assessment.verified')}` : ''}
        {adjudicates ? ` · ${t('assessment.adjudicates')}` : ''}
      </span>
    </Text>
  );
}
