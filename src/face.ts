/** Which face the second stage wears, by its plan. Each is loaded when it is worn. */
import { type Face, ownFace } from "./machine/face.ts";
import type { Plan } from "./machine/plan.ts";
import type { Counts } from "./observe/metrics/counts.ts";

export async function faceOf({ face }: Plan, counts: Counts): Promise<Face> {
  switch (face?.name) {
    case undefined:
      return ownFace(undefined);
    case "volt": {
      const { serveRunning } = await import("./api/running.ts");
      return ownFace(serveRunning(face.data));
    }
    case "firecracker": {
      const { firecrackerFace } = await import("./firecracker/face.ts");
      return firecrackerFace(face.data, counts);
    }
  }
}
