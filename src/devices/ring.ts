/** Words of head and tail, on a cache line each: two threads write them. */
const HEAD = 0;
const TAIL = 16;
const HEADER_BYTES = 128;

/**
 * A bounded byte queue in shared memory, for one thread that puts and one that takes (or several behind a lock).
 *
 * Head and tail count bytes ever put and taken, modulo 2^32. They are free-running, so full and empty look different
 * and all `capacity` bytes are used; the level is their difference, right across the wrap because the capacity is a
 * power of two below 2^32. Each is read once an operation: the other side moves it at any time, always in the
 * direction that makes what was read a safe answer.
 */
export class ByteRing {
  readonly capacity: number;
  readonly #counters: Int32Array;
  readonly #data: Uint8Array;
  readonly #mask: number;

  /** Bytes of shared memory a ring takes. */
  static stateBytes(capacity: number): number {
    return HEADER_BYTES + capacity;
  }

  /**
   * @param offset where in `state` it starts, a multiple of 4; zeroed memory there is an empty ring
   * @throws RangeError when the capacity is not a power of two below 2^31
   */
  constructor(state: ArrayBuffer, offset: number, capacity: number) {
    if (capacity < 1 || capacity >= 2 ** 31 || !Number.isInteger(Math.log2(capacity))) {
      throw new RangeError(`a ring of ${capacity} bytes: its size must be a power of two`);
    }
    this.capacity = capacity;
    this.#counters = new Int32Array(state, offset, HEADER_BYTES / 4);
    this.#data = new Uint8Array(state, offset + HEADER_BYTES, capacity);
    this.#mask = capacity - 1;
  }

  /** Bytes that can be taken. */
  get level(): number {
    return (Atomics.load(this.#counters, HEAD) - Atomics.load(this.#counters, TAIL)) >>> 0;
  }

  /** Bytes ever put and ever taken, each modulo 2^32. */
  get put(): number {
    return Atomics.load(this.#counters, HEAD) >>> 0;
  }
  get taken(): number {
    return Atomics.load(this.#counters, TAIL) >>> 0;
  }

  /** Bytes that can be put. */
  get room(): number {
    return this.capacity - this.level;
  }

  /** Puts a byte. @returns false when the ring is full */
  push(byte: number): boolean {
    const head = Atomics.load(this.#counters, HEAD);
    if ((head - Atomics.load(this.#counters, TAIL)) >>> 0 >= this.capacity) return false;
    this.#data[head & this.#mask] = byte;
    Atomics.store(this.#counters, HEAD, (head + 1) | 0);
    return true;
  }

  /** Puts as many of `bytes`, from the first, as there is room for. @returns how many */
  pushMany(bytes: Uint8Array): number {
    const head = Atomics.load(this.#counters, HEAD);
    const count = Math.min(bytes.length, this.capacity - ((head - Atomics.load(this.#counters, TAIL)) >>> 0));
    const at = head & this.#mask;
    const untilEnd = Math.min(count, this.capacity - at);
    this.#data.set(bytes.subarray(0, untilEnd), at);
    this.#data.set(bytes.subarray(untilEnd, count), 0);
    Atomics.store(this.#counters, HEAD, (head + count) | 0);
    return count;
  }

  /** Takes a byte, or -1 when the ring is empty. */
  pop(): number {
    const tail = Atomics.load(this.#counters, TAIL);
    if (Atomics.load(this.#counters, HEAD) === tail) return -1;
    const byte = this.#data[tail & this.#mask]!;
    Atomics.store(this.#counters, TAIL, (tail + 1) | 0);
    return byte;
  }

  /** The bytes that can be taken, as far as they lie in one piece: a view, good until `consume`. */
  readable(): Uint8Array {
    const tail = Atomics.load(this.#counters, TAIL);
    const level = (Atomics.load(this.#counters, HEAD) - tail) >>> 0;
    const at = tail & this.#mask;
    return this.#data.subarray(at, Math.min(at + level, this.capacity));
  }

  /** Takes the next `count` bytes; more than there are takes them all. */
  consume(count: number): void {
    const tail = Atomics.load(this.#counters, TAIL);
    const level = (Atomics.load(this.#counters, HEAD) - tail) >>> 0;
    Atomics.store(this.#counters, TAIL, (tail + Math.min(count, level)) | 0);
  }
}
