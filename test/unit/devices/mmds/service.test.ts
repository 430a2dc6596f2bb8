import { describe, expect, test } from "bun:test";
import { get, put, read, ServiceRig } from "./support.ts";

const JSON_PLEASE = "Accept: application/json";
const NO_TOKEN =
  "No MMDS token provided. Use `X-metadata-token` or `X-aws-ec2-metadata-token` header to specify the session token.";
const UNSUPPORTED = "Cannot retrieve value. The value has an unsupported type.";
const TTL = "x-metadata-token-ttl-seconds";

describe("a value is told", () => {
  test.each<[string, string, string[], number, string]>([
    ["a string as it is", "/latest/meta-data/ami-id", [], 200, "ami-1"],
    ["a string with a slash behind it", "/latest/meta-data/ami-id/", [], 200, "ami-1"],
    ["a string in JSON", "/latest/meta-data/ami-id", [JSON_PLEASE], 200, '"ami-1"'],
    ["an empty string", "/latest/meta-data/empty", [], 200, ""],
    ["an object as its keys", "/latest/meta-data", [], 200, "ami-id\nempty\nlist\nnetwork/"],
    ["an object in JSON, sorted", "/latest/numbers", [JSON_PLEASE], 200, '{"long":1.5,"small":512}'],
    ["all there is", "/", [], 200, "latest/"],
    ["slashes that are too many", "//latest///meta-data//ami-id", [], 200, "ami-1"],
    ["an item of a list", "/latest/meta-data/list/1", [], 200, "two"],
    ["a list in JSON", "/latest/meta-data/list", [JSON_PLEASE], 200, '["one","two"]'],
    ["a list as text: it has none", "/latest/meta-data/list", [], 501, UNSUPPORTED],
    ["a number as text: it has none", "/latest/numbers/small", [], 501, UNSUPPORTED],
    ["what is not there", "/latest/nothing", [], 404, "Resource not found: /latest/nothing."],
    ["what is not there, as it was asked", "//none/", [], 404, "Resource not found: //none/."],
    ["what every object inherits", "/latest/constructor", [], 404, "Resource not found: /latest/constructor."],
    [
      "what every list has",
      "/latest/meta-data/list/length",
      [],
      404,
      "Resource not found: /latest/meta-data/list/length.",
    ],
    ["a path that is none", "latest", [], 400, "Invalid URI."],
  ])("%s", (_, path, headers, status, body) => {
    expect(read(new ServiceRig().ask(get(path, ...headers)))).toEqual({ status, body });
  });

  test("in one format where EC2's is wanted, whatever is accepted", () => {
    const rig = new ServiceRig({ imds_compat: true });
    const answer = rig.ask(get("/latest/meta-data", JSON_PLEASE));
    expect(read(answer).body).toBe("ami-id\nempty\nlist\nnetwork/");
    expect(answer).toContain("Content-Type: application/json\r\n");
  });

  test("before there is any: nothing is found", () => {
    const rig = new ServiceRig({}, { document: null });
    expect(read(rig.ask(get("/latest"))).status).toBe(404);
    expect(read(rig.ask(get("/", JSON_PLEASE))).body).toBe("null");
  });

  test("by its newest state, on a connection that is older", () => {
    const rig = new ServiceRig();
    const client = rig.client();
    expect(read(client.ask(get("/latest/meta-data/ami-id"))).body).toBe("ami-1");
    rig.store.patch('{"latest":{"meta-data":{"ami-id":"ami-2"}}}');
    expect(read(client.ask(get("/latest/meta-data/ami-id"))).body).toBe("ami-2");
  });
});

test("an answer is Firecracker's, byte for byte", () => {
  expect(new ServiceRig().ask(get("/latest/meta-data/ami-id", "Host: 169.254.169.254"))).toBe(
    "HTTP/1.1 200 \r\nServer: Firecracker API\r\nConnection: keep-alive\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nami-1",
  );
});

describe("requests that are refused", () => {
  const tooLong = `${"x".repeat(5000)}`;
  test.each<[string, string, number, string]>([
    ["of another method", "DELETE / HTTP/1.1\r\n\r\n", 405, "Not allowed HTTP method."],
    ["of a method nobody has", "POST / HTTP/1.1\r\n\r\n", 400, "Invalid HTTP Method: Unsupported HTTP method."],
    ["of another HTTP", "GET / HTTP/2\r\n\r\n", 400, "Invalid HTTP Version: Unsupported HTTP version."],
    ["without sense", "\r\n\r\n", 400, "Invalid request."],
    [
      "with a header that is none",
      get("/", "nonsense"),
      400,
      "Invalid header. Reason: Header is incorrectly formatted: nonsense",
    ],
    ["that announce a body which does not come", get("/", "Content-Length: 100"), 400, "Invalid request."],
    ["to put with a body that does not come", put("/", "Content-Length: 100"), 400, "Invalid request."],
    ["to get with a body", `${get("/", "Content-Length: 1")}x`, 400, "Invalid request."],
    ["longer than any", get("/", `X: ${tooLong}`), 400, "Invalid request."],
    [
      "that are no UTF-8",
      Buffer.from("GET /\xff HTTP/1.1\r\n\r\n", "latin1").toString("latin1"),
      404,
      "Resource not found: /ÿ.",
    ],
  ])("%s", (_, request, status, body) => {
    const rig = new ServiceRig();
    expect(read(rig.ask(request))).toEqual({ status, body });
    expect(read(rig.ask(get("/latest/meta-data/ami-id"))).body).toBe("ami-1");
  });

  test("say which methods there are", () => {
    expect(new ServiceRig().ask("PATCH / HTTP/1.1\r\n\r\n")).toContain("\r\nAllow: GET, PUT\r\n");
  });
});

