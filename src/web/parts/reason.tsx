import { Anchor, Collapse, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import type { ReactNode } from 'react';
import { isText } from '../texts/en.js';
import { faultMeaning } from '../texts/fault-text.js';
import { useTexts, type Translate } from '../texts/texts.js';

/** The reason of a result without findings in one sentence. Of a study that no rule matches: what kind of study it is. */
export function shortReason({ code, reason = '' }: { readonly code?: string; readonly reason?: string }, t: Translate): string {
  const key = `reason.${code ?? ''}`;
  if (isText(key)) return t(key);
  if (code !== 'no-rule') {
    // In English the details follow what the code means; in another language they are shown on demand.
    const meaning = faultMeaning(code, t);
    return meaning === undefined || reason.startsWith(meaning) ? reason : meaning;
  }
  const [, bodyPart] = /\bbodyPart is ([A-Z][A-Z ,]*), expected/.exec(reason) ?? [];
  return bodyPart ? t('reason.notChest', { bodyPart }) : t('reason.noRule');
}

/** The short reason, and the whole one on demand. */
export function Reason({ code, reason }: { readonly code?: string; readonly reason?: string }): ReactNode {
  const { t } = useTexts();
  const [open, { toggle }] = useDisclosure(false);
  const result = { ...(code === undefined ? {} : { code }), ...(reason === undefined ? {} : { reason }) };
  const short = shortReason(result, t);
  return (
    <>
      <Text>{short}</Text>
      {reason !== undefined && reason !== short && (
        <>
          <Anchor component="button" type="button" size="sm" onClick={toggle} aria-expanded={open}>
            {t('reason.details')}
          </Anchor>
          <Collapse expanded={open}>
            <Text size="sm" className="quiet" style={{ overflowWrap: 'anywhere' }}>
              {reason}
            </Text>
          </Collapse>
        </>
      )}
    </>
  );
}
