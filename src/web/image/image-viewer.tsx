import { useMemo, useRef, useState, type ReactNode } from 'react';
import type { ImageStack, StudyPage } from '../../server/page-types.js';
import { studyApi } from '../addresses.js';
import { heatMapText } from '../texts/finding-name.js';
import { useTexts } from '../texts/texts.js';
import type { DragMode } from './gestures.js';
import { HeatMapControls } from './heat-map-controls.js';
import { ImageView } from './image-view.js';
import type { ImageActions } from './keys.js';
import { PriorView } from './prior-view.js';
import { SliceSlider } from './slice-slider.js';
import { firstPlace, frameIndex, stackName, framePlace, sortedHeatMaps, type Place } from './stacks.js';
import type { DisplayWindow, Shown, ImageStage } from './stage.js';
import { Toolbar, type ToolButton } from './toolbar.js';
import { useImageKeys } from './use-image-keys.js';
import { choicesOf, isSame } from './windows.js';

/** Opacity of a heat map when a study is opened, in per cent: the anatomy stays visible. */
const firstOpacity = 20;

/**
 * The images of a study and, beside them, those of the prior study, with their tools and keys.
 *
 * @param stacks at least one
 */
export function ImageViewer({
  page,
  stacks,
  onUnavailable,
}: {
  readonly page: StudyPage;
  readonly stacks: readonly ImageStack[];
  readonly onUnavailable: (reason: unknown) => void;
}): ReactNode {
  const { t, language } = useTexts();
  const heatMaps = useMemo(() => sortedHeatMaps(page), [page]);
  const [place, setPlace] = useState<Place>(() => firstPlace(stacks, heatMaps[0]));
  const [chosenHeatMap, setChosenHeatMap] = useState(heatMaps[0]?.sopInstanceUID);
  const [opacity, setOpacity] = useState(firstOpacity);
  const [isHeatMapShown, setHeatMapShown] = useState(true);
  const [areRegionsShown, setRegionsShown] = useState(true);
  const [isPriorShown, setPriorShown] = useState(false);
  const [mode, setMode] = useState<DragMode>('pan');
  const [drawn, setDrawn] = useState<Shown>();
  const stages = useRef<Partial<Record<'current' | 'prior', ImageStage>>>({});
  const view = useRef<HTMLElement>(null);

  const stack = stacks[place.stack]!;
  const drawnIndex = drawn ? frameIndex(stack, drawn.address) : -1;
  const shown = drawnIndex >= 0 ? drawn : undefined;
  // While a frame loads, the one before it is seen, with its own heat map.
  const frame = stack.frames[drawnIndex >= 0 ? drawnIndex : place.index];
  const ofFrame = heatMaps.filter(
    ({ sourceSopInstanceUID, sourceFrame = 1 }) => sourceSopInstanceUID === frame?.sopInstanceUID && sourceFrame === frame?.frame,
  );
  const heatMap = ofFrame.find((one) => one.sopInstanceUID === chosenHeatMap) ?? ofFrame[0];
  const windows = shown ? choicesOf(shown) : [];
  const { prior, regions = [] } = page;

  const each = (action: (stage: ImageStage) => void): void => Object.values(stages.current).forEach(action);
  const scrollTo = (index: number): void => setPlace({ ...place, index: Math.min(stack.frames.length - 1, Math.max(0, index)) });
  const openStack = (next: number): void => setPlace({ stack: next, index: Math.floor(stacks[next]!.frames.length / 2) });
  const setWindow = (window: DisplayWindow): void => {
    stages.current.current?.setWindow(window);
    // Hounsfield units mean the same in both studies; values of detectors do not.
    if (shown?.unit === 'HU') stages.current.prior?.setWindow(window);
  };
  const actions: ImageActions = {
    invert: () => each((one) => one.invert()),
    reset: () => each((one) => one.reset()),
    fullScreen: () => void (document.fullscreenElement ? document.exitFullscreen() : view.current?.requestFullscreen()),
    toggleHeatMap: () => setHeatMapShown(!isHeatMapShown),
    changeOpacity: (by) => {
      // A hidden heat map is shown as it was, by the key for a stronger one.
      if (isHeatMapShown) setOpacity(Math.min(100, Math.max(0, opacity + by)));
      else if (by > 0) setHeatMapShown(true);
    },
    toggleRegions: () => setRegionsShown(!areRegionsShown),
    togglePrior: () => prior && setPriorShown(!isPriorShown),
    nextWindow: () => {
      const at = windows.findIndex((one) => shown && isSame(one, shown.window));
      const next = windows[(at + 1) % windows.length];
      if (next) setWindow(next);
    },
    toggleMode: () => setMode(mode === 'pan' ? 'window' : 'pan'),
    nextImage: () => stacks.length > 1 && openStack((place.stack + 1) % stacks.length),
    zoom: (factor) => each((one) => one.zoomBy(factor)),
    pan: (x, y) => each((one) => one.panBy(x, y)),
    scroll: (slices) => scrollTo(place.index + slices),
  };
  useImageKeys(actions);
  const buttons: readonly ToolButton[] = [
    { icon: 'zoomOut', text: 'image.zoomOut', key: '−', onClick: () => actions.zoom(0.8) },
    { icon: 'zoomIn', text: 'image.zoomIn', key: '+', onClick: () => actions.zoom(1.25) },
    { icon: 'invert', text: 'image.invert', key: 'i', isOn: shown?.isInverted ?? false, onClick: actions.invert },
    ...(heatMaps.length > 0
      ? [{ icon: 'heatMap', text: 'image.heatMap', key: 'h', isOn: isHeatMapShown, onClick: actions.toggleHeatMap } as const]
      : []),
    ...(regions.length > 0
      ? [{ icon: 'regions', text: 'image.regions', key: 'b', isOn: areRegionsShown, onClick: actions.toggleRegions } as const]
      : []),
    ...(prior ? [{ icon: 'prior', text: 'image.prior', key: 'v', isOn: isPriorShown, onClick: actions.togglePrior } as const] : []),
    { icon: 'fullScreen', text: 'image.fullScreen', key: 'f', onClick: actions.fullScreen },
    { icon: 'reset', text: 'image.reset', key: 'r', onClick: actions.reset },
  ];
  const laid = heatMap?.sourceSopInstanceUID !== undefined &&
    isHeatMapShown && {
      address: studyApi(page.studyInstanceUID, 'series', heatMap.seriesInstanceUID, 'instances', heatMap.sopInstanceUID, 'picture'),
      sourceSopInstanceUID: heatMap.sourceSopInstanceUID,
      sourceFrame: heatMap.sourceFrame ?? 1,
      title: heatMapText(heatMap.title, t, language),
      opacity,
    };
  return (
    <section className="image-view" aria-label={t('study.images')} ref={view}>
      <Toolbar
        stacks={stacks}
        stack={place.stack}
        onStack={openStack}
        windows={windows}
        window={shown?.window}
        onWindow={setWindow}
        mode={mode}
        onMode={setMode}
        buttons={buttons}
      />
      <div className="stages" data-testid="picture">
        <ImageView
          study={page.studyInstanceUID}
          stack={stack}
          index={place.index}
          onIndex={scrollTo}
          name={stackName(stack)}
          label={isPriorShown ? t('image.current') : undefined}
          heatMap={laid || undefined}
          regions={areRegionsShown ? regions : undefined}
          mode={mode}
          onStage={(stage) => (stages.current = { ...stages.current, ...(stage ? { current: stage } : {}) })}
          onShown={setDrawn}
          onUnavailable={onUnavailable}
        />
        {isPriorShown && prior && (
          <PriorView
            prior={prior}
            beside={stack}
            index={place.index}
            onIndex={scrollTo}
            mode={mode}
            onStage={(stage) => (stages.current = stage ? { ...stages.current, prior: stage } : { current: stages.current.current! })}
            onUnavailable={onUnavailable}
          />
        )}
      </div>
      {stack.frames.length > 1 && <SliceSlider stack={stack} index={place.index} onIndex={scrollTo} />}
      {heatMaps.length > 0 && (
        <HeatMapControls
          page={page}
          heatMaps={heatMaps}
          chosen={heatMap}
          onChosen={(one) => {
            setChosenHeatMap(one.sopInstanceUID);
            setHeatMapShown(true);
            setPlace(framePlace(stacks, one.sourceSopInstanceUID, one.sourceFrame) ?? place);
          }}
          opacity={isHeatMapShown ? opacity : 0}
          onOpacity={(value) => {
            setOpacity(value);
            setHeatMapShown(true);
          }}
        />
      )}
    </section>
  );
}
