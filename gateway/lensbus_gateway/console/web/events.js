// The one event stream of the page, and what is known from it: the cameras, the newest events,
// whether the line stands, how much comes and how late.

import { cell } from "./store.js";
import { admitted, look } from "./session.js";
import { reader } from "./sse.js";

const HEARTBEAT_S = 5;
const SILENCE_MS = 3 * HEARTBEAT_S * 1000;
const KEPT = 2000;
const SECONDS = 120;

/** `connecting`, `open` or `lost`; since when; how often it was opened. */
export const line = cell({ state: "connecting", since: Date.now(), opens: 0 });
/** The registry: camera id to entry. */
export const cameras = cell(new Map());
/** The newest events and what happened to the stream itself, oldest first. */
export const timeline = cell([]);
/** Of each second: events, and the latest that one of them was, in ms. */
export const seconds = cell([]);
/** Gaps that this page was told about. */
export const gaps = cell({ count: 0, events: 0, unknown: false });

const listeners = new Set();
let cursor = null;
let retry_ms = 1500;
let skew_us = Infinity; // the smallest difference to the gateway's clock that was seen
let serial = 0;

/** Be told of every event of cameras: name, data. Returns what ends it. */
export function onEvent(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function note(entry) {
  const entries = timeline.get();
  const next = entries.length >= KEPT ? entries.slice(entries.length - KEPT + 1) : entries.slice();
  next.push({ serial: ++serial, at: Date.now(), ...entry });
  timeline.set(next);
}

function count(data) {
  const now = Math.floor(Date.now() / 1000);
  const list = seconds.get().slice(-SECONDS);
  const last = list.at(-1);
  const known = Number.isFinite(skew_us) && data.timeUs > 0;
  const late_ms = known ? Math.max(0, (Date.now() * 1000 - data.timeUs - skew_us) / 1000) : null;
  if (last?.second === now) {
    list[list.length - 1] = { second: now, events: last.events + 1, late_ms: Math.max(last.late_ms ?? 0, late_ms ?? 0) };
  } else {
    list.push({ second: now, events: 1, late_ms });
  }
  seconds.set(list);
  return late_ms;
}

function take({ name, data: text, id, retry }) {
  if (retry !== null) retry_ms = retry;
  if (id !== null) cursor = id;
  if (!text) return;
  let data;
  try {
    data = JSON.parse(text);
  } catch {
    note({ kind: "unreadable", own: true, level: "bad", text: `An event named ${name} was not JSON.` });
    return;
  }
  if (name === "connected" && data.cameraId === "*") return;
  if (name === "heartbeat") {
    skew_us = Math.min(skew_us, Date.now() * 1000 - data.timeUs);
  } else if (name === "snapshot") {
    cameras.set(withGone(cameras.get(), data.cameras));
  } else if (name === "resumed") {
    const text_ = data.complete
      ? "Back on the stream; nothing was missed."
      : "Back on the stream; some events could not be replayed.";
    note({ kind: "resumed", own: true, level: data.complete ? "good" : "bad", text: text_ });
  } else if (name === "busy") {
    note({ kind: "busy", own: true, level: "bad", text: "The gateway has too many clients; tried again soon." });
  } else {
    if (name === "gap") tellGap(data);
    const late_ms = count(data);
    note({ kind: name, camera: data.cameraId, data, late_ms });
    followRegistry(name, data);
    for (const listener of [...listeners]) listener(name, data);
  }
}

/** What was here and is not in the registry any more stays, and is said to be gone. */
function withGone(before, entries) {
  const now = new Map(entries.map((entry) => [entry.camera, entry]));
  for (const [camera, entry] of before) {
    if (!now.has(camera)) now.set(camera, { ...entry, state: "gone", connected: false, stuck: null });
  }
  return now;
}

function tellGap({ count: lost }) {
  gaps.update((before) => ({
    count: before.count + 1,
    events: before.events + (lost ?? 0),
    unknown: before.unknown || lost === null || lost === undefined,
  }));
}

const SHOWS_STATE = new Set(["connected", "disconnected", "worker.started", "worker.lost", "worker.stopped", "worker.failed", "gap"]);
let asked = 0;

function followRegistry(name, data) {
  if (!SHOWS_STATE.has(name)) return;
  const entry = cameras.get().get(data.cameraId);
  if (entry && (name === "connected" || name === "disconnected")) {
    const next = new Map(cameras.get());
    next.set(data.cameraId, { ...entry, connected: name === "connected" });
    cameras.set(next);
  }
  clearTimeout(asked);
  asked = setTimeout(askRegistry, 300);
}

/** Ask for the registry anew: a short stream that ends with its snapshot. */
export async function askRegistry() {
  const end = new AbortController();
  const timer = setTimeout(() => end.abort(), 5000);
  try {
    for await (const event of read("/api/events?snapshot=1&types=none", {}, end.signal)) {
      if (event.name === "snapshot") {
        take({ ...event, id: null, retry: null });
        return;
      }
    }
  } catch {
    // the stream itself tells that the gateway is away
  } finally {
    clearTimeout(timer);
    end.abort();
  }
}

async function* read(path, headers, signal, heard = () => {}) {
  const response = await fetch(path, { headers, signal, cache: "no-store" });
  if (response.status === 401) look(); // the token was revoked or has expired meanwhile
  if (!response.ok || !response.body) throw new Error(`status ${response.status}`);
  const parts = response.body.pipeThrough(new TextDecoderStream()).getReader();
  const parse = reader();
  for (;;) {
    const { done, value } = await parts.read();
    if (done) return;
    heard();
    yield* parse(value);
  }
}

/** Keep one stream open for as long as the page is. */
export async function follow() {
  await admitted();
  setInterval(() => !document.hidden && askRegistry(), 10_000);
  for (;;) {
    await admitted();
    const end = new AbortController();
    let timer = 0;
    const heard = () => {
      clearTimeout(timer);
      timer = setTimeout(() => end.abort(), SILENCE_MS);
    };
    heard();
    try {
      const headers = cursor === null ? {} : { "Last-Event-ID": cursor };
      const path = `/api/events?snapshot=1&heartbeat=${HEARTBEAT_S}`;
      for await (const event of read(path, headers, end.signal, heard)) {
        if (line.get().state !== "open") opened();
        take(event);
      }
    } catch {
      // told below, whatever the reason was
    }
    clearTimeout(timer);
    if (line.get().state === "open") {
      note({ kind: "stream lost", own: true, level: "bad", text: "The event stream broke off; it is opened again." });
    }
    if (line.get().state !== "lost") line.update((was) => ({ ...was, state: "lost", since: Date.now() }));
    await new Promise((resolve) => setTimeout(resolve, retry_ms));
  }
}

function opened() {
  const opens = line.get().opens + 1;
  line.set({ state: "open", since: Date.now(), opens });
  if (opens === 1) note({ kind: "stream open", own: true, level: "good", text: "Following the events of all cameras from now on." });
  else askRegistry();
}
