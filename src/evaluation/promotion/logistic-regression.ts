/** A linear classifier of several classes: `softmax(W x + b)`. */
export interface LogisticRegression {
  /** `classes * features`. */
  readonly weights: Float64Array;
  readonly bias: Float64Array;
  readonly features: number;
  probabilities(row: ArrayLike<number>): readonly number[];
}

const mostIterations = 200;
const memory = 8;
const tolerance = 1e-5;

/**
 * Softmax regression with an L2 penalty on the weights, not the bias (scikit-learn's `LogisticRegression(C=1/penalty)`): minimises
 * `Σ −log pᵢ + penalty/2 · |W|²` by L-BFGS (Nocedal & Wright, Numerical Optimization, algorithms 7.4 and 7.5).
 *
 * @param rows one row an example, of equal length
 * @param yTrue place of the class, from 0
 */
export function fitLogisticRegression(rows: readonly ArrayLike<number>[], yTrue: readonly number[], classes: number, penalty = 1): LogisticRegression {
  const features = rows[0]?.length ?? 0;
  const size = classes * (features + 1);
  const loss = (parameters: Float64Array, gradient: Float64Array): number => {
    gradient.fill(0);
    let total = 0;
    const scores = new Float64Array(classes);
    rows.forEach((row, example) => {
      total += softmaxInto(parameters, row, features, scores, yTrue[example]!);
      for (let k = 0; k < classes; k++) {
        const error = scores[k]! - (k === yTrue[example] ? 1 : 0);
        const start = k * (features + 1);
        for (let i = 0; i < features; i++) gradient[start + i]! += error * row[i]!;
        gradient[start + features]! += error;
      }
    });
    for (let k = 0; k < classes; k++) {
      for (let i = 0; i < features; i++) {
        const index = k * (features + 1) + i;
        total += (penalty / 2) * parameters[index]! ** 2;
        gradient[index]! += penalty * parameters[index]!;
      }
    }
    return total;
  };
  const parameters = minimise(loss, new Float64Array(size));
  const weights = Float64Array.from({ length: classes * features }, (_, index) => parameters[Math.floor(index / features) * (features + 1) + (index % features)]!);
  const bias = Float64Array.from({ length: classes }, (_, k) => parameters[k * (features + 1) + features]!);
  return {
    weights,
    bias,
    features,
    probabilities(row) {
      const scores = new Float64Array(classes);
      softmaxInto(parameters, row, features, scores, 0);
      return [...scores];
    },
  };
}

/** Probabilities into `scores`. @returns −log of that of `truth` */
function softmaxInto(parameters: Float64Array, row: ArrayLike<number>, features: number, scores: Float64Array, truth: number): number {
  let most = -Infinity;
  for (let k = 0; k < scores.length; k++) {
    const start = k * (features + 1);
    let score = parameters[start + features]!;
    for (let i = 0; i < features; i++) score += parameters[start + i]! * row[i]!;
    scores[k] = score;
    most = Math.max(most, score);
  }
  const own = scores[truth]!;
  let sum = 0;
  for (let k = 0; k < scores.length; k++) sum += scores[k] = Math.exp(scores[k]! - most);
  for (let k = 0; k < scores.length; k++) scores[k]! /= sum;
  return Math.log(sum) + most - own;
}

function minimise(loss: (at: Float64Array, gradient: Float64Array) => number, start: Float64Array): Float64Array {
  let at = start;
  let gradient = new Float64Array(at.length);
  let value = loss(at, gradient);
  const steps: { readonly s: Float64Array; readonly y: Float64Array; readonly rho: number }[] = [];
  for (let iteration = 0; iteration < mostIterations && Math.max(...gradient.map(Math.abs)) > tolerance; iteration++) {
    const direction = descent(gradient, steps);
    const slope = dot(direction, gradient);
    let length = steps.length === 0 ? 1 / Math.max(1, Math.sqrt(dot(gradient, gradient))) : 1;
    const next = new Float64Array(at.length);
    const nextGradient = new Float64Array(at.length);
    let nextValue = Infinity;
    // Armijo; the loss is convex, so a short enough step always helps
    for (let halving = 0; halving < 40; halving++, length /= 2) {
      for (let i = 0; i < at.length; i++) next[i] = at[i]! + length * direction[i]!;
      nextValue = loss(next, nextGradient);
      if (nextValue <= value + 1e-4 * length * slope) break;
    }
    if (!(nextValue < value)) break;
    const s = next.map((one, i) => one - at[i]!);
    const y = nextGradient.map((one, i) => one - gradient[i]!);
    const curvature = dot(s, y);
    if (curvature > 1e-12) steps.push({ s, y, rho: 1 / curvature });
    if (steps.length > memory) steps.shift();
    [at, gradient, value] = [next, nextGradient, nextValue];
  }
  return at;
}

/** The two-loop recursion. */
function descent(gradient: Float64Array, steps: readonly { readonly s: Float64Array; readonly y: Float64Array; readonly rho: number }[]): Float64Array {
  const direction = gradient.slice();
  const alphas = steps.map(() => 0);
  for (let k = steps.length - 1; k >= 0; k--) {
    const { s, y, rho } = steps[k]!;
    alphas[k] = rho * dot(s, direction);
    for (let i = 0; i < direction.length; i++) direction[i]! -= alphas[k]! * y[i]!;
  }
  const last = steps.at(-1);
  if (last) {
    const scale = 1 / (last.rho * dot(last.y, last.y));
    for (let i = 0; i < direction.length; i++) direction[i]! *= scale;
  }
  steps.forEach(({ s, y, rho }, k) => {
    const beta = rho * dot(y, direction);
    for (let i = 0; i < direction.length; i++) direction[i]! += (alphas[k]! - beta) * s[i]!;
  });
  return direction.map((one) => -one);
}

function dot(one: Float64Array, other: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < one.length; i++) sum += one[i]! * other[i]!;
  return sum;
}
