/** Which face the second stage wears, by its plan. Each is loaded when it is worn. */
import { type Face, ownFace } from "./machine/face.ts";
import type { Plan } from "./machine/plan.ts";

export async function faceOf({ api }: Plan): Promise<Face> {
  if (api === undefined) return ownFace(undefined);
  const { serveRunning } = await import("./api/running.ts");
  return ownFace(serveRunning(api));
}
