/** Keys and signatures for tests. */
import { createHash, generateKeyPairSync, type KeyObject, sign } from "node:crypto";

/** Signs as minisign does, or as signify (`legacy`). */
export class Signer {
  readonly id = Buffer.from(crypto.getRandomValues(new Uint8Array(8)));
  readonly #private: KeyObject;
  readonly publicText: string;

  constructor(comment = "a key") {
    const { publicKey, privateKey } = generateKeyPairSync("ed25519");
    this.#private = privateKey;
    const raw = publicKey.export({ format: "der", type: "spki" }).subarray(-32);
    const data = Buffer.concat([Buffer.from("Ed"), this.id, raw]).toString("base64");
    this.publicText = `untrusted comment: ${comment}\n${data}\n`;
  }

  sign(file: Uint8Array, { legacy = false, comment = "timestamp:1" } = {}): string {
    const message = legacy ? file : createHash("blake2b512").update(file).digest();
    const signature = sign(null, message, this.#private);
    const data = Buffer.concat([Buffer.from(legacy ? "Ed" : "ED"), this.id, signature]).toString("base64");
    const global = sign(null, Buffer.concat([signature, Buffer.from(comment)]), this.#private).toString("base64");
    return `untrusted comment: x\n${data}\n${legacy ? "" : `trusted comment: ${comment}\n${global}\n`}`;
  }
}
