/** `volt schema`: the documents that are made of volt's schemas, for editors and clients. */
import { defineCommand } from "citty";
import config from "../../docs/config.schema.json" with { type: "text" };
import api from "../../docs/openapi.json" with { type: "text" };
import { ConfigError } from "../config/error.ts";
import { print } from "./failure.ts";

const STDOUT = 1;
/** To the compiler a .json is what is in it, whatever it is imported as. */
const DOCUMENTS: Readonly<Record<string, string>> = {
  config: config as unknown as string,
  api: api as unknown as string,
};

export const schemaCommand = defineCommand({
  meta: {
    name: "schema",
    description: "prints what a program can check by: config, a JSON Schema of --config's file; api, OpenAPI",
  },
  args: { what: { type: "positional", required: false, valueHint: "config|api", description: "which document" } },
  run({ args }) {
    if (args.what === undefined)
      throw new ConfigError("", "schema", "which document? config or api: volt schema config");
    const text = Object.hasOwn(DOCUMENTS, args.what) ? DOCUMENTS[args.what] : undefined;
    if (text === undefined) throw new ConfigError("", "schema", `"${args.what}" is not one of config, api`);
    print(STDOUT, text);
  },
});
