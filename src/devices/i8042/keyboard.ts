/** The keyboard behind the controller. Every function here is called with the lock held. */
import { Ctr, KeyboardCommand, Reply } from "./registers.ts";
import { type I8042State, QUEUE_BYTES, Word } from "./state.ts";

/** Bytes as the keyboard sends them, in set 2, and what its host gets where the controller translates to the PC's set 1. */
interface Code {
  readonly raw: readonly number[];
  readonly translated: readonly number[];
}

const ID: Code = { raw: [0xab, 0x83], translated: [0xab, 0x41] };
const SCANCODE_SET_2: Code = { raw: [0x02], translated: [0x41] };
/** Control, Alt and Delete go down, and up again in reverse order. */
const CTRL_ALT_DEL: Code = {
  raw: [0x14, 0x11, 0xe0, 0x71, 0xe0, 0xf0, 0x71, 0xf0, 0x11, 0xf0, 0x14],
  translated: [0x1d, 0x38, 0xe0, 0x53, 0xe0, 0xd3, 0xb8, 0x9d],
};

/** A byte from the host: a command, or the argument of one. */
export function tellKeyboard(state: I8042State, byte: number): void {
  const { words } = state;
  const command = words[Word.KEYBOARD_COMMAND]!;
  words[Word.KEYBOARD_COMMAND] = 0;
  // No argument is as high as a command: one comes where an argument is awaited when a driver has given up, or is new.
  if (command === 0 || byte >= KeyboardCommand.SET_LEDS) obey(state, byte);
  else if (command === KeyboardCommand.SCANCODE_SET) chooseScancodeSet(state, byte);
  else send(state, [Reply.ACK]);
}

/** Presses Ctrl-Alt-Del. @returns false when the guest has turned the keyboard off, or does not read it */
export function sendCtrlAltDel(state: I8042State): boolean {
  return state.words[Word.KEYBOARD_DISABLED] === 0 && send(state, coded(state, CTRL_ALT_DEL));
}

/** Takes the keyboard's next byte. There must be one. */
export function takeKeyboardByte({ words, queue }: I8042State): number {
  const byte = queue[0]!;
  queue.copyWithin(0, 1);
  words[Word.QUEUE_LEVEL]!--;
  words[Word.LAST_SENT] = byte;
  return byte;
}

function obey(state: I8042State, command: number): void {
  const { words } = state;
  switch (command) {
    case KeyboardCommand.SET_LEDS:
    case KeyboardCommand.SET_REPEAT:
    case KeyboardCommand.SCANCODE_SET:
      words[Word.KEYBOARD_COMMAND] = command;
      send(state, [Reply.ACK]);
      return;
    case KeyboardCommand.ECHO:
      send(state, [KeyboardCommand.ECHO]);
      return;
    case KeyboardCommand.GET_ID:
      send(state, [Reply.ACK, ...coded(state, ID)]);
      return;
    case KeyboardCommand.ENABLE:
    case KeyboardCommand.RESET_DEFAULTS:
      restart(state, 0);
      send(state, [Reply.ACK]);
      return;
    case KeyboardCommand.RESET_DISABLE:
      restart(state, 1);
      send(state, [Reply.ACK]);
      return;
    case KeyboardCommand.RESEND:
      send(state, [words[Word.LAST_SENT]!]);
      return;
    case KeyboardCommand.RESET:
      restart(state, 0);
      send(state, [Reply.ACK, Reply.BAT]);
      return;
    default:
      send(state, [Reply.NAK]);
  }
}

/** Argument 0 asks for the set, 1 to 3 choose it. There is set 2 only, the one every PC keyboard starts in. */
function chooseScancodeSet(state: I8042State, wanted: number): void {
  if (wanted === 0) send(state, [Reply.ACK, ...coded(state, SCANCODE_SET_2)]);
  else send(state, [wanted === 2 ? Reply.ACK : Reply.NAK]);
}

/** Forgets what was not read, as the commands that start the keyboard anew do: the way out of a full queue. */
function restart({ words }: I8042State, disabled: 0 | 1): void {
  words[Word.QUEUE_LEVEL] = 0;
  words[Word.KEYBOARD_DISABLED] = disabled;
}

/** Queues bytes, all or none: a guest that does not read must not make the queue grow. @returns whether there was room */
function send({ words, queue }: I8042State, bytes: readonly number[]): boolean {
  const level = words[Word.QUEUE_LEVEL]!;
  if (level + bytes.length > QUEUE_BYTES) return false;
  queue.set(bytes, level);
  words[Word.QUEUE_LEVEL] = level + bytes.length;
  return true;
}

function coded({ words }: I8042State, code: Code): readonly number[] {
  return words[Word.CTR]! & Ctr.XLATE ? code.translated : code.raw;
}
