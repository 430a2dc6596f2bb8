import { describe, expect, test } from "bun:test";
import { evaluate, unmetParts } from "../../../../src/kernels/build/expression.ts";
import { readKconfig } from "../../../../src/kernels/build/kconfig.ts";
import { droppedText, droppedWishes } from "../../../../src/kernels/build/survived.ts";
import { parseKernelConfig } from "../../../../src/kernels/config-file.ts";

const config = parseKernelConfig(
  'CONFIG_YES=y\nCONFIG_MODULE=m\nCONFIG_HZ=100\nCONFIG_NAME="volt"\n# CONFIG_NO is not set\n',
);

describe("an expression of Kconfig's", () => {
  test.each([
    ["YES", 2],
    ["NO", 0],
    ["MODULE", 1],
    ["!YES", 0],
    ["!NO", 2],
    ["YES && NO", 0],
    ["YES && MODULE", 1],
    ["NO || MODULE", 1],
    ["NO || YES && !NO", 2],
    ["(NO || YES) && NO", 0],
    ["YES=y", 2],
    ["NO = n", 2],
    ["MODULE != y", 2],
    ["HZ = 100", 2],
    ["HZ < 99", 0],
    ["HZ >= 100", 2],
    ['NAME = "volt"', 2],
    ["$(cc-option,-mx) && NO", 0],
    ["$(success,true)", 2],
    ["", 0],
  ])("%j is %d", (expression, value) => {
    expect(evaluate(expression, config)).toBe(value);
  });

  test("is blamed by the part that does not hold", () => {
    expect(unmetParts("YES && NO && (ALSO_NOT || NO)", config)).toEqual(["NO", "(ALSO_NOT || NO)"]);
    expect(unmetParts("NO || ALSO_NOT", config)).toEqual(["NO || ALSO_NOT"]);
    expect(unmetParts("YES || NO && NO", config)).toEqual([]);
  });
});

const FILES: Readonly<Record<string, string>> = {
  Kconfig: `mainmenu "x"
source "arch/$(SRCARCH)/Kconfig"
source "net/Kconfig"
source "net/Kconfig"
source "missing/Kconfig"
`,
  "arch/x86/Kconfig": `config X86
	def_bool y
	help
	  config NOT_ONE
	  if you read this

if YES
config INSIDE
	bool "inside"
	depends on X86 && \\
		NO
endif

menu "A menu"
	depends on OUTER
config IN_MENU
	tristate "in a menu" if EXPERT
endmenu
`,
  "net/Kconfig": `menuconfig NET
	bool "Networking" # why not
if NET
source "net/ipv4/Kconfig"
endif
config AFTER
	bool
choice
	prompt "which"
	depends on CHOOSE
config ONE
	bool "one"
endchoice
`,
  "net/ipv4/Kconfig":
    'config INET\n\tbool "TCP/IP"\n\nconfig TWICE\n\tbool "a"\n\tdepends on NO\nconfig TWICE\n\tbool "b"\n\tdepends on NO && NEVER\n',
};
const tree = readKconfig((path) => FILES[path], "x86");

describe("a wish that did not come true", () => {
  const why = (option: string, value = "y") =>
    droppedWishes([{ option, value, by: "base" }], config, () => tree).map(droppedText);

  test.each([
    ["INSIDE", "it depends on X86 and NO"],
    ["IN_MENU", "it depends on OUTER and EXPERT"],
    ["INET", "it depends on NET"],
    ["ONE", "it depends on CHOOSE"],
    ["AFTER", "it can't be set, only selected"],
    ["TWICE", "it depends on NET and NO"],
    ["NET", "another choice excludes it, or a tool for it is missing"],
    ["NOT_ONE", "this kernel has no such option"],
  ])("%s is told with its reason", (option, reason) => {
    expect(why(option)).toEqual([`CONFIG_${option}=y (base) became n: ${reason}`]);
  });

  test("is told with the dependency that is a module, where it became one", () => {
    const kconfig = 'config BRIDGE\n\ttristate "b"\n\tdepends on YES && (MODULE || MODULE=n)\n';
    const became = parseKernelConfig("CONFIG_YES=y\nCONFIG_MODULE=m\nCONFIG_BRIDGE=m\n");
    const wishes = [{ option: "BRIDGE", value: "y", by: "net" }];
    expect(droppedWishes(wishes, became, () => readKconfig(() => kconfig, "x86")).map(droppedText)).toEqual([
      "CONFIG_BRIDGE=y (net) became m: it depends on (MODULE || MODULE=n) (m)",
    ]);
  });

  test("may also be that an option is off, or another value", () => {
    expect(why("YES", "n")).toEqual(["CONFIG_YES=n (base) became y: this kernel has no such option"]);
    expect(why("HZ", "250")).toEqual(["CONFIG_HZ=250 (base) became 100: this kernel has no such option"]);
  });

  test("is not there where all is as it was asked for, and Kconfig is then not read", () => {
    const wishes = ["YES=y", "NO=n", "MODULE=m", "HZ=100", 'NAME="volt"'].map((text) => {
      const [option = "", value = ""] = text.split("=");
      return { option, value, by: "x" };
    });
    const unread = () => {
      throw new Error("read");
    };
    expect(droppedWishes(wishes, config, unread)).toEqual([]);
  });
});
