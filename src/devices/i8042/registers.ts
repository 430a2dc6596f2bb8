/** The keyboard controller's bits and commands, named after Linux's i8042.h and libps2. */

/** Status register, read at port 0x64. The input buffer is never full: a byte written is dealt with at once. */
export const Status = {
  /** Output buffer full: a byte waits at port 0x60. */
  OBF: 0x01,
  /** System flag: the self-test has passed. */
  SYS: 0x04,
  /** The last write went to port 0x64. */
  CMDDAT: 0x08,
  /** Not locked by a key. */
  KEYLOCK: 0x10,
  TIMEOUT: 0x40,
} as const;

/** Control register, also called command byte. */
export const Ctr = {
  KBDINT: 0x01,
  SYS: 0x04,
  KBDDIS: 0x10,
  /** The mouse's port is off: always, as there is none. */
  AUXDIS: 0x20,
  /** The keyboard's set 2 is translated to set 1. */
  XLATE: 0x40,
} as const;

/** Controller commands, written to port 0x64. */
export const Command = {
  CTL_RCTR: 0x20,
  CTL_WCTR: 0x60,
  AUX_TEST: 0xa9,
  CTL_TEST: 0xaa,
  KBD_TEST: 0xab,
  KBD_DISABLE: 0xad,
  KBD_ENABLE: 0xae,
  READ_INPUT: 0xc0,
  READ_OUTPUT: 0xd0,
  WRITE_OUTPUT: 0xd1,
  KBD_LOOP: 0xd2,
  AUX_LOOP: 0xd3,
  AUX_SEND: 0xd4,
  /** To 0xff: the low four bits say which output lines are *not* pulsed. Line 0 is the processor's reset. */
  PULSE: 0xf0,
} as const;

/** The controller's output port: lines that lead elsewhere on the board. */
export const OutputPort = {
  /** Low resets the processor. */
  NOT_RESET: 0x01,
  A20: 0x02,
  /** Output buffer full: drives IRQ 1. */
  OBF: 0x10,
} as const;

/** Keyboard commands, written to port 0x60. */
export const KeyboardCommand = {
  SET_LEDS: 0xed,
  ECHO: 0xee,
  SCANCODE_SET: 0xf0,
  GET_ID: 0xf2,
  SET_REPEAT: 0xf3,
  ENABLE: 0xf4,
  RESET_DISABLE: 0xf5,
  RESET_DEFAULTS: 0xf6,
  RESEND: 0xfe,
  RESET: 0xff,
} as const;

/** Keyboard replies. */
export const Reply = { BAT: 0xaa, ACK: 0xfa, NAK: 0xfe } as const;
