/** The two documents that are made of the schemas, as text. */

import { MAX_BODY_BYTES } from "../../src/api/planned.ts";
import { FIRECRACKER_SECTIONS, WITHOUT_EFFECT } from "../../src/config/firecracker-file.ts";
import { VmConfigSchema } from "../../src/config/schema.ts";
import { FIRECRACKER_VERSION, VERSION } from "../../src/version.ts";
import * as answer from "./answers.ts";
import { convert } from "./convert.ts";
import { OPERATIONS, type Operation } from "./operations.ts";

/** By their names in docs/. */
export function documents(): ReadonlyMap<string, string> {
  return new Map([
    ["openapi.json", text(openApi())],
    ["config.schema.json", text(configSchema())],
  ]);
}

export function configSchema() {
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title: "A VM for `volt run --config`",
    ...forFirecrackerFiles(convert(VmConfigSchema)),
  };
}

/** What `fromFirecracker` takes besides: a section that is null, and what has no effect. */
function forFirecrackerFiles(vm: ReturnType<typeof convert>) {
  const all = vm.properties as Record<string, ReturnType<typeof convert>>;
  const sections = FIRECRACKER_SECTIONS.filter((name) => Object.hasOwn(all, name)).map((name) => {
    const idle = Object.entries(WITHOUT_EFFECT[name] ?? {}).map(
      ([field, values]) => [field, { enum: values }] as const,
    );
    const section = all[name]!;
    const properties = idle.length > 0 ? { properties: { ...section.properties, ...Object.fromEntries(idle) } } : {};
    const orNull = section.type
      ? { ...section, type: [section.type, "null"] as const, ...properties }
      : { anyOf: [section, { type: "null" }] };
    return [name, orNull] as const;
  });
  const lacking = { pmem: { enum: [[], null] }, "memory-hotplug": { type: "null" } };
  return { ...vm, properties: { ...all, ...Object.fromEntries(sections), ...lacking } };
}

export function openApi() {
  const byPath = Map.groupBy(OPERATIONS, ({ path }) => path);
  const paths = Object.fromEntries(
    [...byPath].map(([path, list]) => [path, Object.fromEntries(list.map((one) => [one.method, describe(one)]))]),
  );
  return {
    openapi: "3.1.0",
    info: {
      title: "volt's control API",
      version: VERSION,
      description: `HTTP on a Unix socket, in the manner of Firecracker ${FIRECRACKER_VERSION}. A body has at most ${MAX_BODY_BYTES} bytes, unless started otherwise.`,
    },
    paths,
    components: { schemas: { Fault: convert(answer.fault) } },
  };
}

function describe({ path, does, when, body, bodyIsOptional, answer: schema, mediaType }: Operation) {
  const ids = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name!);
  const isTaken = when !== undefined;
  return {
    summary: does,
    ...(isTaken ? { description: `Taken: ${when}.` } : {}),
    ...(ids.length > 0
      ? { parameters: ids.map((name) => ({ name, in: "path", required: true, schema: { type: "string" } })) }
      : {}),
    ...(body ? { requestBody: { required: bodyIsOptional !== true, content: json(convert(body)) } } : {}),
    responses: {
      ...(isTaken && schema
        ? {
            200: {
              description: "It is so.",
              content: { [mediaType ?? "application/json"]: { schema: convert(schema) } },
            },
          }
        : {}),
      ...(isTaken && !schema ? { 204: { description: "It is done." } } : {}),
      400: { description: "It can't be.", content: json({ $ref: "#/components/schemas/Fault" }) },
    },
  };
}

function json(schema: unknown) {
  return { "application/json": { schema } };
}

function text(document: unknown): string {
  return `${JSON.stringify(document, null, 2)}\n`;
}
