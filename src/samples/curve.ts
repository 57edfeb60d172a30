/** A smooth function through (at, value) pairs; constant outside them. */
export type Curve = (at: number) => number;

/** Piecewise cubic Hermite with Fritsch–Butland slopes: no overshoot between the points, so an outline stays an outline. */
export function curve(...points: readonly (readonly [at: number, value: number])[]): Curve {
  const last = points.length - 1;
  const secants = points.slice(1).map(([at, value], index) => (value - points[index]![1]) / (at - points[index]![0]));
  const slopes = points.map((_, index) => {
    const before = secants[index - 1],
      after = secants[index];
    if (before === undefined || after === undefined) return before ?? after ?? 0;
    return before * after <= 0 ? 0 : (2 * before * after) / (before + after);
  });
  return (at) => {
    if (at <= points[0]![0]) return points[0]![1];
    if (at >= points[last]![0]) return points[last]![1];
    let index = 0;
    while (at > points[index + 1]![0]) index++;
    const [x0, y0] = points[index]!,
      [x1, y1] = points[index + 1]!;
    const width = x1 - x0,
      t = (at - x0) / width,
      u = 1 - t;
    return u * u * ((1 + 2 * t) * y0 + t * width * slopes[index]!) + t * t * ((3 - 2 * t) * y1 - u * width * slopes[index + 1]!);
  };
}
