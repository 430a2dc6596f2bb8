/** Configuration space of the balloon (virtio 1.2, section 5.5.4): four 32-bit words, pages are 4 KiB. */
export const ConfigOffset = { num_pages: 0, actual: 4, free_page_hint_cmd_id: 8, poison_val: 12 } as const;
const CONFIG_BYTES = 16;

/** `actual`, and nothing else, is the driver's to write. */
export const WRITABLE_CONFIG = { start: ConfigOffset.actual, end: ConfigOffset.actual + 4 } as const;

export const PAGE_BYTES = 4096;
const PAGES_A_MIB = 256;

/** @param targetMib what the driver is asked to give up */
export function balloonConfig(targetMib: number): Uint8Array {
  const config = new Uint8Array(CONFIG_BYTES);
  config.set(pagesOfMib(targetMib), ConfigOffset.num_pages);
  return config;
}

/** So many MiB as `num_pages` has them. */
export function pagesOfMib(mib: number): Uint8Array {
  return word(mib * PAGES_A_MIB);
}

export function word(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value, true);
  return bytes;
}

/** How many MiB the driver says it has given up. */
export function actualMib(config: Uint8Array): number {
  const view = new DataView(config.buffer, config.byteOffset, config.byteLength);
  return view.getUint32(ConfigOffset.actual, true) / PAGES_A_MIB;
}
