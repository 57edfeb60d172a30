/** A line that counts, on standard error, and only where a person looks at it. */
export function progressLine(what: string, silent: boolean): { readonly tell: (done: number, total: number) => void; readonly end: () => void } {
  const shown = !silent && process.stderr.isTTY;
  let last = 0;
  return {
    tell: (done, total) => {
      const now = Date.now();
      if (!shown || (now - last < 200 && done < total)) return;
      last = now;
      process.stderr.write(`\r${what} ${done} of ${total}\u001b[K`);
    },
    end: () => {
      if (shown) process.stderr.write('\r\u001b[K');
    },
  };
}
