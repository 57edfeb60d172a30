/** A class or function that a pickle names: never called here, only recognised. */
export interface PickleGlobal {
  readonly global: string;
}

/** An object that the pickle wants to construct by calling a named function; nothing is called. */
export interface PickleCall {
  readonly call: string;
  readonly arguments: readonly unknown[];
  /** What was set on the result afterwards by `dict[key] = value`, `list.append` or `set.add` (the key is the place then). */
  readonly items: Map<unknown, unknown>;
  /** What its attributes were set to, as `__getstate__` gave them. */
  state?: unknown;
}

/** An object of a class, made without calling its constructor; it is only this record here. */
export interface PickleObject {
  /** For example `torch.nn.modules.conv.Conv2d`. */
  readonly ofClass: string;
  readonly arguments: readonly unknown[];
  readonly items: Map<unknown, unknown>;
  state?: unknown;
}

/** A reference to something outside the pickle. */
export interface PicklePersistent {
  readonly persistent: readonly unknown[];
}

export interface ReadPickle {
  readonly value: unknown;
  /** Offset behind it. */
  readonly end: number;
  /** Everything that Python would call, also where the value does not contain it. */
  readonly calls: ReadonlySet<string>;
  /** Every reference to something outside, in the order of the file. */
  readonly persistents: readonly PicklePersistent[];
}

/**
 * Reads a pickle (Python's pickletools.py, protocols 2 to 5) as data: whatever it would call is written down as a PickleCall, and
 * the objects that it would make as a PickleObject. Nothing is called, so a file cannot run anything.
 *
 * @throws Error naming the opcode, for anything that dictionaries, tensors and modules do not need
 */
export function readPickle(bytes: Uint8Array, begin = 0): ReadPickle {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const stack: unknown[] = [];
  const marks: number[] = [];
  const memo = new Map<number, unknown>();
  const calls = new Set<string>();
  const persistents: PicklePersistent[] = [];
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
  const length64 = (): number => number(8, (offset) => Number(view.getBigUint64(offset, true)));
  const pop = (): unknown => {
    if (stack.length === 0) throw new Error(`nothing on the stack at ${at}`);
    return stack.pop();
  };
  const toMark = (): unknown[] => {
    const mark = marks.pop();
    if (mark === undefined) throw new Error(`no mark at ${at}`);
    return stack.splice(mark);
  };
  const itemsOf = (target: unknown, what: string): Map<unknown, unknown> => {
    const items = target instanceof Map ? target : (target as Partial<PickleCall> | null | undefined)?.items;
    return items instanceof Map ? items : fail(`no ${what} at ${at}`);
  };
  const setItems = (pairs: readonly unknown[]): void => {
    const items = itemsOf(stack.at(-1), 'dictionary');
    for (let index = 0; index < pairs.length; index += 2) items.set(pairs[index], pairs[index + 1]);
  };
  const append = (values: readonly unknown[]): void => {
    const target = stack.at(-1);
    if (Array.isArray(target)) for (const value of values) target.push(value);
    else {
      const items = itemsOf(target, 'list');
      for (const value of values) items.set(items.size, value);
    }
  };
  const reduce = (given: unknown, callee: unknown): PickleCall => {
    const call = globalOf(callee);
    if (call === undefined || !Array.isArray(given)) return fail(`an odd call at ${at}`);
    calls.add(call);
    return { call, arguments: given, items: new Map() };
  };
  const make = (given: unknown, named: unknown): PickleObject => {
    const ofClass = globalOf(named);
    if (ofClass === undefined || !Array.isArray(given)) return fail(`an odd object at ${at}`);
    return { ofClass, arguments: given, items: new Map() };
  };
  const build = (state: unknown): void => {
    const target = stack.at(-1);
    if (isRecord(target)) target.state = state;
  };
  const tuple = (count: number): void => void stack.push(Array.from({ length: count }, pop).reverse());
  for (;;) {
    const opcode = String.fromCharCode(take(1)[0]!);
    switch (opcode) {
      case '\x80':
        take(1);
        break; // PROTO
      case '.':
        return { value: pop(), end: at, calls, persistents }; // STOP
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
      case '\x8c':
        stack.push(text(take(1)[0]!));
        break; // SHORT_BINUNICODE
      case '\x8d':
        stack.push(text(length64()));
        break; // BINUNICODE8
      case 'C':
        stack.push(take(take(1)[0]!));
        break; // SHORT_BINBYTES
      case 'B':
        stack.push(take(number(4, (offset) => view.getUint32(offset, true))));
        break; // BINBYTES
      case '\x8e':
      case '\x96':
        stack.push(take(length64()));
        break; // BINBYTES8, BYTEARRAY8
      case 'T':
        stack.push(text(number(4, (offset) => view.getInt32(offset, true))));
        break; // BINSTRING
      case '\x8b':
        stack.push(long(take(number(4, (offset) => view.getInt32(offset, true)))));
        break; // LONG4
      case 'c':
        stack.push({ global: `${line()}.${line()}` } satisfies PickleGlobal);
        break; // GLOBAL
      case '\x93': {
        const name = pop();
        stack.push({ global: `${String(pop())}.${String(name)}` } satisfies PickleGlobal);
        break; // STACK_GLOBAL
      }
      case '\x8f':
        stack.push([]);
        break; // EMPTY_SET
      case '\x95':
        take(8);
        break; // FRAME
      case '\x94':
        memo.set(memo.size, stack.at(-1));
        break; // MEMOIZE
      case '0':
        pop();
        break; // POP
      case '1':
        toMark();
        break; // POP_MARK
      case '2':
        stack.push(stack.at(-1));
        break; // DUP
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
      case 'Q': {
        const persistent = pop();
        persistents.push({ persistent: Array.isArray(persistent) ? persistent : fail(`an odd reference at ${at}`) });
        stack.push(persistents.at(-1));
        break; // BINPERSID
      }
      case 'R': {
        const given = pop();
        stack.push(reduce(given, pop()));
        break; // REDUCE
      }
      case '\x81': {
        const given = pop();
        stack.push(make(given, pop()));
        break; // NEWOBJ
      }
      case '\x92': {
        const named = pop();
        const given = pop();
        stack.push(make([...(Array.isArray(given) ? given : []), named], pop()));
        break; // NEWOBJ_EX
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
      case '\x90':
        append(toMark());
        break; // ADDITEMS
      case '\x91':
        stack.push(toMark());
        break; // FROZENSET
      case 'b':
        build(pop());
        break; // BUILD: attributes of an object, such as the `_metadata` of a state_dict
      default:
        throw new Error(`opcode ${JSON.stringify(opcode)} at ${at - 1} is not data`);
    }
  }
}

/** The name of a global, also where PyTorch before 1.6 put a class with its source code into a persistent identifier. */
function globalOf(value: unknown): string | undefined {
  const { global, persistent } = (value ?? {}) as Partial<PickleGlobal & PicklePersistent>;
  if (typeof global === 'string') return global;
  return Array.isArray(persistent) && persistent[0] === 'module' ? globalOf(persistent[1]) : undefined;
}

function isRecord(value: unknown): value is PickleCall | PickleObject {
  return typeof value === 'object' && value !== null && ('call' in value || 'ofClass' in value);
}

function fail(detail: string): never {
  throw new Error(detail);
}

/** Little-endian two's complement; what does not fit a double exactly stays a bigint. */
function long(bytes: Uint8Array): number | bigint {
  const magnitude = bytes.reduceRight((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
  const value = BigInt.asIntN(8 * bytes.length, magnitude);
  return Number.isSafeInteger(Number(value)) ? Number(value) : value;
}
