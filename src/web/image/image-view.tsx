import { useEffect, useMemo, useRef, useState, type ReactNode } from 'react';
import type { ImageStack, ShownRegion } from '../../server/page-types.js';
import { fixedText, localFigure } from '../texts/numbers.js';
import { useTexts, type Language, type Translate } from '../texts/texts.js';
import { listenToGestures, type DragMode } from './gestures.js';
import { HeatMapLayer, type LaidHeatMap } from './heat-map-layer.js';
import { RegionLayer } from './region-layer.js';
import { frameIndex } from './stacks.js';
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
  /** Of all images of the study. */
  readonly regions?: readonly ShownRegion[] | undefined;
  readonly mode: DragMode;
  /** The stage while it is there. */
  readonly onStage: (stage: ImageStage | undefined) => void;
  readonly onShown?: ((shown: Shown) => void) | undefined;
  /** The library cannot start in this browser. */
  readonly onUnavailable: (reason: unknown) => void;
}

/** A page waits so long for the graphics card to draw again, in ms. */
const contextLostMs = 5_000;

/** One image with what it is and how it is shown in its corners. */
export function ImageView(props: ImageViewProps): ReactNode {
  const { study, stack, index, name, label, heatMap, regions = [], mode } = props;
  const { t, language } = useTexts();
  const place = useRef<HTMLDivElement>(null);
  const latest = useRef(props);
  latest.current = props;
  const [drawn, setDrawn] = useState<Shown>();
  const [failure, setFailure] = useState<string>();
  const { stage, isContextLost } = useStage(place, latest, setDrawn);
  useShownFrame(stage, study, stack, index, setFailure);
  useGestures(place, stage, latest);
  // Every line about the image is about the frame that is drawn, which may not be the one that was requested last.
  const drawnIndex = drawn ? frameIndex(stack, drawn.address) : -1;
  const shown = drawnIndex >= 0 && failure === undefined && !isContextLost ? drawn : undefined;
  const count = stack.frames.length;
  const isOfHeatMap =
    heatMap !== undefined && shown?.address.sopInstanceUID === heatMap.sourceSopInstanceUID && shown.address.frame === heatMap.sourceFrame;
  return (
    <section
      className="stage"
      data-testid="stage"
      data-mode={mode}
      data-filled={(shown?.zoom ?? 1) <= 1.01}
      data-index={shown && drawnIndex}
      data-empty={!shown}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: arrow keys scroll and move the image while it has the focus
      tabIndex={0}
      aria-label={[label, name].filter(Boolean).join(', ')}
    >
      <div className="drawing" ref={place} />
      {isOfHeatMap && <HeatMapLayer heatMap={heatMap} shown={shown} />}
      {shown && (
        <RegionLayer
          regions={regions.filter(
            ({ sopInstanceUID, frame }) => sopInstanceUID === shown.address.sopInstanceUID && frame === shown.address.frame,
          )}
          shown={shown}
        />
      )}
      <div className="corner top">
        {label && <div>{label}</div>}
        <div>{name}</div>
      </div>
      {/* The header of the page is hidden in full screen. */}
      <div className="corner top right notice-of-image">{t('app.noticeShort')}</div>
      {shown && (
        <div className="corner bottom" data-testid="window">
          <div>
            {t('image.window.values', {
              center: rounded(shown.window.center, language),
              width: rounded(shown.window.width, language),
            })}
            {shown.unit && ` ${shown.unit}`}
            {shown.isInverted && ` · ${t('image.isInverted')}`}
          </div>
          <div>
            {t('image.zoom', { percent: Math.round(shown.zoom * 100) })}
            {shown.reduction > 1 && ` · ${t('image.reduced', { factor: shown.reduction })}`}
          </div>
        </div>
      )}
      {shown && count > 1 && (
        <div className="corner bottom right" role="status" data-testid="slice">
          {sliceText(t, language, stack.frames[drawnIndex]?.positionMm, drawnIndex, count)}
        </div>
      )}
      {!shown && (
        <div className="message" role={failure !== undefined || isContextLost ? 'alert' : 'status'}>
          {isContextLost ? t('image.contextLost') : failure === undefined ? t('image.loading') : t('image.failed', { reason: failure })}
        </div>
      )}
    </section>
  );
}

const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve));

/** Steps of 1, or of 0.01 for windows that are narrower than ten. */
function rounded(value: number, language: Language): string {
  return localFigure(String(Math.abs(value) < 10 ? Math.round(value * 100) / 100 : Math.round(value)), language);
}

function sliceText(t: Translate, language: Language, position: number | undefined, index: number, count: number): string {
  const values = { number: index + 1, count };
  return position === undefined
    ? t('image.frame', values)
    : t('image.sliceAt', { ...values, position: fixedText(position, 1, language).replace('-', '−') });
}

/** The stage of an image; another one after the graphics card has lost and restored what it draws with. */
function useStage(
  place: { readonly current: HTMLDivElement | null },
  latest: { readonly current: ImageViewProps },
  setDrawn: (shown: Shown | undefined) => void,
): { readonly stage: ImageStage | undefined; readonly isContextLost: boolean } {
  const [stage, setStage] = useState<ImageStage>();
  const [isContextLost, setContextLost] = useState(false);
  const [restarts, setRestarts] = useState(0);
  // biome-ignore lint/correctness/useExhaustiveDependencies: a restart makes another stage
  useEffect(() => {
    let opened: ImageStage | undefined;
    let isClosed = false;
    const open = async (): Promise<void> => {
      const library = await import('./stage.js');
      // Keys and clicks are answered between the steps.
      await pause();
      if (isClosed) return;
      library.prepare();
      await pause();
      if (isClosed) return;
      opened = new library.ImageStage(place.current!, {
        shown(now) {
          setDrawn(now);
          latest.current.onShown?.(now);
        },
        contextLost: () => setContextLost(true),
        contextRestored() {
          setContextLost(false);
          setDrawn(undefined);
          setRestarts((count) => count + 1);
        },
      });
      setStage(opened);
      latest.current.onStage(opened);
    };
    open().catch((reason: unknown) => isClosed || latest.current.onUnavailable(reason));
    return () => {
      isClosed = true;
      latest.current.onStage(undefined);
      setStage(undefined);
      opened?.close();
    };
  }, [place, latest, setDrawn, restarts]);
  useEffect(() => {
    if (!isContextLost) return;
    const timer = setTimeout(() => latest.current.onUnavailable(new Error('the WebGL context is lost')), contextLostMs);
    return () => clearTimeout(timer);
  }, [latest, isContextLost]);
  return { stage, isContextLost };
}

/** Shows what is chosen; while a slice loads, the last one of its stack stays. */
function useShownFrame(
  stage: ImageStage | undefined,
  study: string,
  stack: ImageStack,
  index: number,
  setFailure: (reason: string | undefined) => void,
): void {
  const frames = useMemo(
    () => stack.frames.map(({ sopInstanceUID, frame }) => ({ study, seriesInstanceUID: stack.seriesInstanceUID, sopInstanceUID, frame })),
    [study, stack],
  );
  useEffect(() => {
    if (!stage || !frames[index]) return;
    let isCurrent = true;
    setFailure(undefined);
    stage.show(frames, index).catch((reason: unknown) => {
      if (isCurrent) setFailure(reason instanceof Error ? reason.message : String(reason));
    });
    return () => {
      isCurrent = false;
    };
  }, [stage, frames, index, setFailure]);
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
