import { Button, Group, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState, type ReactNode } from 'react';
import type { CodedFinding, Decision } from '../../server/page-types.js';
import { get } from '../api.js';
import { findingTyped } from './coded-finding-search.js';
import { findingText } from '../texts/finding-name.js';
import { useTexts } from '../texts/texts.js';

/** A finding that the software does not look for or has missed: a search over the coded findings, and its decision. */
export function AddFinding({
  known,
  add,
}: {
  /** Names of the findings that are listed already. */
  readonly known: readonly string[];
  add(finding: CodedFinding, decision: Decision): void;
}): ReactNode {
  const { t } = useTexts();
  const [text, setText] = useState('');
  const { data = [] } = useQuery({
    queryKey: ['coded-findings'],
    queryFn: () => get<readonly CodedFinding[]>('/api/findings'),
    staleTime: Infinity,
  });
  const others = data.filter(({ name }) => !known.includes(name));
  const found = findingTyped(others, text, t);
  const give = (decision: Decision): void => {
    if (!found) return;
    add(found, decision);
    setText('');
  };
  return (
    <div data-testid="add-finding">
      <TextInput
        id="add-finding"
        size="xs"
        label={t('assessment.add')}
        description={found ? findingText(found.meaning, t) : t('assessment.addHint')}
        list="coded-findings"
        value={text}
        onChange={(event) => setText(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key === 'Enter') {
            event.preventDefault();
            give('present');
            event.currentTarget.blur();
          }
          if (event.key === 'Escape') event.currentTarget.blur();
        }}
        aria-keyshortcuts="e"
      />
      <datalist id="coded-findings">
        {others.map(({ name, meaning }) => (
          <option key={name} value={findingText(meaning, t)} />
        ))}
      </datalist>
      <Group gap="xs" mt={6}>
        {(['present', 'undetermined'] as const).map((decision) => (
          <Button key={decision} size="compact-xs" variant="default" disabled={!found} onClick={() => give(decision)}>
            {t('assessment.addAs', { decision: t(`decision.${decision}`).toLowerCase() })}
          </Button>
        ))}
      </Group>
    </div>
  );
}
