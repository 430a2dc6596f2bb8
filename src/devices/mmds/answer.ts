/** From bytes of a connection to the bytes of an answer. */
import { HttpError } from "../../http/error.ts";
import type { MmdsCounters } from "./counters.ts";
import { encodeMmdsResponse, endsConnection, takeRequest } from "./http.ts";
import type { Answer } from "./net/connection.ts";
import type { MmdsService } from "./service.ts";

/** What a connection asks when something has come. */
export function answering(service: MmdsService, counters: MmdsCounters) {
  return (bytes: Buffer, isWhole: boolean): Answer | undefined => {
    try {
      const { request, length } = takeRequest(bytes);
      if (!request) {
        if (!isWhole || bytes.length === 0) return undefined;
        throw new HttpError("Invalid request.");
      }
      counters.mmdsRequests++;
      const isLast = endsConnection(request);
      return {
        bytes: encodeMmdsResponse(service.answer(request, counters), request.version, isLast),
        used: length,
        isLast,
      };
    } catch (error) {
      if (!(error instanceof HttpError)) throw error;
      // Nothing after it can be told apart.
      const response = { status: 400, body: error.message };
      return { bytes: encodeMmdsResponse(response, "HTTP/1.1", true), used: bytes.length, isLast: true };
    }
  };
}
