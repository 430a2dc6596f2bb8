/** What the metadata service has to tell, for as long as a VM lives. */
import { DEFAULT_MMDS_BYTES } from "../../config/mmds.ts";
import { type Json, mergePatch, metadataText, parseMetadata } from "./json.ts";

/** The texts are Firecracker's. */
export class MmdsStoreError extends Error {
  override readonly name = "MmdsStoreError";
  /** There is more than the store takes. */
  readonly isTooMuch: boolean;

  constructor(message: string, isTooMuch: boolean) {
    super(message);
    this.isTooMuch = isTooMuch;
  }
}

/**
 * One JSON document. It is replaced as a whole, never changed in place, and by the thread that also answers the guest: a
 * reader sees either the old or the new one.
 */
export class MmdsStore {
  /** Bytes that the document may have, written without blanks. */
  readonly limit: number;
  #document: Json = null;
  #text: string | undefined;

  /** @param text what it begins with: what another store's `text` was */
  constructor(limit = DEFAULT_MMDS_BYTES, text?: string) {
    this.limit = limit;
    if (text !== undefined) this.put(text);
  }

  /** Null before the first `put`. */
  get document(): Json {
    return this.#document;
  }

  /** The document as JSON; undefined before the first `put`. */
  get text(): string | undefined {
    return this.#text;
  }

  /** @throws SyntaxError, MmdsStoreError */
  put(text: string): void {
    this.#set(parseMetadata(text));
  }

  /** A JSON merge patch. @throws SyntaxError, MmdsStoreError */
  patch(text: string): void {
    const patch = parseMetadata(text);
    if (this.#text === undefined) throw new MmdsStoreError("The MMDS data store is not initialized.", false);
    this.#set(mergePatch(this.#document, patch));
  }

  #set(document: Json): void {
    const text = metadataText(document);
    if (Buffer.byteLength(text) > this.limit) throw new MmdsStoreError("The MMDS patch request doesn't fit.", true);
    this.#document = document;
    this.#text = text;
  }
}
