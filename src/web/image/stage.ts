import { Enums, type StackViewport, type Types } from '@cornerstonejs/core';
import {
  attributesOf,
  cancelLoad,
  imageIdOf,
  isUsable,
  load,
  setShownFrame,
  startLibrary,
  storedRange,
  watchContext,
  type FrameAddress,
  type LoadedFrame,
} from './engine.js';
import { FrameLoads } from './frame-loads.js';

export interface DisplayWindow {
  readonly center: number;
  readonly width: number;
}

/** In CSS pixels of the stage. */
export interface Rectangle {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** What a stage shows now. */
export interface Shown {
  /** What is drawn, which may be another frame than the one requested last. */
  readonly address: FrameAddress;
  readonly window: DisplayWindow;
  readonly windows: readonly DisplayWindow[];
  readonly unit: 'HU' | '';
  readonly isInverted: boolean;
  /** 1: the image fills the stage. */
  readonly zoom: number;
  readonly reduction: number;
  /** Where the part lies that the network sees. */
  readonly part: Rectangle;
  /** Where all of the image lies. */
  readonly image: Rectangle;
}

/** Starts the library before the first stage. @throws Error if it cannot start here */
export function prepare(): void {
  startLibrary();
}

const [minZoom, maxZoom] = [0.25, 20];
/** Slices loaded before they are looked at, on each side. */
const neighbours = 12;
let stages = 0;

export interface StageListener {
  /** After each drawing. */
  shown(shown: Shown): void;
  /** Nothing can be drawn until `contextRestored`, which may never come. */
  contextLost(): void;
  /** The stage is of no use any more: close it and make another one. */
  contextRestored(): void;
}

/** One image of cornerstone3D on the page: a frame of a stack, its window, zoom and position. */
export class ImageStage {
  readonly #viewport: StackViewport;
  readonly #id = `stage ${stages++}`;
  readonly #engine = startLibrary();
  readonly #loads = new FrameLoads({ load, cancel: cancelLoad });
  readonly #resized: ResizeObserver;
  readonly #unwatchContext: () => void;
  #frames: readonly FrameAddress[] = [];
  #drawn: { readonly frames: readonly FrameAddress[]; readonly index: number; readonly attributes: LoadedFrame } | undefined;
  #window: DisplayWindow | undefined;
  #isInverted = false;
  /** What the viewport calls the zoom at which the image fills the stage. */
  #fit = 1;

