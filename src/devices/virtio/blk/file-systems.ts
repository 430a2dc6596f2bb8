/** Linux modules for what disks hold; ext4 and btrfs ask for crc32c by an alias. */
export const FILE_SYSTEM_MODULES: readonly string[] = [
  "ext4",
  "crc32c-intel",
  "crc32c_generic",
  "squashfs",
  "vfat",
  "nls_ascii",
  "nls_cp437",
  "isofs",
  "overlay",
];
