/** Works on a few at a time and gives the outcomes in the order of what was given, each as soon as those before it are there. */
export async function* inOrder<T, Outcome>(
  given: AsyncIterable<T>,
  atOnce: number,
  work: (one: T) => Promise<Outcome>,
): AsyncGenerator<Outcome> {
  const running: Promise<Outcome>[] = [];
  try {
    for await (const one of given) {
      running.push(work(one));
      // its failure is told when its turn comes
      running.at(-1)!.catch(() => undefined);
      if (running.length >= atOnce) yield await running.shift()!;
    }
    while (running.length > 0) yield await running.shift()!;
  } finally {
    await Promise.allSettled(running);
  }
}
