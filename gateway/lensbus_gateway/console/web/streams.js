// Which streams of an OAK camera are on.

import { oak } from "./api.js";
import { useAsked } from "./asked.js";

const CHANGES = new Set(["streamActivated", "streamDeactivated", "connected", "disconnected", "worker.started", "gap"]);

/** Return the streams (null before they are known) and a way to show newer ones at once. */
export function useStreams(entry) {
  return useAsked(entry, `${oak(entry.camera)}/streams`, CHANGES);
}
