/** Waiting: for something random, for a device that does not answer, for a root disk, after a panic; unpacking; testing. */
import { callMs, hasWord, lineWith, msBeforeClock } from "../record.ts";
import { isWorthMending, type Stall } from "../stall.ts";

export const entropy: Stall = {
  name: "entropy",
  find(boot) {
    const line = lineWith(boot, /^random: crng init done/);
    if (!line || !isWorthMending(boot, line.silenceMs)) return undefined;
    return {
      seen: "somebody waited until the kernel had gathered enough that is random",
      ms: line.silenceMs,
      mend: {
        text: "give it a seed: enter an ELF kernel at its 64-bit entry (--boot-protocol linux), leave --rng on; or trust the processor's",
        add: ["random.trust_cpu=on"],
        remove: [/^random\.trust_cpu=off$/],
      },
    };
  },
};

export const deviceTimeout: Stall = {
  name: "device time-out",
  find(boot) {
    const line = lineWith(boot, /\btimed? ?-?out\b/i);
    if (!line || !isWorthMending(boot, line.silenceMs)) return undefined;
    const call = boot.calls.find((one) => one.kind === "initcall" && one.line > line.line);
    return {
      seen: `a driver waited for a device that did not answer: "${line.text}"`,
      ms: line.silenceMs,
      mend: {
        text: "leave the device out of the VM, or its driver out of the kernel",
        ...(call ? { add: [`initcall_blacklist=${call.name}`] } : {}),
      },
    };
  },
};

export const rootDelay: Stall = {
  name: "wait for the root disk",
  find(boot) {
    const seconds = /(?:^|\s)rootdelay=(\d+)/.exec(boot.commandLine)?.[1];
    const line = lineWith(boot, /^Waiting .* before mounting root device/);
    if (seconds === undefined || !line) return undefined;
    return {
      seen: `rootdelay=${seconds}: the kernel waits so long, whether the disk is there or not`,
      ms: Number(seconds) * 1000,
      mend: { text: "wait until it is there, no longer", add: ["rootwait"], remove: [/^rootdelay=/] },
    };
  },
};

export const panicWait: Stall = {
  name: "wait after a panic",
  find(boot) {
    const seconds = /(?:^|\s)panic=(\d+)/.exec(boot.commandLine)?.[1];
    if (!lineWith(boot, /^Kernel panic - not syncing/) || seconds === undefined || seconds === "0") return undefined;
    return {
      seen: `the kernel panicked, and panic=${seconds} has it wait so long before it resets`,
      ms: Number(seconds) * 1000,
      mend: { text: "reset at once", add: ["panic=-1"], remove: [/^panic=/] },
    };
  },
};

export const decompression: Stall = {
  name: "decompression",
  find(boot) {
    const ms = msBeforeClock(boot);
    if (!boot.isPacked || (ms !== undefined && !isWorthMending(boot, ms))) return undefined;
    return {
      seen: "the kernel is a bzImage, which unpacks itself in the guest at each boot",
      ms,
      mend: { text: "let the store unpack it once: volt kernel add FILE --name NAME, then --kernel NAME" },
    };
  },
};

export const initramfs: Stall = {
  name: "initramfs",
  find(boot) {
    const [begin, end] = [
      lineWith(boot, /^(Trying to unpack rootfs|Unpacking initramfs)/),
      lineWith(boot, /^Freeing initrd memory/),
    ];
    const between = begin && end ? (boot.log[end.line]!.at - boot.log[begin.line]!.at) * 1000 : 0;
    const ms = Math.max(callMs(boot, /^populate_rootfs$/), between);
    if (!isWorthMending(boot, ms)) return undefined;
    return {
      seen: "the initramfs was unpacked",
      ms,
      mend: { text: "a smaller archive, without compression: volt maps it, and the kernel only copies" },
    };
  },
};

export const cryptoTests: Stall = {
  name: "crypto self-tests",
  find(boot) {
    const ms = callMs(boot, /^crypto_(algapi|kdf108)_init$/);
    if (hasWord(boot, "cryptomgr.notests") || !isWorthMending(boot, ms)) return undefined;
    return {
      seen: "the kernel tried each of its ciphers on known data before it used them",
      ms,
      mend: {
        text: "have it trust them, unless FIPS 140 asks for the tests; or a kernel with CONFIG_CRYPTO_MANAGER_DISABLE_TESTS",
        add: ["cryptomgr.notests"],
      },
    };
  },
};
