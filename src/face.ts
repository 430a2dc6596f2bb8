/** Which face the second stage wears, by its plan. Each is loaded when it is worn. */
import { type Face, ownFace } from "./machine/face.ts";
import type { Plan } from "./machine/plan.ts";
import type { Counts } from "./observe/metrics/counts.ts";

export async function faceOf({ face }: Plan, counts: Counts): Promise<Face> {
  switch (face?.name) {
    case undefined:
      return ownFace({ serve: undefined });
    case "volt": {
      const { runFace } = await import("./api/own-face.ts");
      return runFace(face.data);
    }
    case "firecracker": {
      const { firecrackerFace } = await import("./firecracker/face.ts");
      return firecrackerFace(face.data, counts);
    }
  }
}
