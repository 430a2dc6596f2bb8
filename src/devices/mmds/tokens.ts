/**
 * Session tokens. One says when it ends, and carries the proof that this VM's service has said so: none is kept, so no
 * client in the guest can push another's out.
 */
import { monotonicNs } from "../../../ffi/clock.ts";

/** Seconds that a token may be good for. */
export const TOKEN_SECONDS = { min: 1, max: 21_600 } as const;

const KEY_BYTES = 32;
const EXPIRY_BYTES = 8;
/** So that no two are alike. */
const NONCE_BYTES = 12;
const CLAIM_BYTES = EXPIRY_BYTES + NONCE_BYTES;
/** SHA-256's. */
const PROOF_BYTES = 32;
const TOKEN_CHARACTERS = Math.ceil((CLAIM_BYTES + PROOF_BYTES) / 3) * 4;

export class TokenAuthority {
  /** Of this process alone: a token ends with it. */
  readonly #key = crypto.getRandomValues(new Uint8Array(KEY_BYTES));
  readonly #about: string;
  readonly #now: () => number;

  /**
   * @param instance the VM's name: another one's tokens mean nothing here
   * @param now nanoseconds of a clock that is never set back
   */
  constructor(instance: string, now = monotonicNs) {
    this.#about = `microvmid=${instance}`;
    this.#now = now;
  }

  /** @param seconds within TOKEN_SECONDS */
  issue(seconds: number): string {
    const claim = Buffer.alloc(CLAIM_BYTES);
    claim.writeDoubleLE(this.#now() + seconds * 1e9);
    crypto.getRandomValues(claim.subarray(EXPIRY_BYTES));
    return Buffer.concat([claim, this.#proofOf(claim)]).toString("base64");
  }

  isValid(token: string): boolean {
    if (token.length !== TOKEN_CHARACTERS) return false;
    const bytes = Buffer.from(token, "base64");
    // The decoder skips what is no base64.
    if (bytes.toString("base64") !== token) return false;
    const claim = bytes.subarray(0, CLAIM_BYTES);
    return areEqual(this.#proofOf(claim), bytes.subarray(CLAIM_BYTES)) && claim.readDoubleLE() > this.#now();
  }

  #proofOf(claim: Uint8Array): Uint8Array {
    return new Bun.CryptoHasher("sha256", this.#key).update(this.#about).update("\0").update(claim).digest();
  }
}

/** In a time that tells nothing of where they differ. Both are as long. */
function areEqual(a: Uint8Array, b: Uint8Array): boolean {
  let difference = 0;
  for (let i = 0; i < a.length; i++) difference |= a[i]! ^ b[i]!;
  return difference === 0;
}
