// Values that parts of the page look at: each tells its readers when it changed.

import { useEffect, useState } from "./vendor/preact.js";

/** Return a value that can be read, set and followed. */
export function cell(value) {
  const readers = new Set();
  return {
    get: () => value,
    set(next) {
      if (Object.is(next, value)) return;
      value = next;
      for (const reader of [...readers]) reader(value);
    },
    update(change) {
      this.set(change(value));
    },
    follow(reader) {
      readers.add(reader);
      return () => readers.delete(reader);
    },
  };
}

/** Show what a cell holds now. */
export function useCell(source) {
  const [, redraw] = useState(0);
  useEffect(() => {
    let asked = 0;
    // However often it changes: drawn once for each frame of the screen.
    const stop = source.follow(() => {
      asked ||= requestAnimationFrame(() => {
        asked = 0;
        redraw((count) => count + 1);
      });
    });
    redraw((count) => count + 1); // it may have changed before this effect ran
    return () => {
      stop();
      cancelAnimationFrame(asked);
    };
  }, [source]);
  return source.get();
}

/**
 * Do something now and then again, never twice at once, and only while the page is seen.
 * The work is given a signal, which ends what it still asks for when nobody looks any more.
 */
export function useEvery(period_ms, work, keys) {
  useEffect(() => {
    const end = new AbortController();
    let timer = 0;
    const turn = async () => {
      if (!document.hidden) await work(end.signal);
      if (!end.signal.aborted) timer = setTimeout(turn, period_ms);
    };
    turn();
    return () => {
      end.abort();
      clearTimeout(timer);
    };
  }, keys);
}
