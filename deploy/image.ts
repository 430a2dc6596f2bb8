/** How the image is run, read from the Containerfile: the one place that says it. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { DockerfileParser } from "dockerfile-ast";

export interface ImageSettings {
  readonly entrypoint: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly stopSignal: string;
  readonly healthCheck: readonly string[];
}

export function imageSettings(text = readFileSync(join(import.meta.dirname, "Containerfile"), "utf8")): ImageSettings {
  const file = DockerfileParser.parse(text);
  const entrypoint = file.getENTRYPOINTs()[0]?.getJSONStrings() ?? [];
  const variables = file.getENVs().flatMap((one) => one.getProperties());
  const stop = file.getInstructions().find((one) => one.getKeyword() === "STOPSIGNAL");
  const health = file.getHEALTHCHECKs()[0]?.getArgumentsContent() ?? "";
  return {
    entrypoint: entrypoint.map((word) => word.getJSONValue()),
    env: Object.fromEntries(variables.map((one) => [one.getName(), one.getValue() ?? ""])),
    stopSignal: stop?.getArgumentsContent() ?? "",
    healthCheck: JSON.parse(health.replace(/^CMD /, "")),
  };
}
