import { useEffect, useRef } from 'react';
import { actionOf, type KeyAction, type KeyScope } from './keys.js';
import { isDone } from './repeated-key.js';

/** Handles the keys of a scope (keys.ts) while the component is shown. A key without a handler is left to the browser. */
export function useKeys(scope: KeyScope, handlers: Partial<Readonly<Record<KeyAction, () => void>>>): void {
  const latest = useRef(handlers);
  useEffect(() => {
    latest.current = handlers;
  });
  useEffect(() => {
    const pressed = (event: KeyboardEvent): void => {
      if (event.defaultPrevented) return;
      const action = actionOf(event, scope);
      const handler = action && latest.current[action];
      if (!handler) return;
      event.preventDefault();
      if (isDone(action, event)) handler();
    };
    addEventListener('keydown', pressed);
    return () => removeEventListener('keydown', pressed);
  }, [scope]);
}
