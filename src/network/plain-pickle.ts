/** A class or function that a pickle names: never called here, only recognised. */
export interface PickleGlobal {
  readonly global: string;
}

/** An object that the pickle wants to construct by calling a named function; nothing is called. */
export interface PickleCall {
  readonly call: string;
  readonly arguments: readonly unknown[];
  /** What was set on the result afterwards by `dict[key] = value`. */
  readonly items: Map<unknown, unknown>;
}

/** A reference to something outside the pickle. */
export interface PicklePersistent {
  readonly persistent: readonly unknown[];
}

/**
 * Reads a pickle (Python's pickletools.py, protocol 2 as `torch.save` writes it) as data: whatever it would call is written
 * down as a PickleCall and not called, so a file cannot run anything.
 *
 * @returns the value and the offset behind it
 * @throws Error naming the opcode, for anything that a dictionary of tensors does not need
 */
export function readPickle(bytes: Uint8Array, begin = 0): { readonly value: unknown; readonly end: number } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const stack: unknown[] = [];
  const marks: number[] = [];
  const memo = new Map<number, unknown>();
  let at = begin;
  const take = (count: number): Uint8Array => {
    if (count < 0 || at + count > bytes.length) throw new Error(`truncated at ${at}`);
    return bytes.subarray(at, (at += count));
  };
  const text = (count: number): string => new TextDecoder('utf-8', { fatal: true }).decode(take(count));
  const line = (): string => {
    const end = bytes.indexOf(0x0a, at);
    if (end < 0) throw new Error(`truncated at ${at}`);
    const found = text(end - at);
    at++;
    return found;
  };
  const number = (size: number, read: (offset: number) => number): number => {
    const offset = at;
    take(size);
    return read(offset);
  };
  const pop = (): unknown => {
    if (stack.length === 0) throw new Error(`nothing on the stack at ${at}`);
    return stack.pop();
  };
  const toMark = (): unknown[] => {
    const mark = marks.pop();
    if (mark === undefined) throw new Error(`no mark at ${at}`);
    return stack.splice(mark);
  };
  const setItems = (pairs: readonly unknown[]): void => {
    const target = stack.at(-1);
    const items = target instanceof Map ? target : (target as PickleCall | undefined)?.items;
    if (!items) throw new Error(`no dictionary at ${at}`);
    for (let index = 0; index < pairs.length; index += 2) items.set(pairs[index], pairs[index + 1]);
  };
  const append = (values: readonly unknown[]): void => {
    const target = stack.at(-1);
    if (!Array.isArray(target)) throw new Error(`no list at ${at}`);
    for (const value of values) target.push(value);
  };
  const tuple = (count: number): void => void stack.push(Array.from({ length: count }, pop).reverse());
  for (;;) {
    const opcode = String.fromCharCode(take(1)[0]!);
    switch (opcode) {
      case '\x80':
        take(1);
        break; // PROTO
      case '.':
        return { value: pop(), end: at }; // STOP
      case '(':
        marks.push(stack.length);
        break; // MARK
      case '}':
        stack.push(new Map());
        break; // EMPTY_DICT
      case ']':
        stack.push([]);
        break; // EMPTY_LIST
      case ')':
        stack.push([]);
        break; // EMPTY_TUPLE
      case 't':
        stack.push(toMark());
        break; // TUPLE
      case '\x85':
        tuple(1);
        break;
      case '\x86':
        tuple(2);
        break;
      case '\x87':
        tuple(3);
        break;
      case 'N':
        stack.push(null);
        break;
      case '\x88':
        stack.push(true);
        break;
      case '\x89':
        stack.push(false);
        break;
      case 'K':
        stack.push(take(1)[0]!);
        break; // BININT1
      case 'M':
        stack.push(number(2, (offset) => view.getUint16(offset, true)));
        break; // BININT2
      case 'J':
        stack.push(number(4, (offset) => view.getInt32(offset, true)));
        break; // BININT
      case 'G':
        stack.push(number(8, (offset) => view.getFloat64(offset, false)));
        break; // BINFLOAT
      case '\x8a':
        stack.push(long(take(take(1)[0]!)));
        break; // LONG1
      case 'X':
        stack.push(text(number(4, (offset) => view.getUint32(offset, true))));
        break; // BINUNICODE
      case 'U':
        stack.push(text(take(1)[0]!));
        break; // SHORT_BINSTRING
      case 'c':
        stack.push({ global: `${line()}.${line()}` } satisfies PickleGlobal);
        break; // GLOBAL
      case 'q':
        memo.set(take(1)[0]!, stack.at(-1));
        break; // BINPUT
      case 'r':
        memo.set(
          number(4, (offset) => view.getUint32(offset, true)),
          stack.at(-1),
        );
        break; // LONG_BINPUT
      case 'h':
        stack.push(memo.get(take(1)[0]!));
        break; // BINGET
      case 'j':
        stack.push(memo.get(number(4, (offset) => view.getUint32(offset, true))));
        break; // LONG_BINGET
      case 'Q':
        stack.push({ persistent: pop() as unknown[] } satisfies PicklePersistent);
        break; // BINPERSID
      case 'R': {
        // REDUCE
        const given = pop();
        const { global } = pop() as PickleGlobal;
        if (typeof global !== 'string' || !Array.isArray(given)) throw new Error(`an odd call at ${at}`);
        stack.push({ call: global, arguments: given, items: new Map() } satisfies PickleCall);
        break;
      }
      case 's': {
        // SETITEM
        const value = pop();
        setItems([pop(), value]);
        break;
      }
      case 'u':
        setItems(toMark());
        break; // SETITEMS
      case 'a':
        append([pop()]);
        break; // APPEND
      case 'e':
        append(toMark());
        break; // APPENDS
      case 'b':
        pop();
        break; // BUILD: attributes of an object, such as the `_metadata` of a state_dict
      default:
        throw new Error(`opcode ${JSON.stringify(opcode)} at ${at - 1} is not data`);
    }
  }
}

/** Little-endian two's complement; what does not fit a double exactly stays a bigint. */
function long(bytes: Uint8Array): number | bigint {
  const magnitude = bytes.reduceRight((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
  const value = BigInt.asIntN(8 * bytes.length, magnitude);
  return Number.isSafeInteger(Number(value)) ? Number(value) : value;
}
