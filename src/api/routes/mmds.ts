/** What the metadata service tells the guest: the same requests before the start and after it. */
import { type MmdsStore, MmdsStoreError } from "../../devices/mmds/store.ts";
import { parsing } from "../body.ts";
import type { HttpResponse } from "../http/response.ts";
import { type Call, Fault, NO_CONTENT, type Routes } from "../router.ts";

/** What there is to tell. */
export interface MmdsAccess {
  /** @throws Fault where there is none */
  store(): MmdsStore;
  /** It has something else to tell. */
  changed?(store: MmdsStore): void;
  /** `PUT /mmds/config`. */
  configure(call: Call): HttpResponse;
}

export const NO_STORE = "MMDS error: The MMDS data store is not initialized.";

export function mmdsRoutes(access: MmdsAccess): Routes {
  const change = (how: "put" | "patch", body = ""): HttpResponse => {
    const store = access.store();
    taking(() => store[how](body));
    access.changed?.(store);
    return NO_CONTENT;
  };
  return {
    "GET mmds": () => ({ status: 200, body: textOf(access.store()) }),
    "PATCH mmds": ({ body }) => change("patch", body),
    "PUT mmds": (call) => {
      const [, second] = call.path;
      if (second === undefined) return change("put", call.body);
      if (second === "config") return access.configure(call);
      throw new Fault(`Unrecognized PUT request path \`${second}\`.`);
    },
  };
}

/** @throws Fault with Firecracker's text for what can't be taken */
export function taking(take: () => void): void {
  try {
    parsing(take);
  } catch (error) {
    if (!(error instanceof MmdsStoreError)) throw error;
    if (error.isTooMuch) throw new Fault(`MMDS limit exceeded error: ${error.message}`, 413);
    throw new Fault(`MMDS error: ${error.message}`);
  }
}

/** Firecracker shows "none" and null as an empty object. */
function textOf({ text = "null" }: MmdsStore): string {
  return text === "null" ? "{}" : text;
}
