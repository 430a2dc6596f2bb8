/** What the host does with a balloon while the guest runs. */
import type { VirtioBackend } from "../backend.ts";
import { ConfigOffset, pagesOfMib, word } from "./config.ts";
import type { BalloonDevice } from "./device.ts";
import { VIRTIO_BALLOON_CMD_ID_DONE } from "./hints.ts";

/** Wants another size of the balloon: the guest gives up memory or takes it back, as fast as it can. */
export function setTarget(backend: VirtioBackend, mib: number): void {
  backend.changeConfig(ConfigOffset.num_pages, pagesOfMib(mib));
}

/** Asks the guest once for all its free memory, which goes back to the host; it gets it back when it has named all of it. */
export function startHinting(backend: VirtioBackend, balloon: BalloonDevice): void {
  const setCommand = (id: number): void => backend.changeConfig(ConfigOffset.free_page_hint_cmd_id, word(id));
  balloon.onHinted = () => {
    balloon.hints.command = VIRTIO_BALLOON_CMD_ID_DONE;
    setCommand(VIRTIO_BALLOON_CMD_ID_DONE);
  };
  setCommand(balloon.hints.begin());
}
