/**
 * A serial port with a driver that behaves as Linux 6.1's 8250 does (drivers/tty/serial/8250/8250_port.c): the same
 * accesses in the same order. Method names are that driver's.
 */
import { SerialBackend } from "../../../../src/devices/serial/backend.ts";
import { FCR, IER, IIR, LCR, LSR, MCR, MSR, Register } from "../../../../src/devices/serial/registers.ts";
import { Serial } from "../../../../src/devices/serial/serial.ts";
import { CountingLine } from "../support.ts";

/** tx_loadsz of a PORT_16550A. */
const TX_LOAD = 16;
/** Most characters of one pass of serial8250_rx_chars. */
const RX_PASS = 256;
/** Passes of one interrupt, after which serial8250_interrupt gives up. */
const PASS_LIMIT = 512;
/** wait_for_lsr gives up after so many looks, 1 us apart. */
const LSR_LOOKS = 10_000;

/** One port, its guest side and its I/O side, on a clock that the test moves. */
export class Port {
  readonly state: ArrayBuffer;
  readonly interrupt = new CountingLine();
  readonly wake = new CountingLine();
  readonly serial: Serial;
  readonly backend: SerialBackend;
  now = 0;

  constructor(options: { readonly hold?: boolean; readonly guard?: number } = {}) {
    this.state = new ArrayBuffer(Serial.STATE_BYTES + (options.guard ?? 0));
    Serial.reset(this.state, options);
    this.serial = new Serial(this.state, this.interrupt, this.wake);
    this.backend = new SerialBackend(this.state, this.interrupt, () => this.now);
  }

  in(register: number): number {
    return this.serial.read(register, 1);
  }
  out(register: number, value: number): void {
    this.serial.write(register, 1, value);
  }

  /** Feeds input and lets it arrive, as the I/O thread does before it sleeps. */
  feed(bytes: Uint8Array): number {
    const taken = this.backend.feed(bytes);
    this.backend.pump();
    return taken;
  }

  /** Takes all the output there is. */
  drain(): number[] {
    const bytes: number[] = [];
    for (let piece = this.backend.readable(); piece.length > 0; piece = this.backend.readable()) {
      bytes.push(...piece);
      this.backend.consume(piece.length);
    }
    return bytes;
  }
}

export class LinuxDriver {
  readonly port: Port;
  /** What the driver received; a break is "BREAK". */
  readonly received: (number | "BREAK")[] = [];
  /** The circular buffer that user space writes to. */
  readonly xmit: number[] = [];
  /** Interrupts served, and passes of the longest. */
  interrupts = 0;
  longestInterrupt = 0;
  #ier = 0;
  #mcr = 0;

  constructor(port: Port = new Port()) {
    this.port = port;
  }

  /** @returns the type found, as far as the probes of a kernel with 16550A variants tell them apart */
  autoconfig(): string {
    const { port } = this;
    const savedIer = port.in(Register.IER_DLM);
    port.out(Register.IER_DLM, 0);
    const none = port.in(Register.IER_DLM) & 0x0f;
    port.out(Register.IER_DLM, 0x0f);
    const all = port.in(Register.IER_DLM) & 0x0f;
    port.out(Register.IER_DLM, savedIer);
    if (none !== 0 || all !== 0x0f) return "nothing: IER test failed";

    const savedMcr = port.in(Register.MCR);
    const savedLcr = port.in(Register.LCR);
    port.out(Register.MCR, MCR.LOOP | MCR.OUT2 | MCR.RTS);
    const looped = port.in(Register.MSR) & 0xf0;
    port.out(Register.MCR, savedMcr);
    if (looped !== (MSR.DCD | MSR.CTS)) return "nothing: LOOP test failed";

    port.out(Register.LCR, 0xbf);
    port.out(Register.IIR_FCR, 0);
    port.out(Register.LCR, 0);
    port.out(Register.IIR_FCR, FCR.FIFO_ENABLE);
    const type = ["8250", "unknown", "16550", "16550A"][port.in(Register.IIR_FCR) >> 6]!;
    const variant = type === "16550A" ? this.#autoconfig16550a() : type;
    port.out(Register.LCR, savedLcr);

    port.out(Register.MCR, savedMcr);
    this.#clearFifos();
    port.in(Register.RBR_THR_DLL);
    port.out(Register.IER_DLM, 0);
    return variant;
  }

