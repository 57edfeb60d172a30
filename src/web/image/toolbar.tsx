import { ActionIcon, NativeSelect, SegmentedControl } from '@mantine/core';
import type { ReactNode } from 'react';
import type { ImageStack } from '../../server/page-types.js';
import { useTexts, type TextKey } from '../texts/texts.js';
import type { DragMode } from './gestures.js';
import { Icon, type IconName } from './icons.js';
import { stackName } from './stacks.js';
import { isSame, type NamedWindow } from './windows.js';
import type { DisplayWindow } from './stage.js';

export interface ToolbarProps {
  readonly stacks: readonly ImageStack[];
  readonly stack: number;
  readonly onStack: (stack: number) => void;
  readonly windows: readonly NamedWindow[];
  readonly window: DisplayWindow | undefined;
  readonly onWindow: (window: DisplayWindow) => void;
  readonly mode: DragMode;
  readonly onMode: (mode: DragMode) => void;
  readonly buttons: readonly ToolButton[];
}

export interface ToolButton {
  readonly icon: IconName;
  readonly text: TextKey;
  readonly key?: string;
  /** Of a button that switches something on. */
  readonly isOn?: boolean;
  readonly onClick: () => void;
}

/** Above the image: which image, its window, what dragging does, and buttons with their keys. */
export function Toolbar({ stacks, stack, onStack, windows, window, onWindow, mode, onMode, buttons }: ToolbarProps): ReactNode {
  const { t } = useTexts();
  const chosen = windows.findIndex((one) => window && isSame(one, window));
  return (
    <div className="tools">
      {stacks.length > 1 && (
        <NativeSelect
          size="xs"
          aria-label={t('image.image')}
          value={String(stack)}
          onChange={(event) => onStack(Number(event.currentTarget.value))}
          data={stacks.map((one, index) => ({ value: String(index), label: `${index + 1}. ${stackName(one)}` }))}
        />
      )}
      <NativeSelect
        size="xs"
        aria-label={t('image.window')}
        title={`${t('image.window')} (g)`}
        value={String(chosen)}
        onChange={(event) => {
          const next = windows[Number(event.currentTarget.value)];
          if (next) onWindow(next);
        }}
        data={[
          ...windows.map((one, index) => ({ value: String(index), label: t(one.text, one.values) })),
          // Before there is an image there is no window.
          ...(chosen < 0 ? [{ value: '-1', label: window ? t('image.window.manual') : '–' }] : []),
        ]}
      />
      <SegmentedControl
        size="xs"
        aria-label={t('image.drag')}
        value={mode}
        onChange={(value) => onMode(value as DragMode)}
        data={[
          { value: 'pan', label: t('image.drag.pan') },
          { value: 'window', label: t('image.drag.window') },
        ]}
      />
      {buttons.map(({ icon, text, key, isOn, onClick }) => (
        <ActionIcon
          key={icon}
          variant={isOn ? 'filled' : 'default'}
          size={30}
          onClick={onClick}
          aria-label={t(text)}
          title={key ? `${t(text)} (${key})` : t(text)}
          {...(isOn === undefined ? {} : { 'aria-pressed': isOn })}
        >
          <Icon name={icon} />
        </ActionIcon>
      ))}
    </div>
  );
}
