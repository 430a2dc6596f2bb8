/** io_uring's part of the kernel ABI: <linux/io_uring.h>. */
import { blob, layout, u8, u16, u32, u64 } from "../abi.ts";

const HEADER = "linux/io_uring.h";

export const IO_URING_PARAMS = layout("struct io_uring_params", HEADER, 120, {
  sq_entries: u32(0),
  cq_entries: u32(4),
  flags: u32(8),
  features: u32(20),
  sq_off: blob(40, 40),
  cq_off: blob(80, 40),
});

/** Where things are in the mapped rings, in bytes. */
export const IO_SQRING_OFFSETS = layout("struct io_sqring_offsets", HEADER, 40, {
  head: u32(0),
  tail: u32(4),
  ring_mask: u32(8),
  array: u32(24),
});
export const IO_CQRING_OFFSETS = layout("struct io_cqring_offsets", HEADER, 40, {
  head: u32(0),
  tail: u32(4),
  ring_mask: u32(8),
  cqes: u32(20),
});

export const IO_URING_SQE = layout("struct io_uring_sqe", HEADER, 64, {
  opcode: u8(0),
  flags: u8(1),
  ioprio: u16(2),
  fd: u32(4),
  off: u64(8),
  addr: u64(16),
  len: u32(24),
  rw_flags: u32(28),
  user_data: u64(32),
});
export const IO_URING_CQE = layout("struct io_uring_cqe", HEADER, 16, {
  user_data: u64(0),
  res: u32(8),
  flags: u32(12),
});

export const IO_URING_RESTRICTION = layout("struct io_uring_restriction", HEADER, 16, {
  opcode: u16(0),
  sqe_op: u8(2),
});

/** Operations (`IORING_OP_`). */
export const RingOp = { READV: 1, WRITEV: 2, FSYNC: 3, FALLOCATE: 17 } as const;

/** io_uring_setup's flags. */
export const IORING_SETUP = {
  CQSIZE: 1 << 3,
  R_DISABLED: 1 << 6,
  COOP_TASKRUN: 1 << 8,
  SINGLE_ISSUER: 1 << 12,
} as const;

/** io_uring_register's operations. */
export const IORING_REGISTER = { FILES: 2, RESTRICTIONS: 11, ENABLE_RINGS: 12 } as const;

export const IORING_UNREGISTER = { FILES: 3 } as const;

/** What a restriction is about. */
export const IORING_RESTRICTION = { REGISTER_OP: 0, SQE_OP: 1, SQE_FLAGS_ALLOWED: 2, SQE_FLAGS_REQUIRED: 3 } as const;

/** Bits of an SQE's flags, as numbers. */
export const IOSQE = { FIXED_FILE: 1, ASYNC: 16 } as const;

export const IORING_FSYNC_DATASYNC = 1;

/** Where mmap finds the two halves. */
export const IORING_OFF = { SQ_RING: 0, SQES: 0x1000_0000 } as const;
