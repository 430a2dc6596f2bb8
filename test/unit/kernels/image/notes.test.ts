import { expect, test } from "bun:test";
import { bytesSource } from "../../../../src/boot/source.ts";
import { notesOf, notesText } from "../../../../src/kernels/image/notes.ts";
import { linux } from "../home.ts";

test("a kernel's notes are named by owner and type, with what volt knows of them", () => {
  const notes = notesOf(bytesSource("k", linux("x")));
  expect(notes).toEqual([
    { owner: "Linux", type: 256, meaning: "build salt" },
    { owner: "Xen", type: 18, meaning: "PVH entry" },
  ]);
  const more = [...notes, { owner: "Xen", type: 5, meaning: "" }];
  expect(notesText(more)).toBe("Linux 256 (build salt), Xen 18 (PVH entry) 5");
});
