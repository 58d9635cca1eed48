// What was asked of a camera, asked again whenever an event says that it changed.

import { useEffect, useState } from "./vendor/preact.js";
import { ask } from "./api.js";
import { onEvent } from "./events.js";

const AGAIN_MS = 3000;
const SETTLE_MS = 150; // the changes of one moment are one question

/** Return the newest answer, null before there is one, and a way to show a newer one at once. */
export function useAsked({ camera, connected, epoch, state }, path, kinds) {
  const [answer, setAnswer] = useState(null);
  useEffect(() => {
    if (!connected) {
      setAnswer(null);
      return undefined; // it would be refused
    }
    const end = new AbortController();
    let timer = 0;
    let due = Infinity;
    let asks = false;
    const look = async () => {
      due = Infinity;
      if (asks) {
        later(SETTLE_MS);
        return;
      }
      asks = true;
      try {
        const found = await ask(path, end.signal);
        if (!end.signal.aborted) setAnswer(found);
      } catch {
        if (!end.signal.aborted) later(AGAIN_MS);
      }
      asks = false;
    };
    const later = (wait_ms) => {
      const at = performance.now() + wait_ms;
      if (at >= due) return;
      due = at;
      clearTimeout(timer);
      timer = setTimeout(look, wait_ms);
    };
    const stop = onEvent((kind, data) => {
      if (data.cameraId === camera && kinds.has(kind)) later(SETTLE_MS);
    });
    look();
    return () => {
      end.abort();
      stop();
      clearTimeout(timer);
    };
  }, [camera, connected, epoch, state, path]);
  return [answer, setAnswer];
}
