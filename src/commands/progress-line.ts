export interface ProgressLine {
  tell(done: number, total: number): void;
  show(text: string): void;
  end(): void;
}

/** A line that counts, on standard error, and only where a person looks at it. */
export function progressLine(what: string, silent: boolean): ProgressLine {
  const shown = !silent && process.stderr.isTTY;
  let last = 0;
  const write = (text: string, final: boolean): void => {
    const now = Date.now();
    if (!shown || (now - last < 200 && !final)) return;
    last = now;
    process.stderr.write(`\r${text}\u001b[K`);
  };
  return {
    tell: (done, total) => write(`${what} ${done} of ${total}`, done >= total),
    show: (text) => write(text, false),
    end: () => {
      if (shown) process.stderr.write('\r\u001b[K');
    },
  };
}
