/** volt's description of its API, and Firecracker's. */
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { openApi } from "../../../scripts/schemas/documents.ts";
import { Model, requests } from "../../support/api/model.ts";
import { SWAGGER } from "../../support/api/swagger.ts";

/** What each has of a body: each field's name, whether it must be there. */
interface Shape {
  readonly fields: readonly string[];
  readonly required: readonly string[];
}

/** Its description wants both numbers; Firecracker itself, and so volt, takes any of the fields. */
const ANY_FIELD = "patch /machine-config";

describe.skipIf(SWAGGER === undefined)("beside Firecracker's description (FIRECRACKER_SWAGGER)", () => {
  const swagger = SWAGGER!;
  const own = openApi();
  const operations = SWAGGER
    ? Object.entries(swagger.paths).flatMap(([path, methods]) =>
        Object.keys(methods).map((method) => [method, path] as const),
      )
    : [];
  const ownOperation = (method: string, path: string) => {
    const pattern = (one: string) => one.replaceAll(/\{\w+\}/g, "{}");
    const entry = Object.entries(own.paths).find(([mine]) => pattern(mine) === pattern(path));
    return entry?.[1][method];
  };

  test("every request of Firecracker's is in volt's", () => {
    expect(operations.filter(([method, path]) => ownOperation(method, path) === undefined)).toEqual([]);
    expect(operations.length).toBeGreaterThan(30);
  });

  test("a body has the same fields, and the same must be there", () => {
    const differences: Record<string, { firecracker: Shape; volt: Shape }> = {};
    for (const [method, path] of operations) {
      const body = swagger.bodyOf(swagger.paths[path]![method]!);
      const mine = ownOperation(method, path)?.requestBody?.content["application/json"].schema as
        | { properties?: object; required?: string[] }
        | undefined;
      if (!body || !mine) continue;
      const { properties = {}, required = [] } = swagger.resolved(body);
      const firecracker = { fields: Object.keys(properties).sort(), required: [...required].sort() };
      const volt = { fields: Object.keys(mine.properties ?? {}).sort(), required: [...(mine.required ?? [])].sort() };
      const key = `${method} ${path}`;
      if (key !== ANY_FIELD && !Bun.deepEquals(firecracker, volt)) differences[key] = { firecracker, volt };
    }
    expect(differences).toEqual({});
  });

  test("a request that volt takes is one of Firecracker's", () => {
    const all = fc.sample(requests({ kernel: "/kernel", files: ["/a", "/b"], closed: "/c", kernelMib: 16 }), 2000);
    const model = new Model();
    model.drives.set("a", { path: "/x", isRoot: false, ops: undefined });
    model.balloon = { mib: 1, seconds: 1, hints: true };
    model.hasKernel = true;
    const problems: string[] = [];
    let judged = 0;
    for (const state of ["Not started", "Running"] as const) {
      model.state = state;
      for (const { method, path, body, isTaken } of all) {
        if (body === undefined || !isTaken(model) || `${method.toLowerCase()} ${path}` === ANY_FIELD) continue;
        judged++;
        const problem = swagger.problemOfRequest(method, path, body);
        if (problem !== undefined) problems.push(`${method} ${path} ${JSON.stringify(body)}: ${problem}`);
      }
    }
    expect(problems).toEqual([]);
    expect(judged).toBeGreaterThan(100);
  });
});
