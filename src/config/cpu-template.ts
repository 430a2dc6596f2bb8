/** A CPU template in Firecracker's custom format: which bits of CPUID and MSRs a guest sees otherwise than by default. */
import * as v from "valibot";

const MOST_MODIFIERS = 512;

/** `0x1f`, `31` or `0b11111`, of at most 32 bits. */
const number32 = v.pipe(
  v.string('must be a number in a string, such as "0x7"'),
  v.regex(/^(0x[0-9a-fA-F]+|0b[01]+|\d+)$/, 'must be a number in a string, such as "0x7"'),
  v.check((text) => Number(text) < 2 ** 32, "must fit 32 bits"),
);

/** `0b` and a character a bit, the highest first: 0 and 1 set it, x leaves it. Bits that are left out are left alone. */
function bitmap(bits: number) {
  const message = `must be "0b" and up to ${bits} of 0, 1 and x`;
  const isRightLength = (text: string) => text.replaceAll("_", "").length <= 2 + bits;
  return v.pipe(
    v.string(message),
    v.regex(/^0b_*[01x][01x_]*$/, message),
    v.check(isRightLength, `${message}: it is too long`),
  );
}

const registerModifier = v.strictObject({
  register: v.picklist(["eax", "ebx", "ecx", "edx"], "must be one of eax, ebx, ecx, edx"),
  bitmap: bitmap(32),
});

const cpuidModifier = v.strictObject({
  leaf: number32,
  subleaf: number32,
  /** 1 for a leaf that has subleaves; KVM's table knows it anyway. */
  flags: v.pipe(v.number(), v.integer("must be a whole number")),
  modifiers: v.pipe(v.array(registerModifier), v.maxLength(4, "must name each register once")),
});

const msrModifier = v.strictObject({ addr: number32, bitmap: bitmap(64) });

const onArm = v.optional(v.pipe(v.array(v.unknown()), v.maxLength(0, "must be empty: it is for aarch64")), []);

function list<const S extends v.GenericSchema>(item: S) {
  return v.optional(v.pipe(v.array(item), v.maxLength(MOST_MODIFIERS, `must have at most ${MOST_MODIFIERS}`)), []);
}

export const CpuTemplateSchema = v.strictObject({
  /** Numbers of KVM capabilities the host must have; with a `!` in front, of ones it need not. */
  kvm_capabilities: list(
    v.pipe(v.string(), v.regex(/^!?\d{1,9}$/, 'must be a capability\'s number, such as "136" or "!136"')),
  ),
  cpuid_modifiers: list(cpuidModifier),
  msr_modifiers: list(msrModifier),
  reg_modifiers: onArm,
  vcpu_features: onArm,
});

export type CpuTemplate = v.InferOutput<typeof CpuTemplateSchema>;
