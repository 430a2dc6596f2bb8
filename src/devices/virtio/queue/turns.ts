/**
 * Whose turn it is, where several queues share what does not last for all: what a rate limiter lets through, requests that
 * a disk may have at once. Who is served first has most, so the first that got something goes last the next time.
 */
export class Turns {
  #first = 0;

  /**
   * Everybody has a turn. One that got nothing keeps its place: what it asks for may need all that there will be.
   * @param count queues, or whatever has turns
   * @param serve is called for each, and says whether it got something; made once, since a hot path calls this
   */
  round(count: number, serve: (index: number) => boolean): void {
    const first = this.#first;
    let hasMoved = false;
    for (let i = 0; i < count; i++) {
      const index = (first + i) % count;
      if (!serve(index) || hasMoved) continue;
      hasMoved = true;
      this.#first = (index + 1) % count;
    }
  }
}
