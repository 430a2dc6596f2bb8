import { ascii, checksum, concat, u8, u32 } from "../pack.ts";

/** DESCRIPTION_HEADER (ACPI 6.5, section 5.2.6). */
export const TABLE_HEADER_SIZE = 36;
const CHECKSUM_OFFSET = 9;
export const OEM_ID = "VOLT";

/** A system description table: header, then `body`. @param revision of this kind of table. */
export function table(signature: string, revision: number, body: Uint8Array): Uint8Array {
  const bytes = concat(
    ascii(signature, 4),
    u32(TABLE_HEADER_SIZE + body.length),
    u8(revision, 0),
    ascii(OEM_ID, 6),
    ascii(`VOLT${signature}`, 8),
    u32(1), // OEM revision
    ascii("VOLT", 4), // creator
    u32(1), // creator revision
    body,
  );
  bytes[CHECKSUM_OFFSET] = checksum(bytes);
  return bytes;
}

/** A table of AML. Revision 2 makes its integers 64 bits wide. */
export function definitionBlock(signature: string, aml: Uint8Array): Uint8Array {
  return table(signature, 2, aml);
}
