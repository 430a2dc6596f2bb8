/**
 * The setup header of the Linux boot protocol: its offsets, the same in a bzImage file and in the zero page
 * (Documentation/x86/boot.rst, "Details of Header Fields"; struct setup_header in asm/bootparam.h).
 */
export const HEADER = {
  setup_sects: 0x1f1,
  syssize: 0x1f4,
  boot_flag: 0x1fe,
  jump: 0x200,
  header: 0x202,
  version: 0x206,
  type_of_loader: 0x210,
  loadflags: 0x211,
  ramdisk_image: 0x218,
  ramdisk_size: 0x21c,
  cmd_line_ptr: 0x228,
  initrd_addr_max: 0x22c,
  kernel_alignment: 0x230,
  relocatable_kernel: 0x234,
  xloadflags: 0x236,
  cmdline_size: 0x238,
  payload_offset: 0x248,
  payload_length: 0x24c,
  setup_data: 0x250,
  pref_address: 0x258,
  init_size: 0x260,
  handover_offset: 0x264,
  /** Where the next member of struct boot_params begins: no header reaches further. */
  limit: 0x290,
} as const;

export const BOOT_FLAG = 0xaa55;
/** "HdrS" */
export const HDRS = 0x53726448;
/** 2.12 brought xloadflags, which says whether there is a 64-bit entry. */
export const MINIMUM_VERSION = 0x020c;
/** The 64-bit entry is this far into the loaded kernel (boot.rst, "64-bit Boot Protocol"). */
export const ENTRY_64_OFFSET = 0x200;

export const XLF = { KERNEL_64: 1, CAN_BE_LOADED_ABOVE_4G: 2 } as const;
export const LOADFLAGS = { LOADED_HIGH: 1 } as const;
/** "Undefined" loader: volt has no number of its own, and needs none. */
export const TYPE_OF_LOADER_UNDEFINED = 0xff;
