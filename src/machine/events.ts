/** What happens to a machine, for those who listen. */

export type MachineEvent =
  | { readonly event: "paused" | "resumed" }
  /** The guest was asked to go down. */
  | { readonly event: "stopping"; readonly by: string }
  /** How it ended, and volt's exit status. */
  | { readonly event: "ended"; readonly how: string; readonly status: number };

export class EventFeed {
  readonly #listeners = new Set<(event: MachineEvent) => void>();

  /** @returns how to stop listening */
  subscribe(listener: (event: MachineEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  tell(event: MachineEvent): void {
    for (const listener of this.#listeners) listener(event);
  }
}
