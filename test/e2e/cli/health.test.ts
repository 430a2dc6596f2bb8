/** `volt health`, against APIs that answer and others that do not. */
import { expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { Folder, failure, volt } from "./volt.ts";

async function health(env: Record<string, string>, ...flags: string[]): Promise<[number, string]> {
  const { status, stdout, stderr } = await volt(["health", ...flags], { env });
  expect(stderr).toBe("");
  return [status, stdout.toString()];
}

/** An API whose VM is in this state, or that answers something else. */
async function asked(answer: () => Response | Promise<Response>): Promise<[number, string]> {
  using folder = new Folder();
  const unix = folder.file("api.sock");
  const server = Bun.serve({ unix, fetch: answer });
  try {
    const [status, text] = await health({ VOLT_API: unix });
    return [status, text.replaceAll(unix, "SOCKET")];
  } finally {
    await server.stop(true);
  }
}

test.each(["Running", "Paused"])("a VM that answers that it is %s is well", async (state) => {
  expect(await asked(() => Response.json({ id: "x", state }))).toEqual([0, `${state}\n`]);
});

test("an answer that is an error, or tells no state, is none", async () => {
  expect((await asked(() => Response.json({ state: "Running" }, { status: 503 })))[0]).toBe(1);
  expect((await asked(() => Response.json({ fault_message: "x" })))[0]).toBe(1);
  expect(await asked(() => new Response("hello"))).toEqual([
    1,
    "no answer at SOCKET: what listens there is no VM's API\n",
  ]);
});

test("one that takes too long is not waited for", async () => {
  const [status, text] = await asked(() => Bun.sleep(30_000).then(() => Response.json({ state: "Running" })));
  expect([status, text]).toEqual([1, expect.stringMatching(/^no answer at SOCKET: .*timed out/)]);
});

test("nobody at the socket is status 1, and says where nobody is", async () => {
  expect(await health({}, "--api", "/nonexistent/api.sock")).toEqual([
    1,
    "no answer at /nonexistent/api.sock: no VM listens at /nonexistent/api.sock: volt ps lists those that run\n",
  ]);
  using folder = new Folder();
  writeFileSync(folder.file("file"), "x");
  expect(await health({ VOLT_API: folder.file("file") })).toEqual([
    1,
    expect.stringMatching(/^no answer at (.+): \1 is a file, not a socket: /),
  ]);
});

test("volt schema without a document says which there are", async () => {
  expect(await failure(["schema"])).toBe("schema: which document? config or api: volt schema config");
});

test("without a socket it says what it needs", async () => {
  expect(await failure(["health"])).toBe("--api: which VM? Give the socket that its volt run --api has");
});
