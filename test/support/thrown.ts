import { SystemError } from "../../ffi/error.ts";

/** The SystemError a call throws; a call that throws none, or another error, fails the test. */
export function systemError(call: () => unknown): SystemError {
  try {
    call();
  } catch (error) {
    if (error instanceof SystemError) return error;
    throw error;
  }
  throw new Error("expected a SystemError, and the call succeeded");
}