  #autoconfig16550a(): string {
    const { port } = this;
    port.out(Register.LCR, LCR.DLAB);
    if (port.in(Register.IIR_FCR) === 0) return "16650";
    port.out(Register.LCR, 0xbf);
    if (port.in(Register.IIR_FCR) === 0) return "16650V2";

    port.out(Register.LCR, 0);
    const mcr = port.in(Register.MCR);
    port.out(Register.LCR, 0xe0);
    if (((port.in(Register.IIR_FCR) ^ mcr) & MCR.LOOP) === 0) {
      port.out(Register.LCR, 0);
      port.out(Register.MCR, mcr ^ MCR.LOOP);
      port.out(Register.LCR, 0xe0);
      const excr1 = port.in(Register.IIR_FCR);
      port.out(Register.LCR, 0);
      port.out(Register.MCR, mcr);
      if ((excr1 ^ mcr) & MCR.LOOP) return "NS16550A";
    }

    port.out(Register.LCR, 0);
    port.out(Register.IIR_FCR, FCR.FIFO_ENABLE | 0x20);
    const plain = port.in(Register.IIR_FCR) >> 5;
    port.out(Register.IIR_FCR, FCR.FIFO_ENABLE);
    port.out(Register.LCR, LCR.DLAB);
    port.out(Register.IIR_FCR, FCR.FIFO_ENABLE | 0x20);
    const latched = port.in(Register.IIR_FCR) >> 5;
    port.out(Register.IIR_FCR, FCR.FIFO_ENABLE);
    port.out(Register.LCR, 0);
    if (plain === 6 && latched === 7) return "16750";

