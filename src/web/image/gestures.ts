/** What pointers do on a stage. Distances are CSS pixels. */
export interface GestureTarget {
  pan(x: number, y: number): void;
  window(x: number, y: number): void;
  zoom(factor: number, at: readonly [number, number]): void;
  /** Slices forwards or back; absent for an image that is alone. */
  scroll?: ((slices: number) => void) | undefined;
  fill(): void;
}

export type DragMode = 'pan' | 'window';

/** Distance of a wheel that is one slice. */
const wheelPerSlice = 60;
/** Zoom for one pixel of the wheel. */
const zoomPerPixel = 1.0015;

/**
 * Mouse: the left button does what `mode` says, the right one windows, the middle one pans; the wheel scrolls through slices, or zooms.
 * Touch: one finger as the left button, two zoom and pan.
 *
 * @returns a function that ends it
 */
export function listenToGestures(element: HTMLElement, target: () => GestureTarget, mode: () => DragMode): () => void {
  const pointers = new Map<number, { x: number; y: number; button: number }>();
  let wheel = 0;
  const place = (event: MouseEvent): readonly [number, number] => {
    const { left, top } = element.getBoundingClientRect();
    return [event.clientX - left, event.clientY - top];
  };
  const spread = (): { readonly distance: number; readonly x: number; readonly y: number } | undefined => {
    const [a, b] = [...pointers.values()];
    if (!a || !b || pointers.size > 2) return undefined;
    return { distance: Math.hypot(a.x - b.x, a.y - b.y), x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 };
  };
  const down = (event: PointerEvent): void => {
    element.setPointerCapture(event.pointerId);
    const [x, y] = place(event);
    pointers.set(event.pointerId, { x, y, button: event.button });
    if (event.button === 1) event.preventDefault();
  };
  const move = (event: PointerEvent): void => {
    const pointer = pointers.get(event.pointerId);
    if (!pointer) return;
    const [x, y] = place(event);
    const [dx, dy] = [x - pointer.x, y - pointer.y];
    const before = spread();
    Object.assign(pointer, { x, y });
    const after = spread();
    if (before && after) {
      target().pan(after.x - before.x, after.y - before.y);
      if (before.distance > 0) target().zoom(after.distance / before.distance, [after.x, after.y]);
    } else if (pointer.button === 2 || (pointer.button === 0 && mode() === 'window')) target().window(dx, dy);
    else target().pan(dx, dy);
  };
  const up = (event: PointerEvent): void => void pointers.delete(event.pointerId);
  const turn = (event: WheelEvent): void => {
    event.preventDefault();
    const distance = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? event.deltaY * 30 : event.deltaY;
    const { scroll, zoom } = target();
    if (!scroll || event.ctrlKey) return zoom(zoomPerPixel ** -distance, place(event));
    wheel += distance;
    const slices = Math.trunc(wheel / wheelPerSlice);
    wheel -= slices * wheelPerSlice;
    if (slices !== 0) scroll(slices);
  };
  const fill = (): void => target().fill();
  const noMenu = (event: Event): void => event.preventDefault();
  const ended = new AbortController();
  const { signal } = ended;
  element.addEventListener('pointerdown', down, { signal });
  element.addEventListener('pointermove', move, { signal });
  element.addEventListener('pointerup', up, { signal });
  element.addEventListener('pointercancel', up, { signal });
  element.addEventListener('wheel', turn, { signal, passive: false });
  element.addEventListener('dblclick', fill, { signal });
  element.addEventListener('contextmenu', noMenu, { signal });
  return () => ended.abort();
}