describe.each([TTL, "X-AWS-EC2-metadata-token-TTL-seconds"])("a session token, asked for by %s,", (header) => {
  const token = (rig: ServiceRig, seconds = 60) =>
    read(rig.ask(put("/latest/api/token", `${header}: ${seconds}`))).body;

  test("opens V2, which tells nothing without one", () => {
    const rig = new ServiceRig({ version: "V2" });
    expect(read(rig.ask(get("/latest/meta-data/ami-id")))).toEqual({ status: 401, body: NO_TOKEN });
    for (const name of ["X-metadata-token", "x-aws-ec2-metadata-token"]) {
      const request = get("/latest/meta-data/ami-id", `${name}: ${token(rig)}`);
      expect(read(rig.ask(request))).toEqual({ status: 200, body: "ami-1" });
    }
  });

  test("comes with the time it is good for", () => {
    const answer = new ServiceRig().ask(put("/latest/api/token", `${header}: 7`));
    expect(answer).toContain(`\r\n${header.toLowerCase()}: 7\r\n`);
  });

  test("ends with its time", () => {
    const rig = new ServiceRig({ version: "V2" });
    const request = get("/", `X-metadata-token: ${token(rig, 10)}`);
    rig.time += 9.9e9;
    expect(read(rig.ask(request)).status).toBe(200);
    rig.time += 0.2e9;
    expect(read(rig.ask(request))).toEqual({ status: 401, body: "MMDS token not valid." });
  });

  test.each(["0", "21601", "4294967295"])("is good for %s seconds: never", (seconds) => {
    expect(read(new ServiceRig().ask(put("/latest/api/token", `${header}: ${seconds}`)))).toEqual({
      status: 400,
      body: `Invalid time to live value provided for token: ${seconds}. Please provide a value between 1 and 21600.`,
    });
  });

  test.each(["", "-1", "1.5", "x", "4294967296"])("is good for %p: that is no number", (seconds) => {
    const { status, body } = read(new ServiceRig().ask(put("/latest/api/token", `${header}: ${seconds}`)));
    expect({ status, body }).toEqual({
      status: 400,
      body: `Invalid header. Reason: Invalid value. Key:${header.toLowerCase()}; Value:${seconds}`,
    });
  });
});

describe("a session token", () => {
  test("is V1's too, which counts who has none and tells all the same", () => {
    const rig = new ServiceRig();
    expect(read(rig.ask(get("/"))).status).toBe(200);
    expect(read(rig.ask(get("/", "X-metadata-token: nonsense"))).status).toBe(200);
    expect(rig.counters).toMatchObject({ mmdsNoToken: 1, mmdsInvalidToken: 1 });
  });

  test("without a time is none", () => {
    const { status, body } = read(new ServiceRig().ask(put("/latest/api/token")));
    expect({ status, body: body.slice(0, 32) }).toEqual({ status: 400, body: "Token time to live value not fou" });
  });

  test("is given by its path alone, and to no proxy", () => {
    const rig = new ServiceRig();
    expect(read(rig.ask(put("/latest/api", `${TTL}: 1`)))).toEqual({
      status: 404,
      body: "Resource not found: /latest/api.",
    });
    expect(read(rig.ask(put("/latest/api/token", `${TTL}: 1`, "X-Forwarded-For: 1.2.3.4"))).status).toBe(400);
  });

  test("of another VM, or one that was changed, opens nothing", () => {
    const rig = new ServiceRig({ version: "V2" });
    const other = new ServiceRig({ version: "V2" });
    const mine = read(rig.ask(put("/latest/api/token", `${TTL}: 60`))).body;
    const theirs = read(other.ask(put("/latest/api/token", `${TTL}: 60`))).body;
    const tries = [
      theirs,
      `${mine.slice(0, -4)}AAA=`,
      `${mine.slice(0, 20)}${mine[20] === "A" ? "B" : "A"}${mine.slice(21)}`,
      `${mine}A`,
      mine.slice(0, -1),
      "",
      "*".repeat(72),
    ];
    for (const token of tries) {
      expect(read(rig.ask(get("/", `X-metadata-token: ${token}`))).status).toBe(401);
    }
    expect(read(rig.ask(get("/", `X-metadata-token: ${mine}`))).status).toBe(200);
  });
});
