/** The image that a viewport of OHIF shows, and what is drawn on it. */
export interface ShownAnnotations {
  readonly sopInstanceUID: string;
  readonly columns: number;
  readonly rows: number;
  readonly annotations: readonly { readonly points: readonly (readonly [number, number])[]; readonly label: string }[];
}

/** In the page: the annotations of the viewport, in pixels of the image as stored. */
export function readAnnotations(): ShownAnnotations | false {
  const { cornerstone, cornerstoneTools } = window as unknown as {
    cornerstone?: {
      getEnabledElements(): { viewport: { getCurrentImageId?(): string } }[];
      metaData: { get(kind: string, id: string): Record<string, unknown> | undefined };
      utilities: { worldToImageCoords(id: string, point: readonly number[]): [number, number] };
    };
    cornerstoneTools?: {
      annotation: {
        state: {
          getAllAnnotations(): {
            metadata: { toolName: string };
            data: {
              label?: string;
              handles?: { points?: readonly (readonly number[])[] };
              contour?: { polyline?: readonly (readonly number[])[] };
              renderableData?: Record<string, readonly (readonly (readonly number[])[])[]>;
            };
          }[];
        };
      };
    };
  };
  const imageId = cornerstone?.getEnabledElements()[0]?.viewport.getCurrentImageId?.();
  if (!cornerstone || !cornerstoneTools || imageId === undefined) return false;
  const annotations = cornerstoneTools.annotation.state.getAllAnnotations().flatMap(({ data }) => {
    const world = data.renderableData ? Object.values(data.renderableData).flat(2) : (data.contour?.polyline ?? data.handles?.points ?? []);
    const points = (world as readonly (readonly number[])[])
      .filter((point) => point.length === 3)
      .map((point) => cornerstone.utilities.worldToImageCoords(imageId, point));
    return points.length >= 3 ? [{ points, label: data.label ?? '' }] : [];
  });
  const plane = cornerstone.metaData.get('imagePlaneModule', imageId);
  const sop = cornerstone.metaData.get('sopCommonModule', imageId);
  if (annotations.length === 0) return false;
  return {
    sopInstanceUID: String(sop?.['sopInstanceUID']),
    columns: Number(plane?.['columns']),
    rows: Number(plane?.['rows']),
    annotations,
  };
}