    const ier = port.in(Register.IER_DLM);
    port.out(Register.IER_DLM, ier | 0x40);
    const isXscale = (port.in(Register.IER_DLM) & 0x40) !== 0;
    port.out(Register.IER_DLM, ier);
    return isXscale ? "XScale" : "16550A";
  }

  /** size_fifo: how many bytes the receiver FIFO holds, found by loopback. */
  sizeFifo(): number {
    const { port } = this;
    const lcr = port.in(Register.LCR);
    const mcr = port.in(Register.MCR);
    port.out(Register.LCR, 0);
    port.out(Register.IIR_FCR, FCR.FIFO_ENABLE | FCR.RCVR_FIFO_RESET | 0x04);
    port.out(Register.MCR, MCR.LOOP);
    port.out(Register.LCR, 0x03);
    for (let i = 0; i < 256; i++) port.out(Register.RBR_THR_DLL, i);
    let count = 0;
    for (; port.in(Register.LSR) & LSR.DR && count < 256; count++) port.in(Register.RBR_THR_DLL);
    port.out(Register.MCR, mcr);
    port.out(Register.LCR, lcr);
    return count;
  }

  /** serial8250_do_startup. @returns the bugs it believes to have found */
  startup(): { readonly thre: boolean; readonly txen: boolean } {
    const { port } = this;
    this.#clearFifos();
    this.#clearInterruptRegisters();

    this.#waitForLsr(LSR.THRE);
    port.out(Register.IER_DLM, IER.ETBEI);
    const first = port.in(Register.IIR_FCR);
    port.out(Register.IER_DLM, 0);
    port.out(Register.IER_DLM, IER.ETBEI);
    const second = port.in(Register.IIR_FCR);
    port.out(Register.IER_DLM, 0);
    const thre = (first & IIR.NONE) === 0 && (second & IIR.NONE) !== 0;

    port.out(Register.LCR, 0x03);
    this.#setMcr(this.#mcr | MCR.OUT2);
    port.out(Register.IER_DLM, IER.ETBEI);
    const lsr = port.in(Register.LSR);
    const iir = port.in(Register.IIR_FCR);
    port.out(Register.IER_DLM, 0);
    const txen = (lsr & LSR.TEMT) !== 0 && (iir & IIR.NONE) !== 0;

    this.#clearInterruptRegisters();
    this.#ier = IER.ELSI | IER.ERBFI;
    return { thre, txen };
  }

  /** set_termios, and the RTS and DTR that opening the port raises. */
  open(): void {
    const { port } = this;
    this.startup();
    port.out(Register.IER_DLM, this.#ier);
    port.out(Register.LCR, LCR.DLAB | 0x03);
    port.out(Register.RBR_THR_DLL, 1);
    port.out(Register.IER_DLM, 0);
    port.out(Register.LCR, 0x03);
    port.out(Register.IIR_FCR, FCR.FIFO_ENABLE);
    port.out(Register.IIR_FCR, FCR.FIFO_ENABLE | 0x80);
    this.#setMcr(this.#mcr | MCR.DTR | MCR.RTS);
  }

  /** A terminal with CRTSCTS whose buffer is nearly full, and has room again. */
  throttle(): void {
    this.#setMcr(this.#mcr & ~MCR.RTS);
  }
  unthrottle(): void {
    this.#setMcr(this.#mcr | MCR.RTS);
  }

  /** uart_write: bytes of user space. */
  write(bytes: Iterable<number>): void {
    this.xmit.push(...bytes);
    if (this.#ier & IER.ETBEI) return;
    this.#ier |= IER.ETBEI;
    this.port.out(Register.IER_DLM, this.#ier);
  }

  /** serial8250_console_write, from printk. */
  consoleWrite(bytes: Iterable<number>): void {
    const { port } = this;
    const ier = port.in(Register.IER_DLM);
    port.out(Register.IER_DLM, 0);
    for (const byte of bytes) {
      this.#waitForLsr(LSR.THRE);
      port.out(Register.RBR_THR_DLL, byte);
    }
    this.#waitForLsr(LSR.THRE | LSR.TEMT);
    port.out(Register.IER_DLM, ier);
  }

  /** Serves interrupts until none is latched. An edge that comes during one is latched, and served after it. */
  serveInterrupts(): void {
    while (this.port.interrupt.take() > 0) this.#interrupt();
  }

  /** serial8250_interrupt. */
  #interrupt(): void {
    this.interrupts++;
    let passes = 0;
    while (this.#handleIrq(this.port.in(Register.IIR_FCR)) && passes++ < PASS_LIMIT);
    this.longestInterrupt = Math.max(this.longestInterrupt, passes);
  }

  #handleIrq(iir: number): boolean {
    if (iir & IIR.NONE) return false;
    let lsr = this.port.in(Register.LSR);
    if (lsr & (LSR.DR | LSR.BI)) lsr = this.#rxChars(lsr);
    this.port.in(Register.MSR);
    if (lsr & LSR.THRE && this.#ier & IER.ETBEI) this.#txChars();
    return true;
  }

  #rxChars(first: number): number {
    let lsr = first;
    for (let left = RX_PASS; ; ) {
      const byte = lsr & LSR.DR ? this.port.in(Register.RBR_THR_DLL) : 0;
      this.received.push(lsr & LSR.BI ? "BREAK" : byte);
      if (--left === 0) return lsr;
      lsr = this.port.in(Register.LSR);
      if ((lsr & (LSR.DR | LSR.BI)) === 0) return lsr;
    }
  }

  #txChars(): void {
    for (let left = TX_LOAD; left > 0 && this.xmit.length > 0; left--) {
      this.port.out(Register.RBR_THR_DLL, this.xmit.shift()!);
    }
    if (this.xmit.length > 0) return;
    this.#ier &= ~IER.ETBEI;
    this.port.out(Register.IER_DLM, this.#ier);
  }

  #waitForLsr(bits: number): void {
    for (let looks = 1; (this.port.in(Register.LSR) & bits) !== bits; looks++) {
      if (looks === LSR_LOOKS) throw new Error("the driver spun for 10 ms with interrupts off");
    }
  }

  #setMcr(mcr: number): void {
    this.#mcr = mcr;
    this.port.out(Register.MCR, mcr);
  }

  #clearFifos(): void {
    this.port.out(Register.IIR_FCR, FCR.FIFO_ENABLE);
    this.port.out(Register.IIR_FCR, FCR.FIFO_ENABLE | FCR.RCVR_FIFO_RESET | 0x04);
    this.port.out(Register.IIR_FCR, 0);
  }

  #clearInterruptRegisters(): void {
    for (const register of [Register.LSR, Register.RBR_THR_DLL, Register.IIR_FCR, Register.MSR]) this.port.in(register);
  }
}
