/** One file of an archive. `path` is relative, `mode` the permission bits only. */
export type CpioEntry =
  | { readonly kind: "file"; readonly path: string; readonly mode?: number; readonly data: Uint8Array }
  | { readonly kind: "directory"; readonly path: string; readonly mode?: number }
  | { readonly kind: "symlink"; readonly path: string; readonly target: string }
  | {
      readonly kind: "character device" | "block device";
      readonly path: string;
      readonly mode?: number;
      readonly major: number;
      readonly minor: number;
    };
