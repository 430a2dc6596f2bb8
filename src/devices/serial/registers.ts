/** The 16550A's registers and bits, under the names of National Semiconductor's data sheet (PC16550D). */

/** Register offsets, in ports after the first (0x3f8 for COM1). Some are two registers, told apart by direction or DLAB. */
export const Register = {
  /** Receiver buffer (read), transmitter holding register (write); low half of the divisor while LCR.DLAB is set. */
  RBR_THR_DLL: 0,
  /** Interrupt enable; high half of the divisor while LCR.DLAB is set. */
  IER_DLM: 1,
  /** Interrupt identification (read), FIFO control (write). */
  IIR_FCR: 2,
  LCR: 3,
  MCR: 4,
  LSR: 5,
  MSR: 6,
  SCR: 7,
} as const;

/** Interrupt enable register. */
export const IER = {
  /** Received data available. */
  ERBFI: 0x01,
  /** Transmitter holding register empty. */
  ETBEI: 0x02,
  /** Receiver line status. */
  ELSI: 0x04,
  /** Modem status. */
  EDSSI: 0x08,
  MASK: 0x0f,
} as const;

/** Interrupt identification register: the source of the highest priority that is pending, in that order. */
export const IIR = {
  LINE_STATUS: 0x06,
  DATA_AVAILABLE: 0x04,
  THR_EMPTY: 0x02,
  MODEM_STATUS: 0x00,
  NONE: 0x01,
  /** Both set while the FIFOs are enabled. */
  FIFOS_ENABLED: 0xc0,
} as const;

/** FIFO control register. */
export const FCR = { FIFO_ENABLE: 0x01, RCVR_FIFO_RESET: 0x02 } as const;

/** Line control register. The rest (word length, parity, stop bits, break) means nothing without a wire. */
export const LCR = { DLAB: 0x80 } as const;

/** Modem control register. */
export const MCR = { DTR: 0x01, RTS: 0x02, OUT1: 0x04, OUT2: 0x08, LOOP: 0x10, MASK: 0x1f } as const;

/** Line status register. */
export const LSR = {
  /** Data ready. */
  DR: 0x01,
  /** Overrun error. */
  OE: 0x02,
  /** Break interrupt. */
  BI: 0x10,
  /** Transmitter holding register empty. */
  THRE: 0x20,
  /** Transmitter empty, its shift register included. */
  TEMT: 0x40,
  /** An error or break in the receiver FIFO. */
  FIFO_ERROR: 0x80,
} as const;

/** Modem status register: four lines, and four bits that say which have changed since it was last read. */
export const MSR = {
  DCTS: 0x01,
  DDSR: 0x02,
  /** Trailing edge of the ring indicator. */
  TERI: 0x04,
  DDCD: 0x08,
  CTS: 0x10,
  DSR: 0x20,
  RI: 0x40,
  DCD: 0x80,
} as const;

/** Bytes that each of the chip's FIFOs holds. */
export const FIFO_BYTES = 16;
