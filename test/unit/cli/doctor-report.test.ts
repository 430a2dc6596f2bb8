import { expect, test } from "bun:test";
import { reportText } from "../../../src/cli/doctor-report.ts";
import type { Finding } from "../../../src/host/finding.ts";

const KVM: Finding = { name: "KVM", status: "ok", found: "opens", purpose: "runs guests", mend: "" };
const LANDLOCK: Finding = { name: "Landlock", status: "warn", found: "no", purpose: "confines", mend: "get it" };

test("one aligned line a finding, its mend below, and what it comes to", () => {
  expect(reportText([KVM, LANDLOCK], { colour: false })).toBe(
    [
      "ok    KVM       opens  (runs guests)",
      "warn  Landlock  no  (confines)",
      "                mend: get it",
      "",
      "A VM can run here. Not as it should be: Landlock.",
    ].join("\n"),
  );
});

test("a failure says that no VM can run, and what to mend", () => {
  const text = reportText(
    [
      { ...KVM, status: "fail" },
      { ...LANDLOCK, status: "fail" },
    ],
    { colour: false },
  );
  expect(text).toEndWith("\nNo VM can run here as it is: mend KVM, Landlock.");
});

test("colour is for terminals: without it there is not one escape", () => {
  expect(reportText([KVM, LANDLOCK], { colour: false })).not.toContain("\x1b");
  expect(reportText([KVM], { colour: true })).toStartWith("\x1b[32mok  \x1b[0m  KVM");
});
