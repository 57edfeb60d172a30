import { Badge } from '@mantine/core';
import type { ReactNode } from 'react';
import type { Decision, Outcome } from '../../server/page-types.js';
import { useTexts } from '../texts/texts.js';

/** Its length shows the probability, its colour the decision. */
export function ProbabilityBar({
  probability,
  decision,
  marks = [],
}: {
  readonly probability: number;
  readonly decision: Decision;
  readonly marks?: readonly number[];
}): ReactNode {
  return (
    <div className={`bar ${decision}`} aria-hidden>
      <span style={{ width: `${Math.max(1, probability * 100)}%` }} />
      {marks.map((mark) => (
        <i key={mark} style={{ left: `${mark * 100}%` }} />
      ))}
    </div>
  );
}

const outcomeColours: Readonly<Record<Outcome, string>> = { reported: 'screen', skipped: 'yellow', failed: 'red' };

export function OutcomeBadge({ outcome }: { readonly outcome: Outcome }): ReactNode {
  const { t } = useTexts();
  return (
    <Badge
      variant="outline"
      color={outcomeColours[outcome]}
      tt="none"
      fw={600}
      styles={{
        root: {
          color: `var(--${{ reported: 'absent', skipped: 'undetermined', failed: 'present' }[outcome]})`,
          borderColor: 'currentColor',
          overflow: 'visible',
          flexShrink: 0,
        },
        label: { overflow: 'visible' },
      }}
    >
      {t(`outcome.${outcome}`)}
    </Badge>
  );
}
