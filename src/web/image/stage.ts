import { Enums, type StackViewport, type Types } from '@cornerstonejs/core';
import { attributesOf, imageIdOf, load, prefetch, startLibrary, storedRange, type FrameAddress } from './engine.js';

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
  readonly index: number;
  readonly window: DisplayWindow;
  readonly windows: readonly DisplayWindow[];
  readonly unit: 'HU' | '';
  readonly isInverted: boolean;
  /** 1: the image fills the stage. */
  readonly zoom: number;
  readonly reduction: number;
  /** Where all of the frame lies, also beyond the edges. */
  readonly frame: Rectangle;
  /** Where the part lies that the network sees. */
  readonly part: Rectangle;
}

/** Starts the library before the first stage. @throws Error if it cannot start here */
export function prepare(): void {
  startLibrary();
}

const [minZoom, maxZoom] = [0.25, 20];
/** Slices loaded before they are looked at, on each side. */
const neighbours = 12;
let stages = 0;

/** One image of cornerstone3D on the page: a frame of a stack, its window, zoom and position. */
export class ImageStage {
  readonly #viewport: StackViewport;
  readonly #id = `stage ${stages++}`;
  readonly #resized: ResizeObserver;
  #imageIds: readonly string[] = [];
  #window: DisplayWindow | undefined;
  #isInverted = false;
  #ahead = new AbortController();
  /** What the viewport calls the zoom at which the image fills the stage. */
  #fit = 1;

  /**
   * @param element empty; its size is that of the stage
   * @param onShown called after each drawing
   * @throws Error if the library cannot start here
   */
  constructor(
    readonly element: HTMLDivElement,
    private readonly onShown: (shown: Shown) => void,
  ) {
    const engine = startLibrary();
    engine.enableElement({
      viewportId: this.#id,
      type: Enums.ViewportType.STACK,
      element,
      defaultOptions: { background: [0, 0, 0] },
    });
    this.#viewport = engine.getViewport(this.#id) as StackViewport;
    element.addEventListener(Enums.Events.IMAGE_RENDERED, this.#drawn);
    this.#resized = new ResizeObserver(() => {
      if (element.clientWidth === 0 || element.clientHeight === 0) return;
      engine.resize(true, false);
      this.fill();
    });
    this.#resized.observe(element);
  }

  /** Shows a frame of a stack, with its first window. @throws Error with the reason if it cannot be loaded */
  async show(frames: readonly FrameAddress[], index: number): Promise<void> {
    this.#imageIds = frames.map(imageIdOf);
    this.#window = undefined;
    this.#isInverted = false;
    // The viewport reports a frame that cannot be loaded by an event only.
    await load(this.#imageIds[index]!);
    await this.#viewport.setStack([...this.#imageIds], index);
    const attributes = attributesOf(this.#imageIds[index]!);
    if (!attributes) return;
    this.setWindow(attributes.windows[0]!);
    this.fill();
    this.#prefetch(index);
  }

  /** Another frame of the same stack, with the same window, zoom and position. */
  async scrollTo(index: number): Promise<void> {
    await load(this.#imageIds[index]!);
    await this.#viewport.setImageIdIndex(index);
    if (this.#window) this.setWindow(this.#window);
    this.#prefetch(index);
  }

  get window(): DisplayWindow | undefined {
    return this.#window;
  }

  setWindow(window: DisplayWindow): void {
    const attributes = this.#attributes;
    if (!attributes) return;
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
    if (!this.#attributes) return;
    const point: [number, number] = at ? [at[0], at[1]] : [this.element.clientWidth / 2, this.element.clientHeight / 2];
    const zoom = Math.min(maxZoom, Math.max(minZoom, this.#zoom * factor));
    const place = this.#viewport.canvasToWorld(point);
    this.#viewport.setZoom(zoom * this.#fit);
    const [x, y] = this.#viewport.worldToCanvas(place);
    this.panBy(point[0] - x, point[1] - y);
  }

  panBy(x: number, y: number): void {
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
    this.#ahead.abort();
    this.#resized.disconnect();
    this.element.removeEventListener(Enums.Events.IMAGE_RENDERED, this.#drawn);
    startLibrary().disableElement(this.#id);
  }

  /** All of the image in the middle of the stage. */
  fill(): void {
    if (!this.#attributes) return;
    this.#viewport.resetCamera();
    this.#fit = this.#viewport.getZoom();
    this.#viewport.render();
  }

  get #zoom(): number {
    return this.#viewport.getZoom() / this.#fit;
  }

  get #attributes() {
    return attributesOf(this.#viewport.getCurrentImageId() ?? '');
  }

  #prefetch(index: number): void {
    this.#ahead.abort();
    this.#ahead = new AbortController();
    const near = Array.from({ length: neighbours }, (_, step) => [index + step + 1, index - step - 1]).flat();
    const ids = near.flatMap((one) => this.#imageIds[one] ?? []);
    // Two at a time: decoding keeps a processor of the service busy.
    for (const half of [0, 1])
      void prefetch(
        ids.filter((_, place) => place % 2 === half),
        this.#ahead.signal,
      );
  }

  readonly #drawn = (): void => {
    const attributes = this.#attributes;
    if (!attributes || !this.#window) return;
    const { columns, rows, shown } = attributes;
    this.onShown({
      index: this.#viewport.getCurrentImageIdIndex(),
      window: this.#window,
      windows: attributes.windows,
      unit: attributes.unit,
      isInverted: this.#isInverted,
      zoom: this.#zoom,
      reduction: attributes.reduction,
      frame: this.#rectangle({ left: 0, top: 0, right: columns, bottom: rows }),
      part: this.#rectangle(shown),
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
