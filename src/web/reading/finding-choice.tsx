import { Button, Group, SegmentedControl, Text, Textarea } from '@mantine/core';
import { useState, type ReactNode } from 'react';
import type { Decision } from '../../server/page-types.js';
import { decisionOptions, type AssessableFinding, type OwnDecision } from '../assessments.js';
import { findingText } from '../texts/finding-name.js';
import { useTexts } from '../texts/texts.js';
import { maxCommentLength, oneLine } from './coded-finding-search.js';

/** One finding with its three buttons, in the same place for every finding; the software's own decision is marked. */
export function FindingChoice({
  finding: { name, meaning, software },
  own,
  isPending,
  isChosen,
  isCommenting,
  disagreement,
  give,
  comment,
  withdraw,
  adjudicate,
  choose,
}: {
  readonly finding: AssessableFinding;
  /** Of the reader: stored, or about to be. */
  readonly own: OwnDecision | undefined;
  readonly isPending: boolean;
  readonly isChosen: boolean;
  readonly isCommenting: boolean;
  /** What the readers state who disagree. */
  readonly disagreement: string | undefined;
  give(decision: Decision): void;
  /** Undefined: the field is closed. */
  comment(text: string | undefined): void;
  withdraw(): void;
  /** Absent for readers who may not end a disagreement. */
  readonly adjudicate: ((decision: 'present' | 'absent') => void) | undefined;
  choose(): void;
}): ReactNode {
  const { t } = useTexts();
  return (
    <div className="finding-row" data-chosen={isChosen} data-finding={name} onPointerDown={choose}>
      <Group justify="space-between" gap="xs" mb={4}>
        <Text size="sm" fw={isChosen ? 650 : 400}>
          {findingText(meaning, t)}
          {!software && <span className="quiet"> · {t('assessment.added')}</span>}
        </Text>
        {own && !isPending && (
          <Button size="compact-xs" variant="subtle" onClick={withdraw} data-testid={`withdraw-${name}`} aria-keyshortcuts="w">
            {t('assessment.withdraw')}
          </Button>
        )}
      </Group>
      <SegmentedControl
        fullWidth
        size="xs"
        aria-label={t('assessment.of', { finding: findingText(meaning, t) })}
        data-testid={`assessment-${name}`}
        value={own?.decision ?? ''}
        onChange={(decision) => give(decision as Decision)}
        data={decisionOptions.map((decision) => ({
          value: decision,
          label: (
            <>
              {t(`decision.${decision}`)}
              {software?.decision === decision && (
                <span className="ai-mark" title={t('assessment.byAi')}>
                  {t('assessment.aiMark')}
                </span>
              )}
            </>
          ),
        }))}
      />
      {own?.comment && (
        <Text size="sm" mt={4} style={{ overflowWrap: 'anywhere' }}>
          {t('assessment.quoted', { text: own.comment })}
        </Text>
      )}
      {isCommenting && !own && (
        <Text size="sm" mt={4} role="status" data-testid="decide-first">
          {t('assessment.decideFirst')}
        </Text>
      )}
      {isCommenting && own && <CommentField meaning={meaning} initial={own.comment ?? ''} done={comment} />}
      {disagreement !== undefined && (
        <div data-testid={`disagreed-${name}`}>
          <Text size="sm" className="undetermined" mt={4}>
            {t('assessment.disagreement', { statements: disagreement })}
          </Text>
          {adjudicate && (
            <Group gap="xs" mt={4}>
              {(['present', 'absent'] as const).map((decision) => (
                <Button key={decision} size="compact-xs" variant="default" onClick={() => adjudicate(decision)}>
                  {t('assessment.adjudicate', { decision: t(`decision.${decision}`).toLowerCase() })}
                </Button>
              ))}
            </Group>
          )}
        </div>
      )}
    </div>
  );
}

/** Enter stores, Escape closes. */
function CommentField({
  meaning,
  initial,
  done,
}: {
  readonly meaning: string;
  readonly initial: string;
  done(text: string | undefined): void;
}): ReactNode {
  const { t } = useTexts();
  const [text, setText] = useState(initial);
  return (
    <Textarea
      mt={6}
      size="xs"
      autosize
      autoFocus
      maxLength={maxCommentLength}
      label={t('assessment.commentOn', { finding: findingText(meaning, t) })}
      description={t('assessment.commentHint')}
      value={text}
      onChange={(event) => setText(oneLine(event.currentTarget.value))}
      onKeyDown={(event) => {
        if (event.key !== 'Enter' && event.key !== 'Escape') return;
        event.preventDefault();
        event.stopPropagation();
        done(event.key === 'Enter' && text.trim() !== '' ? text.trim() : undefined);
      }}
    />
  );
}
