/** Clocks that the kernel measures because nobody tells it how fast they are. */
import { lineWith } from "../record.ts";
import { isWorthMending, type Stall } from "../stall.ts";

/** A calibration that volt's guests never need: kvm-clock gives the frequency. Early lines have no stamps to measure by. */
export const tscCalibration: Stall = {
  name: "TSC calibration",
  find(boot) {
    const measured = lineWith(
      boot,
      /^tsc: (Fast TSC calibration|Unable to calibrate|PIT calibration|using .* reference)/,
    );
    if (!measured) return undefined;
    const mhz = /^tsc: Detected (\d+\.\d+) MHz/.exec(lineWith(boot, /^tsc: Detected/)?.text ?? "")?.[1];
    return {
      seen: `"${measured.text}": the kernel measured the processor's clock against a timer, 10 to 50 ms`,
      ms: measured.silenceMs > 0 ? measured.silenceMs : undefined,
      mend: {
        text: "let the guest see kvm-clock (a kernel with CONFIG_KVM_GUEST, without no-kvmclock), or tell it the frequency",
        remove: [/^no-kvmclock$/, /^nopv$/],
        ...(mhz === undefined ? {} : { add: [`tsc_early_khz=${Math.round(Number(mhz) * 1000)}`] }),
      },
    };
  },
};

/** Without the TSC's frequency, or with `lpj` unknown, the kernel counts how often it loops in a tick. */
export const delayLoop: Stall = {
  name: "delay loop calibration",
  find(boot) {
    const line = lineWith(boot, /^Calibrating delay loop\.\.\. /);
    const lpj = /\(lpj=(\d+)\)/.exec(line?.text ?? "")?.[1];
    if (!line || lpj === undefined) return undefined;
    return {
      seen: "the kernel counted its delay loop",
      ms: line.silenceMs,
      mend: { text: "tell it the count; it belongs to this processor only", add: [`lpj=${lpj}`] },
    };
  },
};

/** The local APIC's timer is measured for a tenth of a second, unless the TSC deadline timer makes that needless. */
export const apicCalibration: Stall = {
  name: "LAPIC timer calibration",
  find(boot) {
    if (lineWith(boot, /^TSC deadline timer (available|enabled)/)) return undefined;
    const line = lineWith(boot, /^smpboot: CPU0: /);
    if (!line || !isWorthMending(boot, line.silenceMs)) return undefined;
    return {
      seen: "no TSC deadline timer: the kernel measured the local APIC's timer before it went on",
      ms: line.silenceMs,
      mend: {
        text: "let the guest have the TSC deadline timer: a host whose KVM has it, a CPU template and a command line that leave it in",
        remove: [/^lapic=notscdeadline$/, /^clearcpuid=.*tsc_deadline_timer/, /^nolapic_timer$/],
      },
    };
  },
};
