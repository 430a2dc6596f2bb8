import type { Operation } from "./operation.ts";

/** Operations in the order they came, each at most once. Allocates nothing after it was made. */
export class OperationQueue {
  readonly #entries: (Operation | undefined)[];
  #first = 0;
  #count = 0;

  /** @param most operations there are */
  constructor(most: number) {
    this.#entries = new Array<Operation | undefined>(most).fill(undefined);
  }

  get count(): number {
    return this.#count;
  }

  push(operation: Operation): void {
    this.#entries[(this.#first + this.#count++) % this.#entries.length] = operation;
  }

  /** Takes the oldest, if there is one. */
  shift(): Operation | undefined {
    if (this.#count === 0) return undefined;
    const operation = this.#entries[this.#first];
    this.#first = (this.#first + 1) % this.#entries.length;
    this.#count--;
    return operation;
  }
}
