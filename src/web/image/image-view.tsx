import { useEffect, useRef, useState, type ReactNode } from 'react';
import type { ImageStack } from '../../server/page-types.js';
import { useTexts } from '../texts/texts.js';
import { listenToGestures, type DragMode } from './gestures.js';
import { HeatMapLayer, type LaidHeatMap } from './heat-map-layer.js';
import type { Shown, ImageStage } from './stage.js';

export interface ImageViewProps {
  readonly study: string;
  readonly stack: ImageStack;
  readonly index: number;
  readonly onIndex: (index: number) => void;
  /** What the image is, e.g. "CR PA". */
  readonly name: string;
  /** Where it belongs, e.g. the date of the prior study. */
  readonly label?: string | undefined;
  readonly heatMap?: LaidHeatMap | undefined;
  readonly mode: DragMode;
  /** The stage while it is there. */
  readonly onStage: (stage: ImageStage | undefined) => void;
  readonly onShown?: ((shown: Shown) => void) | undefined;
  /** The library cannot start in this browser. */
  readonly onUnavailable: (reason: unknown) => void;
}

/** One image with what it is and how it is shown in its corners. */
export function ImageView(props: ImageViewProps): ReactNode {
  const { study, stack, index, name, label, heatMap, mode } = props;
  const { t } = useTexts();
  const place = useRef<HTMLDivElement>(null);
  const latest = useRef(props);
  latest.current = props;
  const [stage, setStage] = useState<ImageStage>();
  const [shown, setShown] = useState<Shown>();
  const [failure, setFailure] = useState<string>();
  useEffect(() => {
    let opened: ImageStage | undefined;
    let isClosed = false;
    const open = async (): Promise<void> => {
      const library = await import('./stage.js');
      // Keys and clicks are answered between the steps.
      await pause();
      library.prepare();
      await pause();
      if (isClosed) return;
      opened = new library.ImageStage(place.current!, (now) => {
        setShown(now);
        latest.current.onShown?.(now);
      });
      setStage(opened);
      latest.current.onStage(opened);
    };
    open().catch((reason: unknown) => latest.current.onUnavailable(reason));
    return () => {
      isClosed = true;
      latest.current.onStage(undefined);
      opened?.close();
    };
  }, []);
  useShownFrame(stage, study, stack, index, setFailure, setShown);
  useGestures(place, stage, latest);
  const frame = stack.frames[index];
  const count = stack.frames.length;
  return (
    <section
      className="stage"
      data-testid="stage"
      data-mode={mode}
      data-filled={(shown?.zoom ?? 1) <= 1.01}
      data-index={shown?.index}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: arrow keys scroll and move the image while it has the focus
      tabIndex={0}
      aria-label={[label, name].filter(Boolean).join(', ')}
    >
      <div className="drawing" ref={place} />
      {heatMap && shown && frame?.sopInstanceUID === heatMap.sourceSopInstanceUID && <HeatMapLayer heatMap={heatMap} shown={shown} />}
      <div className="corner top">
        {label && <div>{label}</div>}
        <div>{name}</div>
      </div>
      {/* The header of the page is hidden in full screen. */}
      <div className="corner top right notice-of-image">{t('app.noticeShort')}</div>
      {shown && (
        <div className="corner bottom" data-testid="window">
          <div>
            {t('image.window.values', { center: rounded(shown.window.center), width: rounded(shown.window.width) })}
            {shown.unit && ` ${shown.unit}`}
            {shown.isInverted && ` · ${t('image.isInverted')}`}
          </div>
          <div>
            {t('image.zoom', { percent: Math.round(shown.zoom * 100) })}
            {shown.reduction > 1 && ` · ${t('image.reduced', { factor: shown.reduction })}`}
          </div>
        </div>
      )}
      {count > 1 && (
        <div className="corner bottom right" role="status" data-testid="slice">
          {sliceText(t, frame?.positionMm, index, count)}
        </div>
      )}
      {(failure ?? !shown) && (
        <div className="message" role={failure ? 'alert' : 'status'}>
          {failure === undefined ? t('image.loading') : t('image.failed', { reason: failure })}
        </div>
      )}
    </section>
  );
}

const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve));

/** Steps of 1, or of 0.01 for windows that are narrower than ten. */
function rounded(value: number): number {
  return Math.abs(value) < 10 ? Math.round(value * 100) / 100 : Math.round(value);
}

function sliceText(t: ReturnType<typeof useTexts>['t'], position: number | undefined, index: number, count: number): string {
  const values = { number: index + 1, count };
  return position === undefined
    ? t('image.frame', values)
    : t('image.sliceAt', { ...values, position: position.toFixed(1).replace('-', '−') });
}

/** Shows what is chosen; while a slice loads, the last one stays. */
function useShownFrame(
  stage: ImageStage | undefined,
  study: string,
  stack: ImageStack,
  index: number,
  setFailure: (reason: string | undefined) => void,
  setShown: (shown: undefined) => void,
): void {
  const current = useRef<ImageStack>(undefined);
  useEffect(() => {
    if (!stage) return;
    const isOther = current.current !== stack;
    current.current = stack;
    if (isOther) setShown(undefined);
    const { seriesInstanceUID } = stack;
    const frames = stack.frames.map(({ sopInstanceUID, frame }) => ({ study, seriesInstanceUID, sopInstanceUID, frame }));
    (isOther ? stage.show(frames, index) : stage.scrollTo(index)).then(
      () => setFailure(undefined),
      (reason: unknown) => setFailure(reason instanceof Error ? reason.message : String(reason)),
    );
  }, [stage, study, stack, index, setFailure, setShown]);
}

function useGestures(
  place: { readonly current: HTMLDivElement | null },
  stage: ImageStage | undefined,
  latest: { readonly current: ImageViewProps },
): void {
  useEffect(() => {
    if (!stage || !place.current) return;
    return listenToGestures(
      place.current,
      () => {
        const { stack, index, onIndex } = latest.current;
        const last = stack.frames.length - 1;
        return {
          pan: (x, y) => stage.panBy(x, y),
          window: (x, y) => dragWindow(stage, x, y),
          zoom: (factor, at) => stage.zoomBy(factor, at),
          ...(last > 0 ? { scroll: (slices: number) => onIndex(Math.min(last, Math.max(0, index + slices))) } : {}),
          fill: () => stage.fill(),
        };
      },
      () => latest.current.mode,
    );
  }, [place, stage, latest]);
}

/** Pixels of a drag that are as much as the width of the window. */
const dragPixels = 300;

/** To the right: wider; downwards: darker, as other viewers do. */
function dragWindow(stage: ImageStage, x: number, y: number): void {
  const { window } = stage;
  if (!window) return;
  const step = Math.max(window.width, 1) / dragPixels;
  stage.setWindow({ center: window.center + y * step, width: window.width + x * step });
}