  /**
   * @param element empty; its size is that of the stage
   * @throws Error if the library cannot start here
   */
  constructor(
    readonly element: HTMLDivElement,
    private readonly listener: StageListener,
  ) {
    this.#engine.enableElement({
      viewportId: this.#id,
      type: Enums.ViewportType.STACK,
      element,
      defaultOptions: { background: [0, 0, 0] },
    });
    this.#viewport = this.#engine.getViewport(this.#id) as StackViewport;
    element.addEventListener(Enums.Events.IMAGE_RENDERED, this.#report);
    this.#unwatchContext = watchContext(
      () => listener.contextLost(),
      () => listener.contextRestored(),
    );
    this.#resized = new ResizeObserver(() => {
      if (element.clientWidth === 0 || element.clientHeight === 0 || !this.#isUsable) return;
      this.#engine.resize(true, false);
      this.fill();
    });
    this.#resized.observe(element);
  }

  /**
   * Shows a frame of a stack, as soon as it is loaded: of another list of frames with its first window, of the same one with the same
   * window, zoom and position. A frame that was requested before is not shown after it.
   *
   * @returns whether it is shown
   * @throws Error with the reason if it cannot be loaded and is still wanted
   */
  show(frames: readonly FrameAddress[], index: number): Promise<boolean> {
    const isOther = frames !== this.#frames;
    this.#frames = frames;
    // The viewport reports a frame that cannot be loaded by an event only.
    return this.#loads.request(imageIdOf(frames[index]!), !isOther, () => this.#draw(frames, index));
  }

  async #draw(frames: readonly FrameAddress[], index: number): Promise<void> {
    const isOther = frames !== this.#drawn?.frames;
    const imageId = imageIdOf(frames[index]!);
    setShownFrame(this.#id, imageId);
    if (isOther) await this.#viewport.setStack(frames.map(imageIdOf), index);
    else await this.#viewport.setImageIdIndex(index);
    const attributes = attributesOf(imageId);
    if (!attributes || !this.#isUsable) return;
    this.#drawn = { frames, index, attributes };
    if (isOther) this.#isInverted = false;
    this.setWindow(isOther || !this.#window ? attributes.windows[0]! : this.#window);
    if (isOther) this.fill();
    this.#loadAhead(frames, index);
  }

  get #isUsable(): boolean {
    return !this.#loads.isClosed && isUsable(this.#engine);
  }

  get window(): DisplayWindow | undefined {
    return this.#window;
  }

  setWindow(window: DisplayWindow): void {
    const attributes = this.#attributes;
    if (!attributes || !this.#isUsable) return;
    this.#window = { center: window.center, width: Math.max(1, window.width) };
    const { lower, upper } = storedRange(attributes, this.#window);
    // Black is the largest value, or the line to the shown values falls: not both.
    const isInverse = attributes.isInverse !== attributes.slope < 0;
    this.#viewport.setProperties({ voiRange: { lower, upper: Math.max(upper, lower + 1e-3) }, invert: isInverse !== this.#isInverted });
    this.#viewport.render();
  }

  invert(): void {
    this.#isInverted = !this.#isInverted;
    if (this.#window) this.setWindow(this.#window);
  }

  reset(): void {
    this.#isInverted = false;
    this.fill();
    const attributes = this.#attributes;
    if (attributes) this.setWindow(attributes.windows[0]!);
  }

  /** @param at in CSS pixels of the stage: what is there stays there; default: the middle */
  zoomBy(factor: number, at?: readonly [number, number]): void {
    if (!this.#attributes || !this.#isUsable) return;
    const point: [number, number] = at ? [at[0], at[1]] : [this.element.clientWidth / 2, this.element.clientHeight / 2];
    const zoom = Math.min(maxZoom, Math.max(minZoom, this.#zoom * factor));
    const place = this.#viewport.canvasToWorld(point);
    this.#viewport.setZoom(zoom * this.#fit);
    const [x, y] = this.#viewport.worldToCanvas(place);
    this.panBy(point[0] - x, point[1] - y);
  }

  panBy(x: number, y: number): void {
    if (!this.#attributes || !this.#isUsable) return;
    const [centerX, centerY] = [this.element.clientWidth / 2, this.element.clientHeight / 2];
    const from = this.#viewport.canvasToWorld([centerX, centerY]);
    const to = this.#viewport.canvasToWorld([centerX - x, centerY - y]);
    const { focalPoint, position } = this.#viewport.getCamera();
    const moved = (point: Types.Point3 | undefined): Types.Point3 =>
      [0, 1, 2].map((axis) => (point?.[axis] ?? 0) + to[axis]! - from[axis]!) as Types.Point3;
    this.#viewport.setCamera({ focalPoint: moved(focalPoint), position: moved(position) });
    this.#viewport.render();
  }

  close(): void {
    this.#loads.close();
    this.#resized.disconnect();
    this.#unwatchContext();
    this.element.removeEventListener(Enums.Events.IMAGE_RENDERED, this.#report);
    setShownFrame(this.#id, undefined);
    if (isUsable(this.#engine)) this.#engine.disableElement(this.#id);
  }

  /** All of the image in the middle of the stage. */
  fill(): void {
    if (!this.#attributes || !this.#isUsable) return;
    this.#viewport.resetCamera();
    this.#fit = this.#viewport.getZoom();
    this.#viewport.render();
  }

  get #zoom(): number {
    return this.#viewport.getZoom() / this.#fit;
  }

  get #attributes(): LoadedFrame | undefined {
    return this.#drawn?.attributes;
  }

  #loadAhead(frames: readonly FrameAddress[], index: number): void {
    const near = Array.from({ length: neighbours }, (_, step) => [index + step + 1, index - step - 1]).flat();
    this.#loads.loadAhead(near.flatMap((one) => (frames[one] ? imageIdOf(frames[one]) : [])));
  }

  readonly #report = (): void => {
    if (!this.#drawn || !this.#window || !this.#isUsable) return;
    const { frames, index, attributes } = this.#drawn;
    this.listener.shown({
      address: frames[index]!,
      window: this.#window,
      windows: attributes.windows,
      unit: attributes.unit,
      isInverted: this.#isInverted,
      zoom: this.#zoom,
      reduction: attributes.reduction,
      part: this.#rectangle(attributes.shown),
      image: this.#rectangle({ left: 0, top: 0, right: attributes.columns, bottom: attributes.rows }),
    });
  };

  #rectangle(box: { readonly left: number; readonly top: number; readonly right: number; readonly bottom: number }): Rectangle {
    const aspect = this.#attributes?.pixelAspect ?? 1;
    // The middle of the first pixel is the origin.
    const [left, top] = this.#viewport.worldToCanvas([box.left - 0.5, (box.top - 0.5) * aspect, 0]);
    const [right, bottom] = this.#viewport.worldToCanvas([box.right - 0.5, (box.bottom - 0.5) * aspect, 0]);
    return { left, top, width: right - left, height: bottom - top };
  }
}
