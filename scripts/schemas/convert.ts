/** From valibot's schemas to JSON Schema (2020-12), as OpenAPI 3.1 has it. */
import { type ConversionConfig, type JsonSchema, toJsonSchema } from "@valibot/to-json-schema";
import type { GenericSchema, LazySchema } from "valibot";

/** What a check in code says has no words there: a document allows a little more than volt does. */
const CONFIG: ConversionConfig = {
  errorMode: "ignore",
  typeMode: "input",
  overrideSchema({ valibotSchema }) {
    if (valibotSchema.type !== "lazy") return undefined;
    const { getter } = valibotSchema as unknown as LazySchema<GenericSchema>;
    return { anyOf: ["", {}].map((input) => convert(getter(input))) };
  },
};

export function convert(schema: GenericSchema): JsonSchema {
  const { $schema: _, ...rest } = toJsonSchema(schema as never, CONFIG);
  return rest;
}
