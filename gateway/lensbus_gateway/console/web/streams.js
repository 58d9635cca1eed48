// Which streams of an OAK camera are on, asked again whenever an event says that it changed.

import { useEffect, useState } from "./vendor/preact.js";
import { ask, oak } from "./api.js";
import { onEvent } from "./events.js";

const CHANGES = new Set(["streamActivated", "streamDeactivated", "connected", "disconnected", "worker.started", "gap"]);

/** Return the streams (null before they are known) and a way to show newer ones at once. */
export function useStreams({ camera, connected, state }) {
  const [streams, setStreams] = useState(null);
  useEffect(() => {
    if (!connected) return undefined; // it would be refused
    let over = false;
    let timer = 0;
    const look = async () => {
      try {
        const found = await ask(`${oak(camera)}/streams`);
        if (!over) setStreams(found);
      } catch {
        if (!over) timer = setTimeout(look, 3000);
      }
    };
    const stop = onEvent((kind, data) => {
      if (data.cameraId !== camera || !CHANGES.has(kind)) return;
      clearTimeout(timer);
      timer = setTimeout(look, 50);
    });
    look();
    return () => {
      over = true;
      stop();
      clearTimeout(timer);
    };
  }, [camera, connected, state]);
  return { streams, setStreams };
}
