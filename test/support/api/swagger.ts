/**
 * Firecracker's own description of its API, as the judge of requests and answers. It is no part of volt: FIRECRACKER_SWAGGER
 * names the file where it is at hand; without the variable it may lie beside the clone. Who has neither does without.
 */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { ValidateFunction } from "ajv";
import Ajv04 from "ajv-draft-04";
import { ROOT } from "../source-tree.ts";

interface SwaggerSchema {
  readonly $ref?: string;
  readonly type?: string;
  readonly properties?: Readonly<Record<string, SwaggerSchema>>;
  readonly required?: readonly string[];
  readonly enum?: readonly string[];
}

interface SwaggerOperation {
  readonly parameters?: readonly { readonly in: string; readonly schema?: SwaggerSchema }[];
  readonly responses: Readonly<Record<string, { readonly schema?: SwaggerSchema }>>;
}

export class Swagger {
  readonly paths: Readonly<Record<string, Readonly<Record<string, SwaggerOperation>>>>;
  readonly #definitions: Readonly<Record<string, SwaggerSchema>>;
  readonly #ajv = new Ajv04({ strict: false, validateFormats: false });
  readonly #validators = new Map<string, ValidateFunction>();

  constructor(text: string) {
    const { paths, definitions } = Bun.YAML.parse(text) as {
      paths: Swagger["paths"];
      definitions: Record<string, SwaggerSchema>;
    };
    this.paths = paths;
    this.#definitions = definitions;
  }

  /** Of a path in the description, or of one that its pattern stands for. */
  operation(method: string, path: string): SwaggerOperation | undefined {
    const entry = Object.entries(this.paths).find(([pattern]) => {
      return new RegExp(`^${pattern.replaceAll(/\{\w+\}/g, "[^/]+")}$`).test(path);
    });
    return entry?.[1][method.toLowerCase()];
  }

  bodyOf(operation: SwaggerOperation): SwaggerSchema | undefined {
    return operation.parameters?.find((one) => one.in === "body")?.schema;
  }

  resolved(schema: SwaggerSchema): SwaggerSchema {
    return schema.$ref === undefined ? schema : this.#definitions[schema.$ref.slice("#/definitions/".length)]!;
  }

  /** @returns what is wrong; undefined for nothing, and for what the description does not know */
  problemOfAnswer(method: string, path: string, status: number, body: unknown): string | undefined {
    const responses = this.operation(method, path)?.responses;
    if (!responses) return undefined;
    // A status that it does not name is a default: an error.
    const { schema } = responses[status] ?? responses["default"] ?? {};
    return schema && this.#problem(schema, withoutNulls(body));
  }

  problemOfRequest(method: string, path: string, body: unknown): string | undefined {
    const operation = this.operation(method, path);
    const schema = operation && this.bodyOf(operation);
    return schema && this.#problem(schema, body);
  }

  #problem(schema: SwaggerSchema, value: unknown): string | undefined {
    const key = JSON.stringify(schema);
    const validate = this.#validators.get(key) ?? this.#ajv.compile({ ...schema, definitions: this.#definitions });
    this.#validators.set(key, validate);
    return validate(value) ? undefined : JSON.stringify(validate.errors);
  }
}

/** Firecracker says null for what is not there; its description does not know that. */
function withoutNulls(value: unknown): unknown {
  return value === undefined
    ? undefined
    : JSON.parse(JSON.stringify(value), (_, one) => (one === null ? undefined : one));
}

const BESIDE = join(ROOT, "../shared/firecracker-api/firecracker.yaml");
const path = process.env["FIRECRACKER_SWAGGER"] ?? (existsSync(BESIDE) ? BESIDE : undefined);
export const SWAGGER = path === undefined ? undefined : new Swagger(readFileSync(path, "utf8"));
