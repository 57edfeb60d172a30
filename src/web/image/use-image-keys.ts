import { useEffect, useRef } from 'react';
import { isForPage } from '../keys.js';

/** What keys do; see keys.ts. */
export interface ImageActions {
  invert(): void;
  reset(): void;
  fullScreen(): void;
  toggleHeatMap(): void;
  changeOpacity(by: number): void;
  togglePrior(): void;
  nextWindow(): void;
  toggleMode(): void;
  nextImage(): void;
  zoom(factor: number): void;
  pan(x: number, y: number): void;
  scroll(slices: number): void;
}

const zoomStep = 1.25;
const panStep = 40;

/** Keys of the image; those that move the page elsewhere (arrows) count only while an image has the focus. */
export function useImageKeys(actions: ImageActions): void {
  const latest = useRef(actions);
  latest.current = actions;
  useEffect(() => {
    const pressed = (event: KeyboardEvent): void => {
      if (event.defaultPrevented || !isForPage(event)) return;
      const hasFocus = event.target instanceof HTMLElement && event.target.matches('.stage');
      const action = actionOf(event.key, event.shiftKey, hasFocus, latest.current);
      if (!action) return;
      event.preventDefault();
      action();
    };
    addEventListener('keydown', pressed);
    return () => removeEventListener('keydown', pressed);
  }, []);
}

function actionOf(key: string, shift: boolean, hasFocus: boolean, actions: ImageActions): (() => void) | undefined {
  if (hasFocus && shift) {
    const directions: Readonly<Record<string, readonly [number, number]>> = {
      ArrowLeft: [-panStep, 0],
      ArrowRight: [panStep, 0],
      ArrowUp: [0, -panStep],
      ArrowDown: [0, panStep],
    };
    const direction = directions[key];
    if (direction) return () => actions.pan(...direction);
  }
  if (hasFocus) {
    const slices: Readonly<Record<string, number>> = { ArrowUp: -1, ArrowDown: 1, PageUp: -10, PageDown: 10 };
    const step = slices[key];
    if (step !== undefined) return () => actions.scroll(step);
  }
  const byKey: Readonly<Record<string, () => void>> = {
    i: () => actions.invert(),
    r: () => actions.reset(),
    f: () => actions.fullScreen(),
    h: () => actions.toggleHeatMap(),
    '[': () => actions.changeOpacity(-10),
    ']': () => actions.changeOpacity(10),
    v: () => actions.togglePrior(),
    g: () => actions.nextWindow(),
    t: () => actions.toggleMode(),
    s: () => actions.nextImage(),
    '+': () => actions.zoom(zoomStep),
    '=': () => actions.zoom(zoomStep),
    '-': () => actions.zoom(1 / zoomStep),
    ',': () => actions.scroll(-1),
    '.': () => actions.scroll(1),
  };
  return byKey[key];
}
