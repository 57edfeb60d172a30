import { Button, Group, Table, Title } from '@mantine/core';
import { useEffect, useRef, type ReactNode } from 'react';
import { imageKeys } from '../image/keys.js';
import { isForPage, keyBindings, type KeyScope } from '../keys.js';
import { useTexts, type TextKey } from '../texts/texts.js';

interface KeyRow {
  readonly keys: string;
  readonly text: TextKey;
}

const names: Readonly<Record<string, string>> = { ArrowUp: '↑', ArrowDown: '↓' };

function rowsOf(scope: KeyScope): readonly KeyRow[] {
  return keyBindings
    .filter(({ scopes }) => (scopes as readonly KeyScope[]).includes(scope))
    .map(({ keys, text }) => ({ keys: keys.map((key) => names[key] ?? key).join('  '), text }));
}

const sections: readonly (readonly [title: TextKey, rows: readonly KeyRow[]])[] = [
  ['keys.in.page', [{ keys: '?', text: 'keys.list' }]],
  ['keys.in.worklist', rowsOf('worklist')],
  ['keys.in.study', rowsOf('study')],
  ['keys.in.image', imageKeys.map(({ key, text }) => ({ keys: key, text }))],
  ['keys.in.viewer', rowsOf('viewer')],
];

/** Every key of the page; `?` opens it, `Esc` closes it. */
export function KeysDialog({ isOpen, onOpen, onClose }: { readonly isOpen: boolean; onOpen(): void; onClose(): void }): ReactNode {
  const { t } = useTexts();
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const pressed = (event: KeyboardEvent): void => {
      if (event.key !== '?' || !isForPage(event)) return;
      event.preventDefault();
      onOpen();
    };
    addEventListener('keydown', pressed);
    return () => removeEventListener('keydown', pressed);
  }, [onOpen]);
  useEffect(() => {
    if (isOpen) dialog.current?.showModal();
    else dialog.current?.close();
  }, [isOpen]);
  return (
    <dialog ref={dialog} className="keys" aria-labelledby="keys-title" onClose={onClose}>
      {isOpen && (
        <>
          <Group justify="space-between" mb="sm">
            <Title order={2} size="h3" id="keys-title">
              {t('keys.title')}
            </Title>
            <Button variant="default" size="xs" onClick={onClose}>
              {t('keys.close')}
            </Button>
          </Group>
          <div className="keys-columns">
            {sections.map(([title, rows]) => (
              <section key={title}>
                <Title order={3} size="h5">
                  {t(title)}
                </Title>
                <Table verticalSpacing={3}>
                  <Table.Tbody>
                    {rows.map(({ keys, text }) => (
                      <Table.Tr key={`${keys} ${text}`}>
                        <Table.Td className="keys-names">
                          {keys.split(/ {2,}/).map((key) => (
                            <kbd key={key}>{key}</kbd>
                          ))}
                        </Table.Td>
                        <Table.Td>{t(text)}</Table.Td>
                      </Table.Tr>
                    ))}
                  </Table.Tbody>
                </Table>
              </section>
            ))}
          </div>
        </>
      )}
    </dialog>
  );
}
