import { Anchor, Collapse, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import type { ReactNode } from 'react';
import { shortReason } from '../texts/short-reason.js';
import { useTexts } from '../texts/texts.js';

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
