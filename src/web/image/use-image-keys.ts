import { useEffect, useRef } from 'react';
import { isForPage } from '../keys.js';
import { imageActionOf, type ImageActions } from './keys.js';

/** Keys of the image (keys.ts); those that move the page elsewhere (arrows) count only while an image has the focus. */
export function useImageKeys(actions: ImageActions): void {
  const latest = useRef(actions);
  latest.current = actions;
  useEffect(() => {
    const pressed = (event: KeyboardEvent): void => {
      if (event.defaultPrevented || !isForPage(event)) return;
      const hasFocus = event.target instanceof HTMLElement && event.target.matches('.stage');
      const action = imageActionOf(event, hasFocus);
      if (!action) return;
      event.preventDefault();
      if (action !== 'ignored') action(latest.current);
    };
    addEventListener('keydown', pressed);
    return () => removeEventListener('keydown', pressed);
  }, []);
}
